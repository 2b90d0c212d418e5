"""What one part of a form shows: fields put together from questions, answers and problems (no HTML here)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from services.cases.models import Attachment, Draft, JourneyRun
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


_PIECE_LABELS = {"d": _("Hari"), "m": _("Bulan"), "y": _("Tahun"), "lat": _("Lintang"), "lng": _("Bujur")}
_PIECE_WIDTHS = {"d": "k-w4", "m": "k-w4", "y": "k-w6"}


# Where an answer came from -> what stands at its field. Answers from the account are named `account.nik` and so on.
SHARED, IMPLIED, GIVEN = "journey.shared", "journey.implied", "journey.given"
_SOURCES = {
    SHARED: _("Dari jawaban bersama urusan ini. Boleh Anda ubah."),
    IMPLIED: _("Sudah kami pilih untuk urusan ini. Boleh Anda ubah."),
    GIVEN: _("Dari hasil langkah sebelumnya. Boleh Anda ubah."),
}


def known_by_account(sources: Mapping[str, str]) -> dict[str, str]:
    """The sources that are the account: what came from there is shown masked, what was typed or given is shown."""
    return {key: source for key, source in sources.items() if source.startswith("account.")}


def source_sentence(source: str) -> str:
    if source.startswith("account."):
        return str(_("Dari akun Anda. Boleh Anda ubah."))
    return str(_SOURCES.get(source, ""))


def fields_of(
    draft: Draft | JourneyRun, form: Form, part: Part, walk: engine.Walk, context: Context, *, judged: bool
) -> list[Field]:
    """The fields of one part of a draft, or of the shared questions of a walk.

    A question whose condition looks at this same part is always there, with a sentence."""
    inside = {question.key for question in part.questions}
    problems = {problem.key: problem.text for problem in walk.of_part(part)} if judged else {}
    uploaded: dict[str, list[Attachment]] = {}
    if isinstance(draft, Draft):
        problems.update(draft.upload_problems)
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
        dependent = rest is not True
        field = _field(draft, form, question, draft.answers.get(question.key), problems.get(question.key, ""), context)
        fields.append(
            Field(
                **field,
                files=tuple(uploaded.get(question.key, ())),
                condition=conditions.sentence(rest, form.question) if dependent else "",
                data_if=json.dumps(rest) if dependent else "",
            )
        )
    return fields


def _field(
    draft: Draft | JourneyRun, form: Form, question: Question, value: Any, problem: str, context: Context
) -> dict[str, Any]:
    kind = type_of(question)
    raw = kind.raw(question, value)
    identity, name = engine.input_id(question), f"f.{question.key}"
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
        "hint": localized(question.hint),
        "problem": problem,
        "value": raw.get("", ""),
        "pieces": tuple(
            Piece(
                engine.input_id(question, s),
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
        "source": source_sentence(draft.sources.get(question.key, "")),
    }
