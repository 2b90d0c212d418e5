"""What the pages of an application show, put together from a draft (no HTML here, no writing)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.lib.clocks import today
from services.cases import drafts
from services.cases.addresses import addresses_of
from services.cases.fields import Field, fields_of, known_by_account
from services.cases.trial import AnyDraft, Trial
from services.catalogue.models import Availability, Service
from services.forms import documents, engine
from services.forms.documents import Form, Part, localized
from services.forms.question_types import Context


@dataclass(frozen=True)
class Task:
    """One part in the task list. `state`: done, wrong, empty, started."""

    key: str
    title: str
    state: str
    url: str


def _asked(part: Part, walk: engine.Walk) -> bool:
    return any(question.key in walk.shown and question.type != "consent" for question in part.questions)


def _parts(form: Form, walk: engine.Walk) -> list[Part]:
    return [part for part in form.parts if _asked(part, walk)]


def _task(part: Part, draft: AnyDraft, walk: engine.Walk, urls: Any) -> Task:
    problems = walk.of_part(part)
    # A declaration is made on the check page, so it says nothing about how far this part has come.
    answered = any(question.key in walk.answers and question.type != "consent" for question in part.questions)
    if not problems and (part.key in draft.seen or answered):
        state = "done" if part.key in draft.seen else "started"
    elif part.key in draft.seen:
        state = "wrong"
    else:
        state = "started" if answered else "empty"
    return Task(part.key, localized(part.title), state, urls.part(part.key))


def _base(draft: AnyDraft, form: Form) -> dict[str, Any]:
    service = draft.service
    slug = service_slug(service)
    return {
        "draft": draft,
        "urls": addresses_of(draft, slug),
        "trial": isinstance(draft, Trial),
        "service": service,
        "service_name": service.label,
        "service_slug": slug,
        "department": service.department,
        "queueing": service.availability == Availability.QUEUEING,
        "title": localized(form.title),
        "nav": "layanan",
    }


def service_slug(service: Service) -> str:
    return next((text.slug for text in service.texts.all()), service.code)


def task_page(draft: AnyDraft) -> dict[str, Any]:
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    base = _base(draft, form)
    tasks = [_task(part, draft, walk, base["urls"]) for part in _parts(form, walk)]
    done = sum(task.state == "done" for task in tasks)
    ready = not walk.problems and done == len(tasks)
    return {
        **base,
        "tasks": tasks,
        "done": done,
        "ready": ready,
        "next": next((task.url for task in tasks if task.state != "done"), None),
        "carried": _carried(draft),
        "accept_until": draft.version.accept_until,
        "closed": drafts.is_closed(draft.version),
        "closed_sentence": closed_sentence(draft),
    }


def _carried(draft: AnyDraft) -> dict[str, Any]:
    """What a new version of the form changed, in the language of the page; {} when there is nothing to tell."""
    told = draft.carried
    if not told:
        return {}
    lists = {name: [localized(text) for text in told.get(name, ())] for name in ("dropped", "changed", "new")}
    ended = datetime.fromisoformat(told["closed"]) if told.get("closed") else None
    return {**lists, "ended": ended}


def closed_sentence(draft: AnyDraft) -> str:
    """Why this draft cannot be sent any more, and what to do; "" while its version has no end."""
    until = draft.version.accept_until
    if until is None:
        return ""
    return _(
        "Formulir ini hanya diterima sampai %(moment)s, karena aturannya berubah. Isian Anda tersimpan. "
        "Hubungi dinas untuk cara mengurus yang baru."
    ) % {"moment": date_format(timezone.localtime(until), "j F Y, H.i")}


def part_page(draft: AnyDraft, key: str, *, judged: bool) -> dict[str, Any] | None:
    """One part, or None when the form has no such part now."""
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    parts = _parts(form, walk)
    part = next((part for part in parts if part.key == key), None)
    if part is None:
        return None
    number = parts.index(part)
    fields = fields_of(draft, form, part, walk, drafts.context_of(draft), judged=judged)
    base = _base(draft, form)
    return {
        **base,
        "here": base["urls"].part(part.key),
        "part": part,
        "part_title": localized(part.title),
        "intro": localized(part.intro),
        "fields": fields,
        "problems": list(_problems(fields)),
        "number": number + 1,
        "total": len(parts) + 1,
        "progress": ["d"] * number + ["n"] + [""] * (len(parts) - number),
        "next": parts[number + 1].key if number + 1 < len(parts) else None,
        "has_files": any(field.question.type == "file" for field in fields),
        "has_optional": any(field.optional for field in fields),
    }


def _problems(fields: Iterable[Field]) -> Iterator[dict[str, str]]:
    """What the summary at the top says, in page order."""
    for field in fields:
        if field.problem:
            yield {"anchor": field.anchor, "text": field.problem}
        for row in field.rows:
            yield from _problems(row.fields)


def check_page(draft: AnyDraft, *, changed: bool, undeclared: bool) -> dict[str, Any]:
    form = documents.load(draft.version.document)
    walk = drafts.state_of(draft)
    context = drafts.context_of(draft)
    consent = next((question for question in form.questions() if question.type == "consent"), None)
    parts = _parts(form, walk)
    base = _base(draft, form)
    sections = engine.summary(form, walk.answers, context, masked=known_by_account(draft.sources))
    return {
        **base,
        "unfinished": bool(walk.problems),
        "sections": [{"section": section, "url": base["urls"].part(section.key)} for section in sections],
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
