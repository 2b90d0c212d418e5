"""What one part of a form shows: fields put together from questions, answers and problems (no HTML here)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from services.cases.models import Attachment, JourneyRun
from services.cases.trial import AnyDraft
from services.cases.typed import rows_shown
from services.forms import conditions, engine
from services.forms.documents import Form, Part, Question, localized
from services.forms.question_types import RADIOS_UP_TO, Context, options_of, type_of


@dataclass(frozen=True)
class Choice:
    id: str
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Piece:
    """One input of an answer that has several (day, month, year; latitude, longitude)."""

    id: str
    name: str
    label: str
    value: str
    width: str


@dataclass(frozen=True)
class Row:
    """One row of a group. `remove`: what the button that takes it away says."""

    mark: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Field:
    """One question on the page, in the terms of its template."""

    question: Question
    template: str
    id: str
    name: str
    label: str
    hint: str
    problem: str
    value: str
    pieces: tuple[Piece, ...]
    choices: tuple[Choice, ...]
    radios: bool
    files: tuple[Attachment, ...]
    width: str
    inputmode: str
    autocomplete: str
    input_type: str
    marked: bool
    condition: str  # what must be answered so that this applies, for people without scripts
    data_if: str  # the same for the script, as JSON; empty when the question always applies here
    source: str  # where a prefilled answer came from, as a sentence
    anchor: str  # where an error line leads
    marker: str  # name of the input that says it was asked
    rows: tuple[Row, ...] = ()
    row_name: str = ""
    add_label: str = ""
    full: bool = False  # no room for another row

    @property
    def optional(self) -> bool:
        return not self.question.required

    @property
    def described_by(self) -> str:
        ids = [f"{self.id}-h"] if self.hint else []
        ids += [f"{self.id}-f"] if self.source else []
        ids += [f"{self.id}-s"] if self.condition else []
        ids += [f"{self.id}-e"] if self.problem else []
        return " ".join(ids)


_PIECE_LABELS = {
    "d": gettext_lazy("Hari"),
    "m": gettext_lazy("Bulan"),
    "y": gettext_lazy("Tahun"),
    "lat": gettext_lazy("Lintang"),
    "lng": gettext_lazy("Bujur"),
}
_PIECE_WIDTHS = {"d": "k-w4", "m": "k-w4", "y": "k-w6"}


# Where an answer came from -> what stands at its field. Answers from the account are named `account.nik` and so on.
SHARED, IMPLIED, GIVEN = "journey.shared", "journey.implied", "journey.given"
_SOURCES = {
    SHARED: gettext_lazy("Dari jawaban bersama urusan ini. Boleh Anda ubah."),
    IMPLIED: gettext_lazy("Sudah kami pilih untuk urusan ini. Boleh Anda ubah."),
    GIVEN: gettext_lazy("Dari hasil langkah sebelumnya. Boleh Anda ubah."),
}


def known_by_account(sources: Mapping[str, str]) -> dict[str, str]:
    """The sources that are the account: what came from there is shown masked, what was typed or given is shown."""
    return {key: source for key, source in sources.items() if source.startswith("account.")}


def source_sentence(source: str) -> str:
    if source.startswith("account."):
        return str(_("Dari akun Anda. Boleh Anda ubah."))
    return str(_SOURCES.get(source, ""))


def fields_of(
    draft: AnyDraft | JourneyRun, form: Form, part: Part, walk: engine.Walk, context: Context, *, judged: bool
) -> list[Field]:
    """The fields of one part of a draft, or of the shared questions of a walk.

    A question whose condition looks at this same part is always there, with a sentence."""
    inside = {question.key for question in part.questions}
    problems = {problem.pointer: problem.text for problem in walk.of_part(part)} if judged else {}
    uploaded: dict[str, list[Attachment]] = {}
    if not isinstance(draft, JourneyRun):
        problems.update({f"/{key}": text for key, text in draft.upload_problems.items()})
        for attachment in draft.attachments.order_by("id"):
            uploaded.setdefault(attachment.question, []).append(attachment)
    fields = []
    for question in part.questions:
        if question.type == "consent":
            continue
        rest: Any = (
            True if question.show_if is None else conditions.resolve(question.show_if, inside, walk.answers, context.today)
        )
        if rest is False:
            continue
        value, problem = draft.answers.get(question.key), problems.get(f"/{question.key}", "")
        field = _field(question, value, problem, context)
        more: dict[str, Any] = {}
        if question.type == "group":
            rows = rows_shown(question, value)
            shown = (_row(question, row, n, form, inside, walk, context, problems) for n, row in enumerate(rows))
            more = {
                "rows": tuple(shown),
                "row_name": localized(question.row_name or question.label),
                "add_label": localized(question.add_label),
                "full": len(rows) >= question.max_rows,
            }
        fields.append(
            Field(
                **field,
                files=tuple(uploaded.get(question.key, ())),
                source=source_sentence(draft.sources.get(question.key, "")),
                **_dependence(rest, form.question, {}),
                **more,
            )
        )
    return fields


def _row(
    group: Question,
    row: Mapping[str, Any],
    number: int,
    form: Form,
    inside: set[str],
    walk: engine.Walk,
    context: Context,
    problems: Mapping[str, str],
) -> Row:
    """A row's questions may look at each other, and at the part around them."""
    mark = engine.row_id(row, number)
    own = {inner.key: inner for inner in group.questions}
    names = {key: f"{group.key}.{mark}.{key}" for key in own}
    answers = _row_answers(group, row)
    fields = []
    for inner in group.questions:
        rest: Any = True
        if inner.show_if is not None:
            known = {**walk.answers, **answers}
            rest = conditions.resolve(inner.show_if, inside | set(own), known, context.today)
        if rest is False:
            continue
        problem = problems.get(f"/{group.key}/{number}/{inner.key}", "")
        base, name = engine.row_input(group, mark, inner), f"g.{names[inner.key]}"
        fields.append(
            Field(
                **_field(inner, row.get(inner.key), problem, context, base, name),
                files=(),
                source="",
                **_dependence(rest, lambda key: own.get(key) or form.question(key), names),
            )
        )
    return Row(mark, engine.row_title(group, number), tuple(fields))


