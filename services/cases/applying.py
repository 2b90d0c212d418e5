"""What the pages of an application show, put together from a draft (no HTML here, no writing)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.lib.clocks import today
from services.cases import drafts
from services.cases.fields import fields_of, known_by_account
from services.cases.models import Draft
from services.catalogue.models import Availability
from services.forms import documents, engine
from services.forms.documents import Form, Part, localized
from services.forms.question_types import Context


@dataclass(frozen=True)
class Task:
    """One part in the task list. `state`: done, wrong, empty, started."""

    key: str
    title: str
    state: str


def _asked(part: Part, walk: engine.Walk) -> bool:
    return any(question.key in walk.shown and question.type != "consent" for question in part.questions)


def _parts(form: Form, walk: engine.Walk) -> list[Part]:
    return [part for part in form.parts if _asked(part, walk)]


def _task(part: Part, draft: Draft, walk: engine.Walk) -> Task:
    problems = walk.of_part(part)
    # A declaration is made on the check page, so it says nothing about how far this part has come.
    answered = any(question.key in walk.answers and question.type != "consent" for question in part.questions)
    if not problems and (part.key in draft.seen or answered):
        state = "done" if part.key in draft.seen else "started"
    elif part.key in draft.seen:
        state = "wrong"
    else:
        state = "started" if answered else "empty"
    return Task(part.key, localized(part.title), state)


def _base(draft: Draft, form: Form) -> dict[str, Any]:
    service = draft.service
    return {
        "draft": draft,
        "service": service,
        "service_name": service.label,
        "service_slug": next((text.slug for text in service.texts.all()), service.code),
        "department": service.department,
        "queueing": service.availability == Availability.QUEUEING,
        "title": localized(form.title),
        "nav": "layanan",
    }


def task_page(draft: Draft) -> dict[str, Any]:
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    tasks = [_task(part, draft, walk) for part in _parts(form, walk)]
    done = sum(task.state == "done" for task in tasks)
    ready = not walk.problems and done == len(tasks)
    return {
        **_base(draft, form),
        "tasks": tasks,
        "done": done,
        "ready": ready,
        "next": next((task.key for task in tasks if task.state != "done"), None),
    }


def part_page(draft: Draft, key: str, *, judged: bool) -> dict[str, Any] | None:
    """One part, or None when the form has no such part now."""
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    parts = _parts(form, walk)
    part = next((part for part in parts if part.key == key), None)
    if part is None:
        return None
    number = parts.index(part)
    fields = fields_of(draft, form, part, walk, drafts.context_of(draft), judged=judged)
    return {
        **_base(draft, form),
        "part": part,
        "part_title": localized(part.title),
        "intro": localized(part.intro),
        "fields": fields,
        "problems": [{"anchor": _anchor(field, walk), "text": field.problem} for field in fields if field.problem],
        "number": number + 1,
        "total": len(parts) + 1,
        "progress": ["d"] * number + ["n"] + [""] * (len(parts) - number),
        "next": parts[number + 1].key if number + 1 < len(parts) else None,
        "has_files": any(field.question.type == "file" for field in fields),
        "has_optional": any(field.optional for field in fields),
    }


def _anchor(field: Any, walk: engine.Walk) -> str:
    return next((problem.anchor for problem in walk.problems if problem.key == field.question.key), field.id)


def check_page(draft: Draft, *, changed: bool, undeclared: bool) -> dict[str, Any]:
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    context = drafts.context_of(draft)
    consent = next((question for question in form.questions() if question.type == "consent"), None)
    names = {attachment.ref: attachment for attachment in draft.attachments.all()}
    parts = _parts(form, walk)
    return {
        **_base(draft, form),
        "unfinished": bool(walk.problems),
        "sections": engine.summary(form, walk.answers, context, masked=known_by_account(draft.sources)),
        "files": names,
        "digest": drafts.digest_of(draft.version, walk.answers),
        "changed": changed,
        "problems": [{"anchor": "setuju", "text": consent_sentence(form)}] if undeclared else [],
        "consent_label": localized(consent.label) if consent else "",
        "consent_notice": localized(consent.notice) if consent and consent.notice else "",
        "number": len(parts) + 1,
        "total": len(parts) + 1,
        "progress": ["d"] * len(parts) + ["n"],
    }


def consent_sentence(form: Form) -> str:
    """The sentence for a declaration that was not ticked, the same as the API's."""
    walk = engine.walk(form, {}, Context(today=today()))
    key = next((question.key for question in form.questions() if question.type == "consent"), "")
    return next((problem.text for problem in walk.problems if problem.key == key), "")
