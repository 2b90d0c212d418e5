"""The walk: one pass over a form decides what is shown, what counts and what is wrong.

Check page, validation, submission, API and mapping preview all use it. It is pure and total: odd values of any JSON
type give a sentence, never an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from services.forms.cleaning import clean_key
from services.forms.conditions import holds
from services.forms.documents import Form, Part, Question, localized
from services.forms.question_types import Context, Fault, type_of
from services.forms.question_types.choice import RADIOS_UP_TO


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


def _rows(question: Question, value: Any, answers: Mapping[str, Any], context: Context) -> tuple[Any, list[Problem]]:
    if not isinstance(value, list) or any(not isinstance(row, dict) for row in value):
        return value, []
    rows, problems = [], []
    for number, row in enumerate(value[: question.max_rows + 1]):
        kept: dict[str, Any] = {}
        for inner in question.questions:
            if not holds(inner.show_if, {**answers, **kept}, context.today):
                continue
            kind = type_of(inner)
            answer = kind.normalise(inner, row.get(inner.key))
            if kind.empty(answer):
                if inner.required:
                    problems.append(_problem(inner, Fault("missing", kind.missing), answer, question, number))
                continue
            kept[inner.key] = answer
            if fault := kind.check(inner, answer, context):
                problems.append(_problem(inner, fault, answer, question, number))
        rows.append(kept)
    return rows, problems


def _problem(question: Question, fault: Fault, value: Any, group: Question | None = None, row: int = 0) -> Problem:
    own = question.messages.get(fault.code)
    spoken = question.spoken
    if group is not None:
        spoken = _("%(name)s ke-%(n)d") % {"name": spoken, "n": row + 1}
    facts = {"name": spoken, "Name": spoken[:1].upper() + spoken[1:], **fault.facts}
    text = localized(own) if own else str(fault.template) % facts
    pointer = f"/{group.key}/{row}/{question.key}" if group is not None else f"/{question.key}"
    part = group.part if group is not None else question.part
    return Problem(question.key, part, fault.code, text, anchor_of(question, value), pointer)


def input_id(question: Question, suffix: str = "") -> str:
    return f"f-{question.key}-{suffix}" if suffix else f"f-{question.key}"


def anchor_of(question: Question, value: Any) -> str:
    """The id of the input an error line leads to: for a date the first empty piece, for radios the first one."""
    kind = type_of(question)
    if question.type == "date":
        pieces = kind.raw(question, value)
        return input_id(question, next((part for part in kind.suffixes if not pieces.get(part)), kind.suffixes[0]))
    if question.type == "geo_point":
        return input_id(question, kind.suffixes[0])
    if question.type in ("yesno", "choices") or (question.type == "select" and 0 < len(question.options) <= RADIOS_UP_TO):
        return input_id(question, "0")
    return input_id(question)


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
            text = _("Tidak diisi") if value is None else kind.show(question, value, context)
            if masked and question.key in masked and value is not None:
                text = kind.mask(text)
            files = tuple(value) if question.type == "file" and isinstance(value, list) else ()
            lines.append(Line(question.key, localized(question.label), text, anchor_of(question, value), files))
        if lines:
            sections.append(Section(part.key, localized(part.title), tuple(lines)))
    return sections


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
