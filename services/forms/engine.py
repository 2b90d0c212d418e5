"""The walk: one pass over a form decides what is shown, what counts and what is wrong.

Check page, validation, submission, API and mapping preview all use it. It is pure and total: odd values of any JSON
type give a sentence, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from services.forms.cleaning import clean_key
from services.forms.conditions import holds
from services.forms.documents import Form, Part, Question, localized
from services.forms.question_types import Context, Fault, type_of
from services.forms.question_types.choice import RADIOS_UP_TO

# Answers that nobody means, to hear what a form would say about them.
_ODD: tuple[Any, ...] = (
    "x",
    "12",
    "9" * 17,
    "contoh " * 2_000,
    {"d": "1", "m": "", "y": ""},
    "1900-01-01",
    "2100-01-01",
    -1,
    10**15,
)
ROW_MARK = "[A-Za-z0-9]{1,12}"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one answer: a stable code, a sentence, where on the page, where in the JSON."""

    key: str
    part: str
    code: str
    text: str
    anchor: str
    pointer: str


@dataclass(frozen=True)
class Walk:
    """`answers`: effective, in page order. `shown`: keys of the questions that apply. `problems`: first one a question."""

    form: Form
    answers: dict[str, Any]
    shown: frozenset[str]
    problems: tuple[Problem, ...]

    def of_part(self, part: Part) -> list[Problem]:
        return [problem for problem in self.problems if problem.part == part.key]


def walk(form: Form, raw: Mapping[str, Any], context: Context) -> Walk:
    """Judge raw answers. Conditions look at the *effective* answers so far, so a hidden answer hides what hangs on it."""
    answers: dict[str, Any] = {}
    shown: set[str] = set()
    problems: list[Problem] = []
    for question in form.questions():
        if not holds(question.show_if, answers, context.today):
            continue
        shown.add(question.key)
        kind = type_of(question)
        if not kind.answers:
            continue
        value = kind.normalise(question, raw.get(question.key))
        if question.type == "group":
            value, inner = _rows(question, value, answers, context)
            problems.extend(inner)
        if kind.empty(value):
            if question.required:
                problems.append(_problem(question, Fault("missing", kind.missing), value))
            continue
        answers[question.key] = value
        fault = kind.check(question, value, context) or _across(form, question, value, answers)
        if fault is not None:
            problems.append(_problem(question, fault, value))
    return Walk(form, answers, frozenset(shown), tuple(problems))


