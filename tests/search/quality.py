"""How good search is on queries in people's words: `queries.txt`, half of it to tune on, half of it held out.

Which half a query is in is decided by a digest of its words, so nobody chooses. Whoever changes the word list, the stemmer
or the ranking looks at the misses of the tuned half only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
KINDS = {
    "id": "plain",
    "sl": "everyday, slang",
    "jv": "Javanese",
    "ty": "mistyped",
    "en": "English",
    "lq": "a whole sentence",
}
SETS = ("queries.txt", "practice.txt", "fresh.txt", "street.txt", "corner.txt", "stranger.txt")
# What is typed, pasted or tried by somebody or something that wants no service.
HOSTILE = (
    "",
    "   ",
    "akta " * 2_000,
    "a" * 10_000,
    "yang di ke dari untuk saya mau",
    "🙂👨‍👩‍👧‍👦 🇮🇩",
    "شهادة ميلاد שלום",
    "\u202eatka\u202c akta",
    "(a+)+$ [[[[ ^.*(?:x|y)*\\1 " + "a" * 150,
    "'; DROP TABLE catalogue_service; -- \" OR 1=1 /* UNION SELECT */",
    'akta AND "lahir" OR NOT (ktp NEAR/3 hilang) * ^ : {} -akta +ktp',
    "akta & !lahir | (ktp <-> hilang):*",
    "%_%%%__\\%",
    "\x00\x01 akta \x7f",
    "akta \ud800 \udfff",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    " ".join(f"kata{n}" for n in range(60)),
    " ".join("qzxjv wkqpd hgjkl zzxqw vbnmq".split() * 8),
    "1" * 200,
    "../../etc/passwd {{7*7}} ${jndi:ldap://x} <script>alert(1)</script>",
)
Rank = Callable[[str], list[str]]


@dataclass(frozen=True)
class Asked:
    """What somebody types, and the codes of the services that answer it, the best first."""

    kind: str
    text: str
    codes: tuple[str, ...]

    @property
    def is_held_out(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1

    @property
    def language(self) -> str:
        return "en" if self.kind == "en" else "id"


@dataclass
class Figures:
    """Shares over a set of queries; `misses` are those without an answer among the first three, with what came instead."""

    asked: int = 0
    first: int = 0
    among_three: int = 0
    nothing: int = 0
    reciprocal: float = 0.0
    misses: list[tuple[Asked, list[str]]] = field(default_factory=list)
    not_first: list[tuple[Asked, list[str]]] = field(default_factory=list)

    def __str__(self) -> str:
        n = max(1, self.asked)
        return (
            f"hit@1 {self.first / n:.1%}, hit@3 {self.among_three / n:.1%}, MRR {self.reciprocal / n:.3f}, "
            f"zero {self.nothing / n:.1%} of {self.asked}"
        )


def read(name: str = "queries.txt") -> list[Asked]:
    found = []
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            kind, text, codes = (part.strip() for part in line.split("|"))
            found.append(Asked(kind, text, tuple(code.strip() for code in codes.split(","))))
    return found


def measure(asked: Iterable[Asked], rank: Rank) -> Figures:
    """`rank` gives the codes for a text, best first."""
    figures = Figures()
    for one in asked:
        got = rank(one.text)
        place = next((n for n, code in enumerate(got[:10], 1) if code in one.codes), 0)
        figures.asked += 1
        figures.first += place == 1
        figures.among_three += 1 <= place <= 3
        figures.nothing += not got
        figures.reciprocal += 1 / place if place else 0
        if place != 1:
            figures.not_first.append((one, got[:4]))
        if not 1 <= place <= 3:
            figures.misses.append((one, got[:4]))
    return figures


def tuned(asked: Iterable[Asked]) -> list[Asked]:
    return [one for one in asked if not one.is_held_out]


def held_out(asked: Iterable[Asked]) -> list[Asked]:
    return [one for one in asked if one.is_held_out]
