"""Forms that nobody wrote: any document that may be published, with every type and every member somewhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from services.forms.documents import PROFILE
from services.forms.lint import NOT_INSIDE, errors_of

TYPES = (
    "text textarea nik kk_number phone email integer money date time select choices kelurahan file geo_point checkbox consent "
    "yesno note group"
).split()
LETTERS = "abcé ÿ漢\"'<&{}%,.:;-0123456789"
DAYS = ["today", "today-60d", "today+1y", "2026-12-31"]
NUMBERS = [-5, 0, 3, 5_000, "year", "year+1"]


def document_by(seed: int) -> dict[str, Any]:
    """A document without errors by `lint`, the same for the same seed."""
    return _Maker(random.Random(seed)).document()


class _Maker:
    def __init__(self, draw: random.Random) -> None:
        self.draw, self.count = draw, 0
        self.earlier: list[dict[str, Any]] = []

    def document(self) -> dict[str, Any]:
        parts = [self.part(number) for number in range(self.draw.randint(1, 3))]
        document = {"profile": PROFILE, "title": {"id": self.words(), "en": self.words()}, "parts": parts}
        assert errors_of(document) == []
        return document

    def part(self, number: int) -> dict[str, Any]:
        questions = [self.question(None) for _ in range(self.draw.randint(1, 4))]
        part: dict[str, Any] = {"key": f"bagian-{number}", "title": self.text(), "questions": questions}
        return {**part, "intro": self.text()} if self.one_in(2) else part

    def question(self, inside: list[dict[str, Any]] | None) -> dict[str, Any]:
        self.count += 1
        kind = self.draw.choice([t for t in TYPES if inside is None or t not in NOT_INSIDE])
        question: dict[str, Any] = {"key": f"k{self.count}", "type": kind, "label": self.text()}
        for member, made in self.members().items():
            if self.one_in(5):
                question[member] = made()
        for member in ("min", "max"):
            if self.one_in(4):
                question[member] = self.draw.choice(DAYS if kind == "date" else NUMBERS)
        if kind in ("select", "choices") or (kind == "text" and self.one_in(10)):
            values = self.draw.sample(["a", "b b", "c,d", "ya", "7"], self.draw.randint(1, 4))
            question["options"] = [{"value": value, "label": self.text()} for value in values]
        if kind == "kelurahan":
            question["source"] = "kelurahan"
        seen = [*self.earlier, *(inside or [])]
        if seen and self.one_in(3):
            question["show_if"] = self.condition(seen, depth=1)
        if self.earlier and self.one_in(6):
            question[self.draw.choice(["not_before", "differs_from"])] = self.draw.choice(self.earlier)["key"]
        if kind == "group":
            rows: list[dict[str, Any]] = []
            question["questions"] = [self.question(rows) for _ in range(self.draw.randint(1, 3))]
            question |= {"min_rows": self.draw.randint(0, 2), "max_rows": self.draw.randint(2, 12)}
        (self.earlier if inside is None else inside).append(question)
        return question

    def members(self) -> dict[str, Callable[[], Any]]:
        texts = dict.fromkeys(("name", "hint", "notice", "example"), self.text)
        return {
            **texts,
            "required": lambda: self.one_in(2),
            "prefill": lambda: self.draw.choice(["account.nik", "account.name", "lain.sumber"]),
            "preset": lambda: self.draw.choice(["person_name", "plate"]),
            "messages": lambda: {code: self.text() for code in self.draw.sample(["missing", "pattern", "sendiri"], 2)},
            "max_length": lambda: self.draw.randint(100, 5_000),
            "min_length": lambda: self.draw.randint(1, 99),
            "max_files": lambda: self.draw.randint(1, 10),
            "max_mb": lambda: self.draw.randint(1, 5),
        }

    def condition(self, seen: list[dict[str, Any]], *, depth: int) -> dict[str, Any]:
        if depth <= 2 and self.one_in(3):
            many = [self.condition(seen, depth=depth + 1) for _ in range(self.draw.randint(1, 3))]
            return {self.draw.choice(["all", "any"]): many}
        looked_at = self.draw.choice(seen)
        values = [one["value"] for one in looked_at.get("options", ())] or [True, False, 7, -3, "3", self.words()]
        wanted: dict[str, Any] = {
            "equals": self.draw.choice(values),
            "in": [self.draw.choice(values) for _ in range(self.draw.randint(1, 3))],
            "filled": self.one_in(2),
            "at_least": self.draw.choice([*DAYS, *NUMBERS]),
            "at_most": self.draw.choice([*DAYS, *NUMBERS]),
        }
        operator = self.draw.choice(sorted(wanted))
        return {"field": looked_at["key"], operator: wanted[operator]}

    def text(self) -> dict[str, str]:
        return {"id": self.words(), **({self.draw.choice(["en", "jv"]): self.words()} if self.one_in(2) else {})}

    def words(self) -> str:
        return "".join(self.draw.choice(LETTERS) for _ in range(self.draw.randint(0, 20))) + self.draw.choice("abc漢")

    def one_in(self, many: int) -> bool:
        return self.draw.randrange(many) == 0