def effective(form: Form, raw: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Only the answers that apply, in their one spelling."""
    return walk(form, raw, context).answers


def _across(form: Form, question: Question, value: Any, answers: Mapping[str, Any]) -> Fault | None:
    """Rules between two questions."""
    if question.not_before and isinstance(value, str):
        other = answers.get(question.not_before)
        if isinstance(other, str) and value < other:
            return Fault(
                "before", _("%(Name)s tidak boleh sebelum %(other)s"), {"other": _spoken(form, question.not_before)}
            )
    if question.differs_from:
        other = answers.get(question.differs_from)
        if other is not None and other == value:
            return Fault("same", _("%(Name)s harus berbeda dari %(other)s"), {"other": _spoken(form, question.differs_from)})
    return None


def _spoken(form: Form, key: str) -> str:
    other = form.question(key)
    return other.spoken if other else key


def sentence_for(question: Question, fault: Fault, spoken: str = "") -> str:
    """The finished sentence: the form's own where it has one."""
    own = question.messages.get(fault.code)
    spoken = spoken or question.spoken
    facts = {"name": spoken, "Name": spoken[:1].upper() + spoken[1:], **fault.facts}
    return localized(own) if own else str(fault.template) % facts


def faults_of(question: Question, context: Context) -> Iterator[Fault]:
    """What can be wrong with an answer, tried out: one fault of each code."""
    kind = type_of(question)
    if question.required:
        yield Fault("missing", kind.missing)
    codes = {"missing"}
    for odd in _ODD:
        value = kind.normalise(question, odd)
        fault = None if kind.empty(value) else kind.check(question, value, context)
        if fault is not None and fault.code not in codes:
            codes.add(fault.code)
            yield fault


def row_id(row: Mapping[str, Any], number: int) -> str:
    """What names a row on the page: the mark that a draft gave it, else its number."""
    mark = row.get("_id")
    return mark if isinstance(mark, str) and re.fullmatch(ROW_MARK, mark) else str(number + 1)


def _rows(question: Question, value: Any, answers: Mapping[str, Any], context: Context) -> tuple[Any, list[Problem]]:
    if not isinstance(value, list) or any(not isinstance(row, dict) for row in value):
        return value, []
    rows, problems = [], []
    for number, row in enumerate(value[: question.max_rows + 1]):
        kept: dict[str, Any] = {}
        mark = row_id(row, number)
        for inner in question.questions:
            if not holds(inner.show_if, {**answers, **kept}, context.today):
                continue
            kind = type_of(inner)
            answer = kind.normalise(inner, row.get(inner.key))
            if kind.empty(answer):
                if inner.required:
                    problems.append(_problem(inner, Fault("missing", kind.missing), answer, question, number, mark))
                continue
            kept[inner.key] = answer
            if fault := kind.check(inner, answer, context):
                problems.append(_problem(inner, fault, answer, question, number, mark))
        rows.append(kept)
    return rows, problems


def _problem(
    question: Question, fault: Fault, value: Any, group: Question | None = None, row: int = 0, mark: str = ""
) -> Problem:
    spoken = question.spoken
    if group is not None:
        spoken = _("%(name)s ke-%(n)d") % {"name": spoken, "n": row + 1}
    text = sentence_for(question, fault, spoken)
    pointer = f"/{group.key}/{row}/{question.key}" if group is not None else f"/{question.key}"
    part = group.part if group is not None else question.part
    base = row_input(group, mark, question) if group is not None else ""
    return Problem(question.key, part, fault.code, text, anchor_of(question, value, base), pointer)


def input_id(question: Question, suffix: str = "", base: str = "") -> str:
    """`base`: of a question in a row (`row_input`)."""
    base = base or f"f-{question.key}"
    return f"{base}-{suffix}" if suffix else base


def row_input(group: Question, mark: str, question: Question) -> str:
    return f"g-{group.key}-{mark}-{question.key}"


def anchor_of(question: Question, value: Any, base: str = "") -> str:
    """The id of the input an error line leads to: for a date the first empty piece, for radios the first one."""
    kind = type_of(question)
    if question.type == "group":
        return f"grup-{question.key}"
    if question.type == "date":
        pieces = kind.raw(question, value)
        return input_id(question, next((part for part in kind.suffixes if not pieces.get(part)), kind.suffixes[0]), base)
    if question.type == "geo_point":
        return input_id(question, kind.suffixes[0], base)
    if question.type in ("yesno", "choices") or (question.type == "select" and 0 < len(question.options) <= RADIOS_UP_TO):
        return input_id(question, "0", base)
    return input_id(question, base=base)


def too_many_files(question: Question) -> str:
    """The sentence for more files than the question takes."""
    spoken = question.spoken
    return _("%(Name)s paling banyak %(n)d berkas. Hapus yang tidak perlu") % {
        "Name": spoken[:1].upper() + spoken[1:],
        "n": question.max_files,
    }


@dataclass(frozen=True)
class Line:
    """One answer as a person reads it."""

    key: str
    label: str
    text: str
    anchor: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One part of the form with its shown answers."""

    key: str
    title: str
    lines: tuple[Line, ...]


def summary(
    form: Form, answers: Mapping[str, Any], context: Context, *, masked: Mapping[str, str] | None = None
) -> list[Section]:
    """Effective answers for a check page or a clerk. Keys in `masked` came from the account and are shown masked."""
    sections = []
    for part in form.parts:
        lines = []
        for question in part.questions:
            kind = type_of(question)
            if not kind.answers or question.type == "consent" or not holds(question.show_if, answers, context.today):
                continue
            value = answers.get(question.key)
            if question.type == "group" and isinstance(value, list):
                lines += _row_lines(question, value, answers, context)
                continue
            text = _("Tidak diisi") if value is None else kind.show(question, value, context)
            if masked and question.key in masked and value is not None:
                text = kind.mask(text)
            files = tuple(value) if question.type == "file" and isinstance(value, list) else ()
            lines.append(Line(question.key, localized(question.label), text, anchor_of(question, value), files))
        if lines:
            sections.append(Section(part.key, localized(part.title), tuple(lines)))
    return sections


def _row_lines(group: Question, rows: list[Any], answers: Mapping[str, Any], context: Context) -> list[Line]:
    """Each answer of each row, called by the row it is in."""
    lines = []
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        for inner in group.questions:
            kind = type_of(inner)
            if not kind.answers or not holds(inner.show_if, {**answers, **row}, context.today):
                continue
            value = row.get(inner.key)
            text = _("Tidak diisi") if value is None else kind.show(inner, value, context)
            label = f"{row_title(group, number)}: {localized(inner.label)}"
            lines.append(Line(inner.key, label, text, anchor_of(group, rows)))
    return lines


def row_title(group: Question, number: int) -> str:
    """ "Anak 2": the heading of a row."""
    return f"{localized(group.row_name or group.label)} {number + 1}"


def read_api(form: Form, body: Mapping[str, Any], context: Context) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Answers of the API: like the page, but an unknown key and an answer that does not apply are refused."""
    found = walk(form, body, context)
    problems = [{"code": p.code, "pointer": p.pointer, "detail": p.text} for p in found.problems]
    for key in list(body)[:1000]:
        question = form.question(key)
        if question is None or not type_of(question).answers:
            pointer = "/" + clean_key(key).replace("~", "~0").replace("/", "~1")
            problems.append({"code": "unknown", "pointer": pointer, "detail": _("Pertanyaan ini tidak ada di formulir.")})
        elif key not in found.shown and body[key] is not None:
            detail = _("Jawaban ini tidak berlaku untuk pilihan Anda yang lain.")
            problems.append({"code": "not_applicable", "pointer": f"/{key}", "detail": detail})
    return found.answers, problems
