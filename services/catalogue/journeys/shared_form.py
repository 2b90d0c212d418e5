"""The form of the shared questions, made of the published forms of the steps: each question is copied, never pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.catalogue.journeys.records import JourneyRecord, SharedQuestion
from services.catalogue.models import Service
from services.forms import documents
from services.forms.documents import PROFILE, Document
from services.forms.models import FormVersion

Documents = Mapping[str, Document]  # key of a step -> the document of its form
NOT_SHARED = frozenset({"file", "consent", "note", "group"})  # a file belongs to one draft; the others are no answers
_ACROSS = ("differs_from", "not_before")


def form_code(life_event: str) -> str:
    return f"peristiwa-{life_event}"


def published_documents(record: JourneyRecord) -> dict[str, Document]:
    """The newest published document of each step whose service has one."""
    services = dict(Service.objects.filter(code__in={s.service for s in record.steps}).values_list("code", "form_id"))
    newest: dict[int, Document] = {}
    versions = FormVersion.objects.filter(definition_id__in=[form for form in services.values() if form])
    for definition, document in versions.order_by("number").values_list("definition_id", "document"):
        newest[definition] = document
    found = {}
    for step in record.steps:
        form = services.get(step.service)
        if form in newest:
            found[step.key] = newest[form]
    return found


def question_in(document: Document | None, key: str) -> dict[str, Any] | None:
    """The question of this key as the document has it, or None."""
    for part in (document or {}).get("parts", ()):
        for question in part["questions"]:
            if question["key"] == key:
                return dict(question)
    return None


def shared_document(record: JourneyRecord, forms: Documents) -> Document | None:
    """A form of the shared questions whose steps still ask them, or None when nothing is shared. Total."""
    renamed = {place: question.key for question in record.questions() for place in question.to}
    parts = []
    for part in record.parts:
        questions = [made for question in part.questions if (made := _copied(question, record, forms, renamed))]
        if questions:
            parts.append({"key": part.key, "title": dict(part.title), "questions": questions})
    if not parts:
        return None
    return documents.canonical({"profile": PROFILE, "title": dict(record.title), "parts": parts})


def _copied(
    question: SharedQuestion, record: JourneyRecord, forms: Documents, renamed: Mapping[tuple[str, str], str]
) -> dict[str, Any] | None:
    """The first of its questions that exists; required when a step that nobody may leave out requires it."""
    found = [(step, made) for step, key in question.to if (made := question_in(forms.get(step), key))]
    found = [(step, made) for step, made in found if made["type"] not in NOT_SHARED]
    if not found:
        return None
    home, original = found[0]
    copy = {name: value for name, value in original.items() if name not in ("show_if", "required", *_ACROSS)}
    copy["key"] = question.key
    needed = [made for step, made in found if not (known := record.step(step)) or not known.optional]
    if any(made.get("required") and not made.get("show_if") for made in needed):
        copy["required"] = True
    order = [other.key for other in record.questions()]
    for rule in _ACROSS:
        other = renamed.get((home, original.get(rule, "")), "")
        if other and order.index(other) < order.index(question.key):
            copy[rule] = other
    return copy
