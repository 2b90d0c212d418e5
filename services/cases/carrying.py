"""A running draft goes over to a new version of its form: answers whose key and type stayed go along, and the person is told.

A draft stays on the version it was begun with until it expires. It goes over when a later version was published to replace
drafts, or when its own version is not accepted any more; always when somebody opens it, never behind their back, and what is
sent is what the check page of the new version showed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from django.db import transaction
from django.utils import timezone

from services.cases import attachments, drafts
from services.cases.models import Draft
from services.forms import documents
from services.forms.documents import Form, Question
from services.forms.models import FormVersion
from services.forms.queries import current_version, replacement_of

# How a question looks, not what it asks.
_LOOKS = frozenset({"part", "group", "hint", "example", "name", "messages", "prefill", "add_label", "row_name", "questions"})
_ASKED = [one.name for one in fields(Question) if one.name not in _LOOKS]


def due(draft: Draft) -> FormVersion | None:
    """The version that this draft has to go over to now; None when it may stay."""
    if draft.open is None:
        return None
    if (found := replacement_of(draft.version)) is not None:
        return found
    newest = current_version(draft.version.definition)
    return newest if newest.pk != draft.version_id and drafts.is_closed(draft.version) else None


def carry(draft: Draft) -> bool:
    """Take the draft over if it has to go. True when it went. Raises AlreadySentError."""
    if due(draft) is None:
        return False
    with transaction.atomic():
        locked = drafts.lock(draft)
        version = due(locked)
        if version is None:
            return False
        closed = drafts.is_closed(locked.version)
        old, new = documents.load(locked.version.document), documents.load(version.document)
        files = list(locked.attachments.all())
        answered = {key for key, value in locked.answers.items() if value not in (None, "", [])}
        answered |= {file.question for file in files}
        changes = compare(old, new, answered)
        before, after = _by_key(old), _by_key(new)
        kept = {key for key in after if key in before and before[key].type == after[key].type}
        for file in files:
            if file.question not in kept:
                attachments.remove(file)
        known = {key: value for key, value in locked.answers.items() if key in kept}
        locked.answers = {key: _rows(before[key], after[key], value) for key, value in known.items()}
        locked.sources = {key: source for key, source in locked.sources.items() if key in kept}
        fresh, sources = drafts.known_of(locked.owner, new, [key for key in after if key not in before])
        locked.answers.update(fresh)
        locked.sources.update(sources)
        locked.seen = [part for part in locked.seen if _unchanged(part, old, new)]
        locked.upload_problems = {}
        locked.carried = _joined(locked.carried, changes, closed=closed, until=locked.version.accept_until)
        locked.version = version
        locked.save()
    return True


def compare(old: Form, new: Form, answered: set[str]) -> dict[str, list[Any]]:
    """What a person who has answered these keys must know: texts of questions under `dropped` (the old words), `changed` and
    `new`. An inner question of a group is told with the group."""
    before, after = _by_key(old), _by_key(new)
    return {
        "dropped": [question.label for key, question in before.items() if key in answered and key not in after],
        "changed": [
            question.label
            for key, question in after.items()
            if key in answered and key in before and not _same(before[key], question)
        ],
        "new": [question.label for key, question in after.items() if key not in before],
    }


def _by_key(form: Form) -> dict[str, Question]:
    return {question.key: question for question in form.questions() if question.type != "note"}


def _same(one: Question, other: Question) -> bool:
    if any(getattr(one, name) != getattr(other, name) for name in _ASKED):
        return False
    inner, others = {q.key: q for q in one.questions}, {q.key: q for q in other.questions}
    return inner.keys() == others.keys() and all(_same(inner[key], others[key]) for key in inner)


def _rows(old: Question, new: Question, value: Any) -> Any:
    """Of rows, the answers whose key and type stayed."""
    if new.type != "group" or not isinstance(value, list):
        return value
    before = {inner.key: inner.type for inner in old.questions}
    kept = {"_id", *(inner.key for inner in new.questions if before.get(inner.key) == inner.type)}
    return [{key: answer for key, answer in row.items() if key in kept} for row in value if isinstance(row, Mapping)]


def _unchanged(key: str, old: Form, new: Form) -> bool:
    """Is a part that was gone through still what it was?"""
    one, other = old.part(key), new.part(key)
    if one is None or other is None or len(one.questions) != len(other.questions):
        return False
    return all(a.key == b.key and _same(a, b) for a, b in zip(one.questions, other.questions, strict=True))


def _joined(earlier: Mapping[str, Any], changes: Mapping[str, list[Any]], *, closed: bool, until: Any) -> dict[str, Any]:
    """Together with what the person has not seen yet of an earlier change."""
    told = {name: _distinct([*earlier.get(name, ()), *texts]) for name, texts in changes.items()}
    ended = timezone.localtime(until).isoformat() if closed and until is not None else earlier.get("closed", "")
    return {**told, "closed": ended}


def _distinct(texts: list[Any]) -> list[Any]:
    return list(_first(texts))


def _first(texts: list[Any]) -> Iterator[Any]:
    seen: list[Any] = []
    for text in texts:
        if text not in seen:
            seen.append(text)
            yield dict(text)
