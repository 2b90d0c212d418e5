"""Guides: a few questions for each need lead to a short list of services. Editors write them as an outline:

? What happened? | In English
- An answer | In English
  = code-of-a-service, another-code
- Another answer | In English
  ? A further question? | In English
  - ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from portal.lib import editions
from portal.lib.languages import DEFAULT
from services.catalogue import queries
from services.catalogue.models import Guide, Need, Service, ServiceText

DEEPEST = 4
MOST_ANSWERS = 9
LONGEST = 20_000  # letters of an outline


class OutlineError(ValueError):
    """The outline cannot be read; `line` counts from 1, `why` is a short code: start, indent, empty, deep, many, codes, long,
    sign."""

    def __init__(self, line: int, why: str, words: str = "") -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why, self.words = line, why, words


@dataclass
class Question:
    text: str
    text_en: str = ""
    answers: list[Answer] = field(default_factory=list)

    def label(self, language: str) -> str:
        return self.text if language == DEFAULT else self.text_en or self.text


@dataclass
class Answer:
    """Leads to a further question or to services."""

    text: str
    text_en: str = ""
    question: Question | None = None
    codes: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        return self.text if language == DEFAULT else self.text_en or self.text


def read_outline(text: str) -> Question:
    """The first question with all that follows from it. Raises `OutlineError`."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            rows.append((number, (len(line) - len(line.lstrip())) // 2, line.strip()))
    if not rows or not rows[0][2].startswith("?"):
        raise OutlineError(rows[0][0] if rows else 1, "start")
    question, place = _question(rows, 0, 1)
    if place < len(rows):
        raise OutlineError(rows[place][0], "indent")
    return question


_Rows = list[tuple[int, int, str]]


def _question(rows: _Rows, place: int, depth: int) -> tuple[Question, int]:
    number, indent, line = rows[place]
    if depth > DEEPEST:
        raise OutlineError(number, "deep")
    question = Question(*_two(line[1:]))
    if not question.text:
        raise OutlineError(number, "empty")
    place += 1
    while place < len(rows) and rows[place][1] == indent and rows[place][2].startswith("-"):
        answer, place = _answer(rows, place, depth)
        question.answers.append(answer)
    if not question.answers:
        raise OutlineError(number, "empty")
    if len(question.answers) > MOST_ANSWERS:
        raise OutlineError(number, "many")
    return question, place


def _answer(rows: _Rows, place: int, depth: int) -> tuple[Answer, int]:
    number, indent, line = rows[place]
    answer = Answer(*_two(line[1:]))
    place += 1
    if not answer.text or place >= len(rows) or rows[place][1] != indent + 1:
        raise OutlineError(number, "empty")
    if rows[place][2].startswith("="):
        answer.codes = tuple(code.strip() for code in rows[place][2][1:].split(",") if code.strip())
        if not answer.codes:
            raise OutlineError(rows[place][0], "empty")
        return answer, place + 1
    if not rows[place][2].startswith("?"):
        raise OutlineError(rows[place][0], "indent")
    answer.question, place = _question(rows, place, depth + 1)
    return answer, place


def _two(text: str) -> tuple[str, str]:
    own, _sign, english = text.partition("|")
    return own.strip(), english.strip()


def codes_in(question: Question) -> set[str]:
    found: set[str] = set()
    for answer in question.answers:
        found |= set(answer.codes)
        if answer.question:
            found |= codes_in(answer.question)
    return found


@dataclass(frozen=True)
class Step:
    """Where somebody is in a guide: what they said so far, and the next question or the services."""

    said: tuple[tuple[Question, Answer], ...]
    question: Question | None
    codes: tuple[str, ...] = ()


def step(question: Question, chosen: list[int]) -> Step:
    """After these answers (numbers from 1, an unknown one ends the walk there)."""
    said: list[tuple[Question, Answer]] = []
    for number in chosen[:DEEPEST]:
        if not 1 <= number <= len(question.answers):
            break
        answer = question.answers[number - 1]
        said.append((question, answer))
        if answer.question is None:
            return Step(tuple(said), None, answer.codes)
        question = answer.question
    return Step(tuple(said), question)


def guide_of(need: str) -> tuple[Need, Question] | None:
    """The guide of a need, by its slug."""
    guide = Guide.objects.select_related("need").filter(need__slug=need).exclude(outline="").first()
    return (guide.need, read_outline(guide.outline)) if guide else None


def services_of(codes: Iterable[str], language: str = DEFAULT) -> list[ServiceText]:
    """The public services with these codes, in their order."""
    order = list(codes)
    rows = {text.service.code: text for text in queries.public_texts(language).filter(service__code__in=order)}
    return [rows[code] for code in order if code in rows]


def needs_with_guides() -> QuerySet[Need]:
    return Need.objects.filter(guide__isnull=False).exclude(guide__outline="")


@transaction.atomic
def write_guide(need: Need, outline: str, *, by: User | None = None) -> Guide:
    """Keep this outline for the need. Raises `OutlineError`, also for codes of services that do not exist."""
    kept = _checked(outline)
    guide, _made = Guide.objects.update_or_create(need=need, defaults={"outline": kept, "changed_by": by})
    editions.announce()
    return guide


def _checked(outline: str) -> str:
    """The outline as it is kept: with the distance before its first line, which says what is below what."""
    outline = "\n".join(outline.splitlines()).rstrip().lstrip("\n")
    if len(outline) > LONGEST:
        raise OutlineError(0, "long")
    if "\0" in outline:
        raise OutlineError(outline[: outline.index("\0")].count("\n") + 1, "sign")
    codes = codes_in(read_outline(outline))
    unknown = codes - set(Service.objects.filter(code__in=codes).values_list("code", flat=True))
    if unknown:
        raise OutlineError(0, "codes", ", ".join(sorted(unknown)))
    return outline


class GuideMoved(Exception):
    """Somebody else has proposed or approved something since this was read."""


def seen(guide: Guide | None) -> str:
    """What somebody who reads this guide now has seen of it."""
    text = f"{guide.outline}\0{guide.proposed}" if guide else "\0"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@transaction.atomic
def propose_guide(need: Need, outline: str, *, by: User, read: str) -> Guide:
    """An outline that waits for somebody else. read: what `seen` gave when it was read. Raises `OutlineError`, `GuideMoved`."""
    outline = _checked(outline)
    guide, _made = Guide.objects.select_for_update().get_or_create(need=need)
    if seen(guide) != read:
        raise GuideMoved
    same = outline == guide.outline
    guide.proposed = "" if same else outline
    guide.proposed_by, guide.proposed_at = (None, None) if same else (by, timezone.now())
    guide.save()
    return guide


@transaction.atomic
def decide_guide(need: Need, *, approve: bool, by: User, read: str) -> Guide | None:
    """Approve or refuse what is proposed. Not one's own; None when there is nothing (any more), or another text than was read.

    Raises `OutlineError` for a service that is gone meanwhile.
    """
    guide = Guide.objects.select_for_update().filter(need=need).exclude(proposed="").exclude(proposed_by=by).first()
    if guide is None or seen(guide) != read:
        return None
    if approve:
        _checked(guide.proposed)
        guide.outline, guide.changed_by = guide.proposed, guide.proposed_by
    guide.proposed, guide.proposed_by, guide.proposed_at = "", None, None
    guide.save()
    if approve:
        editions.announce()
    return guide
