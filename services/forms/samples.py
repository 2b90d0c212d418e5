"""Answers that a form accepts: the first test case of a connection. Nobody's data, always the same for the same form and day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.forms.bounds import day_bound, number_bound
from services.forms.conditions import holds
from services.forms.documents import Form, Question, Sources
from services.forms.engine import walk
from services.forms.question_types import Context, type_of
from services.forms.question_types.choice import options_of

_TEXTS = ("Contoh isian", "Contoh", "S 1234 AB", "0001234567890", "02", "12", "A", "Contoh isian yang panjang " * 8)
_BY_TYPE: Mapping[str, tuple[Any, ...]] = {
    "nik": tuple(f"35760101019000{n:02d}" for n in range(1, 9)),
    "kk_number": ("3576010101100001", "3576010101100002"),
    "phone": ("+6281234567890", "081234567890", "+6281234567891"),
    "email": ("contoh@example.org", "contoh2@example.org"),
    "time": ("09:05",),
    "yesno": (True,),
    "checkbox": (True,),
    "consent": (True,),
    "geo_point": ({"lat": -7.4722, "lng": 112.4338},),
}


@dataclass(frozen=True)
class Sample:
    """`files`: id of a file that is not there -> key of its question. `missing`: questions no answer was found for."""

    answers: dict[str, Any]
    files: Mapping[str, str]
    missing: tuple[str, ...]


def sample_answers(
    form: Form,
    *,
    today: date,
    hints: Mapping[str, Any] | None = None,
    accepts: Callable[[str, Any], bool] | None = None,
    sources: Sources | None = None,
    full: bool = True,
) -> Sample:
    """hints: question key -> a value to try first. accepts: may this question have this answer, by what happens to it later?
    full: optional questions are answered too."""
    answers: dict[str, Any] = {}
    files: dict[str, str] = {}
    missing: list[str] = []
    for question in form.questions():
        context = Context(today, sources or {}, files)
        kind = type_of(question)
        if not kind.answers or not holds(question.show_if, answers, today) or not (full or question.required):
            continue
        for candidate in _candidates(question, context, (hints or {}).get(question.key), files):
            value = kind.normalise(question, candidate)
            if kind.empty(value) or (accepts is not None and not accepts(question.key, value)):
                continue
            if not _wrong(form, question, {**answers, question.key: value}, context):
                answers[question.key] = value
                break
        else:
            if question.required:
                missing.append(question.key)
    return Sample(answers, files, tuple(missing))


def _wrong(form: Form, question: Question, answers: Mapping[str, Any], context: Context) -> bool:
    found = walk(form, answers, context)
    inner = {one.key for one in question.questions}
    return any(problem.key == question.key or problem.key in inner for problem in found.problems)


def _candidates(question: Question, context: Context, hint: Any, files: dict[str, str]) -> Iterator[Any]:
    if question.type == "file":
        made = hashlib.sha256(question.key.encode()).hexdigest()[:32]
        files[made] = question.key
        yield [made]
        return
    if question.type == "group":
        yield [_row(question, context)] * max(1, question.min_rows)
        return
    if hint is not None:
        yield hint
        yield str(hint)
    yield from _BY_TYPE.get(question.type, ())
    match question.type:
        case "select" | "kelurahan":
            yield from (value for value, _label in options_of(question, context))
        case "choices":
            yield from ([value] for value, _label in options_of(question, context))
        case "integer" | "money":
            low, high = number_bound(question.min, context.today), number_bound(question.max, context.today)
            yield from (bound for bound in (low, high, 1, 0, 1000, 150_000) if bound is not None)
        case "date":
            bounds = (day_bound(question.min, context.today), day_bound(question.max, context.today), context.today)
            for day in (one for one in bounds if one is not None):
                yield from (str(day), str(day + timedelta(days=1)), str(day - timedelta(days=1)))
        case _:
            yield from (text[: question.limit] for text in _TEXTS)


def _row(group: Question, context: Context) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for question in group.questions:
        kind = type_of(question)
        if not kind.answers or not holds(question.show_if, row, context.today):
            continue
        for candidate in _candidates(question, context, None, {}):
            value = kind.normalise(question, candidate)
            if not kind.empty(value) and kind.check(question, value, context) is None:
                row[question.key] = value
                break
    return row