def _row_answers(group: Question, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {inner.key: type_of(inner).normalise(inner, row.get(inner.key)) for inner in group.questions}
    return {key: value for key, value in found.items() if value is not None}


def _dependence(rest: Any, question_of: Callable[[str], Question | None], names: Mapping[str, str]) -> dict[str, Any]:
    """The condition that is left for people and for the script, which knows the questions of a row by their inputs."""
    if rest is True:
        return {"condition": "", "data_if": ""}
    return {"condition": conditions.sentence(rest, question_of), "data_if": json.dumps(_renamed(rest, names))}


def _renamed(condition: Any, names: Mapping[str, str]) -> Any:
    if "field" in condition:
        return {**condition, "field": names.get(condition["field"], condition["field"])}
    return {word: [_renamed(inner, names) for inner in many] for word, many in condition.items()}


def _field(
    question: Question, value: Any, problem: str, context: Context, base: str = "", row_name: str = ""
) -> dict[str, Any]:
    kind = type_of(question)
    raw = {} if question.type == "group" else kind.raw(question, value)
    identity, name = engine.input_id(question, base=base), row_name or f"f.{question.key}"
    chosen = {v for v in value if isinstance(v, str)} if isinstance(value, list) else {raw.get("", "")}
    choices: tuple[Choice, ...] = ()
    radios = False
    if question.type in ("select", "kelurahan", "choices"):
        options = options_of(question, context)
        radios = question.type == "choices" or (
            not question.source and len(options) <= RADIOS_UP_TO and question.type == "select"
        )
        choices = tuple(Choice(f"{identity}-{n}", v, label, v in chosen) for n, (v, label) in enumerate(options))
    elif question.type == "yesno":
        radios = True
        choices = tuple(
            Choice(f"{identity}-{n}", v, w, v in chosen)
            for n, (v, w) in enumerate((("ya", str(_("Ya"))), ("tidak", str(_("Tidak")))))
        )
    return {
        "question": question,
        "template": kind.template,
        "id": identity,
        "name": name,
        "label": localized(question.label),
        "hint": _hint(question),
        "problem": problem,
        "value": raw.get("", ""),
        "pieces": tuple(
            Piece(
                engine.input_id(question, s, base),
                f"{name}.{s}",
                str(_PIECE_LABELS.get(s, s)),
                raw.get(s, ""),
                _PIECE_WIDTHS.get(s, "k-w10"),
            )
            for s in kind.suffixes
            if s
        ),
        "choices": choices,
        "radios": radios,
        "width": kind.width,
        "inputmode": kind.inputmode,
        "autocomplete": kind.autocomplete,
        "input_type": kind.input_type,
        "marked": kind.marked,
        "anchor": engine.anchor_of(question, value, base),
        "marker": f"q.{row_name or question.key}",
    }


def _hint(question: Question) -> str:
    """The hint, the example in its words, and how big a file may be where the form says so."""
    hint, example = localized(question.hint), localized(question.example)
    words = [hint, _("Contoh: %(text)s") % {"text": example} if example else ""]
    if question.type == "file" and question.max_mb:
        words.append(_("Paling besar %(mb)d MB tiap berkas.") % {"mb": question.max_mb})
    return " ".join(word for word in words if word)
