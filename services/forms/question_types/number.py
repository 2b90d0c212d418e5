"""Answers that are counted with: whole numbers, rupiah, a point on the map."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from portal.lib.languages import active, written
from services.forms.bounds import moves, number_bound
from services.forms.cleaning import clean, cut, latin_digits
from services.forms.documents import Question
from services.forms.question_types.base import Context, Fault, QuestionType, Typed, question_types

_WHOLE = re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}([. ][0-9]{3}){1,4})")


@question_types.register("integer")
class Integer(QuestionType):
    width = "k-w10"
    inputmode = "numeric"
    lowest: ClassVar[int] = 0
    highest: ClassVar[int] = 999_999_999
    not_a_number: ClassVar[Any] = _("%(Name)s harus angka bulat, misalnya 3")

    def parse(self, question: Question, typed: Typed) -> Any:
        text = latin_digits(clean(cut((typed.get("") or [""])[0], 40)))
        return int(re.sub(r"[. ]", "", text)) if _WHOLE.fullmatch(text) else text

    def normalise(self, question: Question, value: Any) -> Any:
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            return int(value)
        return clean(cut(value, 40)) if isinstance(value, str) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return Fault("not_a_number", self.not_a_number)
        low, high = number_bound(question.min, context.today), number_bound(question.max, context.today)
        low, high = self.lowest if low is None else low, self.highest if high is None else high
        if value < low:
            return Fault("too_small", _("%(Name)s paling sedikit %(n)s"), {"n": self.write(low)})
        if value > high:
            return Fault("too_large", _("%(Name)s paling banyak %(n)s"), {"n": self.write(high)})
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        low = self.lowest if question.min is None or moves(question.min) else question.min
        high = self.highest if question.max is None or moves(question.max) else question.max
        return {"type": "integer", "minimum": low, "maximum": high}

    def write(self, value: int) -> str:
        return str(value)

    def show(self, question: Question, value: Any, context: Context) -> str:
        return self.write(value) if isinstance(value, int) else str(value)


@question_types.register("money")
class Money(Integer):
    template = "components/questions/money.html"
    highest = 999_999_999_999
    not_a_number = _("%(Name)s harus angka rupiah tanpa koma, misalnya 1.500.000")

    def parse(self, question: Question, typed: Typed) -> Any:
        text = clean(cut((typed.get("") or [""])[0], 40))
        bare = re.sub(r"^(rp|idr)\.? ?", "", latin_digits(text), flags=re.IGNORECASE)
        if active() == "en":
            bare = re.sub(r"\.00?$", "", bare).replace(",", "")
        found = super().parse(question, {"": [re.sub(r",(00?|-)$", "", bare)]})
        return found if isinstance(found, int) else text

    def write(self, value: int) -> str:
        return "Rp" + written(f"{value:,}")

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        return {"": written(f"{value:,}") if isinstance(value, int) else "" if value is None else str(value)}


@question_types.register("geo_point")
class GeoPoint(QuestionType):
    """`{"lat": .., "lng": ..}` in degrees, inside Indonesia (so that swapped numbers are noticed)."""

    template = "components/questions/geo_point.html"
    width = "k-w24"
    missing = _("Isi titik %(name)s")
    south, north, west, east = -11.5, 6.5, 94.5, 141.5

    def parse(self, question: Question, typed: Typed) -> Any:
        text = clean(cut((typed.get("") or [""])[0], 300))
        found = re.search(r"(-?[0-9]{1,3}[.][0-9]+)\s*[,;/ ]\s*(-?[0-9]{1,3}[.][0-9]+)", latin_digits(text))
        return {"lat": round(float(found[1]), 6), "lng": round(float(found[2]), 6)} if found else text

    def normalise(self, question: Question, value: Any) -> Any:
        return clean(cut(value, 300)) if isinstance(value, str) else value

    def check(self, question: Question, value: Any, context: Context) -> Fault | None:
        if not isinstance(value, Mapping) or set(value) != {"lat", "lng"}:
            return Fault("not_a_point", _("%(Name)s harus dua angka dari peta, misalnya -7.4726, 112.4381"))
        lat, lng = value["lat"], value["lng"]
        if any(isinstance(n, bool) or not isinstance(n, int | float) for n in (lat, lng)):
            return Fault("not_a_point", _("%(Name)s harus dua angka dari peta, misalnya -7.4726, 112.4381"))
        if not (self.south <= lat <= self.north and self.west <= lng <= self.east):
            return Fault(
                "outside", _("%(Name)s berada di luar Indonesia. Lintang dulu, lalu bujur, misalnya -7.4726, 112.4381")
            )
        return None

    def schema(self, question: Question) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "lat": {"type": "number", "minimum": self.south, "maximum": self.north},
                "lng": {"type": "number", "minimum": self.west, "maximum": self.east},
            },
            "required": ["lat", "lng"],
            "additionalProperties": False,
        }

    def raw(self, question: Question, value: Any) -> dict[str, str]:
        if isinstance(value, Mapping):
            return {"": f"{value.get('lat', '')}, {value.get('lng', '')}"}
        return super().raw(question, value)

    def show(self, question: Question, value: Any, context: Context) -> str:
        return self.raw(question, value)[""]
