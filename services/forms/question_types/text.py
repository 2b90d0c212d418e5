"""Answers that are text: free text, numbers of identity, telephone, mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from services.forms.cleaning import clean, compact, cut
from services.forms.documents import Question
from services.forms.question_types.base import Context, Fault, QuestionType, question_types

WRONG_TYPE = _("%(Name)s harus berupa teks")


@dataclass(frozen=True)
class Preset:
    """A named pattern (JSON Schema and Python agree on it) with the sentence for what does not fit."""

    pattern: str
    sentence: Any
    upper: bool = False


# A free pattern in a form would let one editor stop the server: `(a+)+b` on thirty letters does not end.
PRESETS: dict[str, Preset] = {
    "person_name": Preset(r"[^0-9<>{}=@#$%^*_+\[\]|~]+", _("%(Name)s hanya boleh berisi huruf. Hapus angka dan tanda lain")),
    "child_name": Preset(
        r"[^0-9<>{}=@#$%^*_+\[\]|~ ]+( [^0-9<>{}=@#$%^*_+\[\]|~ ]+)+",
        _("%(Name)s paling sedikit dua kata, hanya huruf, tanpa gelar"),
    ),
    "rt_rw": Preset(r"[0-9]{1,3}", _("%(Name)s harus 1 sampai 3 angka, misalnya 02")),
    "plate": Preset(r"[A-Z]{1,2} ?[0-9]{1,4} ?[A-Z]{0,3}", _("%(Name)s harus seperti S 1234 AB"), upper=True),
    "jkn_number": Preset(r"[0-9]{13}", _("%(Name)s harus 13 angka, ada di kartu JKN atau aplikasi Mobile JKN")),
}


@question_types.register("text")
class Text(QuestionType):
    def normalise(self, question: Question, value: Any) -> Any:
        value = super().normalise(question, value)
        preset = PRESETS.get(question.preset)
        return value.upper() if isinstance(value, str) and preset and preset.upper else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str):
            return Fault("wrong_type", WRONG_TYPE)
        if len(value) > question.limit:
            return Fault(
                "too_long",
                _("%(Name)s paling banyak %(n)d huruf. Yang Anda isi %(got)d huruf"),
                {"n": question.limit, "got": len(value)},
            )
        if question.min_length and len(value) < question.min_length:
            return Fault(
                "too_short",
                _("%(Name)s paling sedikit %(n)d huruf. Yang Anda isi baru %(got)d huruf"),
                {"n": question.min_length, "got": len(value)},
            )
        preset = PRESETS.get(question.preset)
        if preset and not re.fullmatch(preset.pattern, value):
            return Fault("pattern", preset.sentence)
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "string", "minLength": question.min_length or 1, "maxLength": question.limit}
        if question.preset:
            found["pattern"] = f"^{PRESETS[question.preset].pattern}$"
        return found


@question_types.register("textarea")
class Textarea(Text):
    template = "components/questions/textarea.html"

    def normalise(self, question: Question, value: Any) -> Any:
        return clean(cut(value, question.limit), lines=True) if isinstance(value, str) else value


class _Digits(QuestionType):
    """A number of sixteen digits that is not counted with."""

    length: ClassVar[int] = 16
    pattern: ClassVar[str] = r"[0-9]{16}"
    impossible: ClassVar[Any] = ""
    width = "k-w16"
    inputmode = "numeric"

    def normalise(self, question: Question, value: Any) -> Any:
        return compact(clean(cut(value, question.limit))) if isinstance(value, str) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str):
            return Fault("wrong_type", WRONG_TYPE)
        if not re.fullmatch(r"[0-9]+", value):
            return Fault("not_digits", _("%(Name)s hanya boleh berisi angka"))
        if len(value) != self.length:
            few = len(value) < self.length
            sentence = (
                _("%(Name)s harus %(n)d angka. Yang Anda isi baru %(got)d angka")
                if few
                else _("%(Name)s harus %(n)d angka. Yang Anda isi sampai %(got)d angka")
            )
            return Fault("too_short" if few else "too_long", sentence, {"n": self.length, "got": len(value)})
        if not re.fullmatch(self.pattern, value):
            return Fault("impossible", self.impossible)
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {"": str(value) if value is not None else ""}

    def show(self, question: Question, value: Any, context: Context) -> str:
        text = str(value)
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))

    def mask(self, text: str) -> str:
        return f"{text[:4]} •••• •••• {text[-4:]}"


@question_types.register("nik")
class Nik(_Digits):
    """Six digits of region, then day (plus 40 for women), month and year of birth, then a running number."""

    pattern = r"[0-9]{6}(0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])(0[1-9]|1[0-2])[0-9]{6}"
    impossible = _(
        "%(Name)s tidak mungkin: angka ke-7 sampai ke-10 harus tanggal dan bulan lahir. Periksa lagi di KTP atau KK"
    )


@question_types.register("kk_number")
class KkNumber(_Digits):
    impossible = _("%(Name)s harus 16 angka")


@question_types.register("phone")
class Phone(QuestionType):
    """Kept as +62..., shown as 0812 ...."""

    width = "k-w16"
    inputmode = "tel"
    input_type = "tel"
    autocomplete = "tel"
    pattern: ClassVar[str] = r"(\+62[2-9][0-9]{6,11}|\+[13-57-9][0-9]{7,14}|\+6[013-9][0-9]{6,13})"

    def normalise(self, question: Question, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = re.sub(r"[()/]", "", compact(clean(cut(value, question.limit))))
        for start, instead in (("0062", "+62"), ("00", "+"), ("0", "+62"), ("62", "+62"), ("8", "+628")):
            if text.startswith(start):
                return instead + text[len(start) :].removeprefix("0" if instead == "+62" else "")
        return "+62" + text[4:] if text.startswith("+620") else text

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str):
            return Fault("wrong_type", WRONG_TYPE)
        if not re.fullmatch(self.pattern, value):
            return Fault("pattern", _("%(Name)s harus nomor telepon, misalnya 0812 3456 7890"))
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        text = str(value) if value is not None else ""
        return {"": "0" + text[3:] if text.startswith("+62") else text}

    def show(self, question: Question, value: Any, context: Context) -> str:
        text = self.raw(question, value)[""]
        return " ".join(filter(None, (text[:4], text[4:8], text[8:])))

    def mask(self, text: str) -> str:
        return f"{text[:4]} •••• {text[-4:]}"


@question_types.register("email")
class Email(QuestionType):
    inputmode = "email"
    input_type = "email"
    autocomplete = "email"
    pattern: ClassVar[str] = r"[^@ ]{1,64}@[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63}){1,6}"

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str):
            return Fault("wrong_type", WRONG_TYPE)
        if len(value) > question.limit or not re.fullmatch(self.pattern, value):
            return Fault("pattern", _("%(Name)s harus alamat email, misalnya nama@contoh.id"))
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "string", "maxLength": question.limit, "pattern": f"^{self.pattern}$"}
