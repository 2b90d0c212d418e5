"""Answers that are picked: one or several of a list, yes or no, a tick, files; and what needs no answer."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from services.forms.cleaning import clean, cut
from services.forms.documents import MB, Question, localized
from services.forms.question_types.base import Context, Fault, QuestionType, Typed, question_types

RADIOS_UP_TO = 6


def options_of(question: Question, context: Context) -> list[tuple[str, str]]:
    """(value, label) of what can be picked; a kept list comes from the caller."""
    if question.source:
        return list(context.sources.get(question.source, ()))
    return [(option.value, localized(option.label)) for option in question.options]


@question_types.register("select")
class Select(QuestionType):
    template = "components/questions/select.html"
    marked = True
    missing = _("Pilih %(name)s")

    def normalise(self, question: Question, value: Any) -> Any:
        return clean(cut(value, 100)) if isinstance(value, str) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str) or value not in {known for known, _label in options_of(question, context)}:
            return Fault("not_an_option", _("Pilih %(name)s dari daftar"))
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        if question.source:
            return {"type": "string", "minLength": 1, "maxLength": 100}
        return {"type": "string", "enum": [option.value for option in question.options]}

    def show(self, question: Question, value: Any, context: Context) -> str:
        return next((label for known, label in options_of(question, context) if known == value), str(value))


@question_types.register("kelurahan")
class Kelurahan(Select):
    """One of the city's kelurahan, by its code; the list is the source `kelurahan`."""


@question_types.register("choices")
class Choices(QuestionType):
    template = "components/questions/choices.html"
    fieldset = True
    marked = True
    missing = _("Pilih paling sedikit satu %(name)s")

    def parse(self, question: Question, typed: Typed) -> Any:
        return list(dict.fromkeys(clean(cut(value, 100)) for value in (typed.get("") or [])[:100]))

    def normalise(self, question: Question, value: Any) -> Any:
        return [clean(cut(v, 100)) if isinstance(v, str) else v for v in value] if isinstance(value, list) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        known = {known for known, _label in options_of(question, context)}
        if not isinstance(value, list) or any(not isinstance(v, str) or v not in known for v in value):
            return Fault("not_an_option", _("Pilih %(name)s dari daftar"))
        if len(set(value)) != len(value):
            return Fault("twice", _("Pilih setiap %(name)s satu kali saja"))
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "enum": [option.value for option in question.options]},
        }

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {}

    def show(self, question: Question, value: Any, context: Context) -> str:
        labels = dict(options_of(question, context))
        return ", ".join(labels.get(str(v), str(v)) for v in value) if isinstance(value, list) else str(value)


@question_types.register("yesno")
class YesNo(QuestionType):
    template = "components/questions/yesno.html"
    fieldset = True
    marked = True
    missing = _("Pilih Ya atau Tidak untuk %(name)s")

    def parse(self, question: Question, typed: Typed) -> Any:
        text = clean(cut((typed.get("") or [""])[0], 20))
        return {"ya": True, "tidak": False}.get(text, text)

    def empty(self, value: Any) -> bool:
        return value is None or value == ""

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        return None if isinstance(value, bool) else Fault("not_an_option", self.missing)

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "boolean"}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {"": "ya" if value is True else "tidak" if value is False else ""}

    def show(self, question: Question, value: Any, context: Context) -> str:
        return gettext("Ya") if value is True else gettext("Tidak") if value is False else str(value)


@question_types.register("checkbox")
class Checkbox(YesNo):
    """One tick. Not ticked is `false`; a required one must be ticked."""

    template = "components/questions/checkbox.html"
    fieldset = False
    missing = _("Centang %(name)s")

    def parse(self, question: Question, typed: Typed) -> Any:
        return bool(typed.get(""))

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, bool):
            return Fault("wrong_type", _("%(Name)s hanya bisa dicentang atau tidak"))
        return Fault("missing", self.missing) if question.required and not value else None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"const": True} if question.required else {"type": "boolean"}


@question_types.register("consent")
class Consent(Checkbox):
    """The declaration on the check page, shown below the notice of the legal basis."""

    missing = _("Centang pernyataan bahwa data ini benar")

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, bool):
            return Fault("wrong_type", _("%(Name)s hanya bisa dicentang atau tidak"))
        return None if value else Fault("missing", self.missing)

    def schema(self, question: Question) -> dict[str, Any]:
        return {"const": True}


@question_types.register("file")
class File(QuestionType):
    """Ids of uploaded files (32 hex digits). Only files that were uploaded for this question count."""

    template = "components/questions/file.html"
    fieldset = False
    missing = _("Unggah %(name)s")
    pattern: ClassVar[str] = r"[0-9a-f]{32}"

    def parse(self, question: Question, typed: Typed) -> Any:
        return None

    def normalise(self, question: Question, value: Any) -> Any:
        return value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, list) or any(not isinstance(v, str) or not re.fullmatch(self.pattern, v) for v in value):
            return Fault("not_a_file", _("Unggah %(name)s lagi. Berkas yang disebut tidak dikenal"))
        if len(set(value)) != len(value) or any(context.files.get(v) != question.key for v in value):
            return Fault("not_a_file", _("Unggah %(name)s lagi. Berkas yang disebut tidak dikenal"))
        if len(value) > question.max_files:
            return Fault(
                "too_many", _("%(Name)s paling banyak %(n)d berkas. Hapus yang tidak perlu"), {"n": question.max_files}
            )
        if question.max_mb and any(context.sizes.get(v, 0) > question.max_mb * MB for v in value):
            return Fault(
                "too_big",
                _("%(Name)s: satu berkas paling besar %(mb)d MB. Ganti yang lebih besar"),
                {"mb": question.max_mb},
            )
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        items = {"type": "string", "pattern": f"^{self.pattern}$"}
        return {"type": "array", "minItems": 1, "maxItems": question.max_files, "uniqueItems": True, "items": items}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {}

    def show(self, question: Question, value: Any, context: Context) -> str:
        count = len(value) if isinstance(value, list) else 0
        return ngettext("%(n)d berkas", "%(n)d berkas", count) % {"n": count}


@question_types.register("note")
class Note(QuestionType):
    """Text between questions; there is nothing to answer."""

    template = "components/questions/note.html"
    answers = False

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {}


@question_types.register("group")
class Group(QuestionType):
    """Rows of questions. The walk judges the rows; this class only says that there must be some."""

    template = "components/questions/group.html"
    fieldset = True
    missing = _("Isi %(name)s")

    def normalise(self, question: Question, value: Any) -> Any:
        return value

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {}

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, list) or any(not isinstance(row, dict) for row in value):
            return Fault("wrong_type", _("%(Name)s harus berupa daftar"))
        if len(value) > question.max_rows:
            return Fault("too_many", _("%(Name)s paling banyak %(n)d baris"), {"n": question.max_rows})
        if len(value) < question.min_rows:
            return Fault("too_few", _("%(Name)s paling sedikit %(n)d baris"), {"n": question.min_rows})
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "array", "minItems": max(question.min_rows, 1), "maxItems": question.max_rows}
