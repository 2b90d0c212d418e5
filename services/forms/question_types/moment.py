"""Answers that are a day or a time of day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from portal.lib.languages import active
from services.forms.bounds import day_bound
from services.forms.cleaning import clean, cut, latin_digits
from services.forms.documents import Question
from services.forms.question_types.base import Context, Fault, QuestionType, Typed, question_types

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan januari january|feb februari pebruari february|mar maret march|apr april|mei may|jun juni june|jul juli july|"
        "agu agt ags agustus aug august|sep sept september|okt oktober oct october|nov nopember november|des desember dec december".split(
            "|"
        ),
        start=1,
    )
    for name in names.split()
}
_NAMES = {"d": _("hari"), "m": _("bulan"), "y": _("tahun")}
_LONG = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _LONG.fullmatch(text) else None
    except ValueError:
        return None


@question_types.register("date")
class Date(QuestionType):
    """`YYYY-MM-DD`. A day that cannot be read stays as its three typed pieces."""

    template = "components/questions/date.html"
    suffixes = ("d", "m", "y")
    fieldset = True
    pattern: ClassVar[str] = _LONG.pattern

    def parse(self, question: Question, typed: Typed) -> Any:
        pieces = {part: latin_digits(clean(cut((typed.get(part) or [""])[0], 20))) for part in self.suffixes}
        if not any(pieces.values()):
            return None
        month = str(_MONTHS.get(pieces["m"].lower().rstrip("."), pieces["m"]))
        if all(re.fullmatch(r"[0-9]{1,2}", n) for n in (pieces["d"], month)) and re.fullmatch(r"[0-9]{4}", pieces["y"]):
            written = f"{pieces['y']}-{int(month):02d}-{int(pieces['d']):02d}"
            if _day(written):
                return written
        return pieces

    def normalise(self, question: Question, value: Any) -> Any:
        return clean(cut(value, 20)) if isinstance(value, str) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if isinstance(value, Mapping):
            return self._check_pieces(value)
        day = _day(value) if isinstance(value, str) else None
        if day is None:
            return Fault("not_a_date", _("%(Name)s harus tanggal yang ada, ditulis tahun-bulan-hari, misalnya 2026-08-17"))
        low, high = day_bound(question.min, context.today), day_bound(question.max, context.today)
        if high and day > high:
            if question.max == "today":
                return Fault("too_late", _("%(Name)s harus hari ini atau sebelumnya"))
            return Fault("too_late", _("%(Name)s harus %(day)s atau sebelumnya"), {"day": date_format(high, "j F Y")})
        if low and day < low:
            if question.min == "today":
                return Fault("too_early", _("%(Name)s harus hari ini atau sesudahnya"))
            return Fault("too_early", _("%(Name)s harus %(day)s atau sesudahnya"), {"day": date_format(low, "j F Y")})
        return None

    def _check_pieces(self, pieces: Mapping[str, Any]) -> Fault:
        empty = [part for part in self.suffixes if not pieces.get(part)]
        if empty:
            words = ", ".join(str(_NAMES[part]) for part in empty)
            return Fault("incomplete", _("%(Name)s belum lengkap. Isi %(pieces)s"), {"pieces": words})
        if re.fullmatch(r"[0-9]{1,3}", str(pieces["y"])):
            return Fault("year", _("Tahun pada %(name)s harus 4 angka, misalnya 2026"))
        return Fault("not_a_date", _("%(Name)s harus tanggal yang ada. Periksa hari, bulan, dan tahunnya"))

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": f"^{self.pattern}$"}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        day = _day(value) if isinstance(value, str) else None
        if day:
            return {"d": str(day.day), "m": str(day.month), "y": str(day.year)}
        if isinstance(value, Mapping):
            return {part: str(value.get(part) or "") for part in self.suffixes}
        return {"d": str(value) if value else "", "m": "", "y": ""}

    def show(self, question: Question, value: Any, context: Context) -> str:
        day = _day(value) if isinstance(value, str) else None
        return date_format(day, "j F Y") if day else " ".join(filter(None, self.raw(question, value).values()))


def _written(value: Any) -> str:
    return str(value) if active() == "en" else str(value).replace(":", ".")


@question_types.register("time")
class Time(QuestionType):
    width = "k-w6"
    inputmode = "text"
    pattern: ClassVar[str] = r"([01][0-9]|2[0-3]):[0-5][0-9]"

    def normalise(self, question: Question, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = latin_digits(clean(cut(value, 20)))
        found = re.fullmatch(r"(?:pukul |jam )?([0-9]{1,2}) ?[.:] ?([0-9]{2})(?: ?wib)?", text.lower())
        return f"{int(found[1]):02d}:{found[2]}" if found else text

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            return Fault("not_a_time", _("%(Name)s harus jam dan menit, misalnya 09.05"))
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {"": _written(value) if value is not None else ""}

    def show(self, question: Question, value: Any, context: Context) -> str:
        return _written(value)
