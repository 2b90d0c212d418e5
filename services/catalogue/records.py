"""The frozen values that go between the floors: what a published service is, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, ClassVar, TypeVar


@dataclass(frozen=True)
class Step:
    title: str
    text: str = ""


@dataclass(frozen=True)
class RareCase:
    """A rare case shown folded: a question of a resident and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Requirement:
    """`form`: original, copy, both, certified, file or "" (not a paper)."""

    text: str
    form: str = ""
    copies: int | None = None
    where: str = ""  # one gets it
    facts: ClassVar[tuple[str, ...]] = ("form", "copies")


@dataclass(frozen=True)
class Fee:
    """One row of a fee table. `amount` is whole rupiah; None: worked out first, see the note."""

    case: str
    amount: int | None = None
    note: str = ""
    facts: ClassVar[tuple[str, ...]] = ("amount",)


@dataclass(frozen=True)
class Way:
    """Another way to get the same service. `kind`: counter, phone, whatsapp, email, web, post or visit."""

    kind: str
    text: str
    value: str = ""  # number or address
    facts: ClassVar[tuple[str, ...]] = ("kind", "value")


@dataclass(frozen=True)
class Hours:
    """`days`: MON to SUN; `opens` and `closes`: HH:MM, local."""

    days: tuple[str, ...]
    opens: str
    closes: str


@dataclass(frozen=True)
class Place:
    """Where one goes: the code of a service point, or a name and an address."""

    point: str = ""
    name: str = ""
    address: str = ""
    hours: tuple[Hours, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Regulation:
    """`kind`, `number` and `year` are empty together: then `title` says it all."""

    title: str
    kind: str = ""
    number: str = ""
    year: int | None = None
    url: str = ""
    facts: ClassVar[tuple[str, ...]] = ("kind", "number", "year", "url")


@dataclass(frozen=True)
class Contact:
    """`kind`: phone, whatsapp, email or web; `name`: of the counter or unit, never a person's."""

    kind: str
    value: str
    name: str = ""


# The members that are words for people, and so differ between languages.
WORDS = (
    "summary fee_note fees hours who requirements requirement_details exceptions steps product late other_ways ways legal "
    "legal_details pledge"
).split()
# Of these the words differ between languages, row by row; what else a row says is a fact.
_ROWS = ("fees", "requirement_details", "ways", "legal_details")
R = TypeVar("R")


def _with_facts(own: Sequence[R], original: Sequence[R]) -> tuple[R, ...]:
    """The rows of a translation with the facts of the original; none when the original has another number of rows."""
    if len(own) != len(original):
        return ()
    rows: list[Any] = [
        replace(mine, **{name: getattr(theirs, name) for name in mine.facts})  # type: ignore[type-var,attr-defined]
        for mine, theirs in zip(own, original, strict=True)
    ]
    return tuple(rows)


@dataclass(frozen=True)
class ServiceRecord:
    """One service as published, in one language. References are codes and slugs; money is whole rupiah.

    The six delivery components of the standar pelayanan (UU 25/2009 art. 21, Permenpan-RB 15/2014) are
    `requirements`, `steps`, `time_*`, `fee_*`, `product` and `complaint_*`.
    """

    code: str
    department: str
    slug: str
    name: str
    language: str = "id"
    summary: str = ""
    kind: str = "REQUEST"
    channel: str = "OFFICE"
    app: str = ""
    url: str = ""
    hotline: str = ""
    hours: str = ""
    place: str = ""  # code of a service point, or office, kelurahan, kecamatan
    queue: bool = False
    category: str = ""
    dimension: str = ""
    life_events: tuple[str, ...] = ()
    free: bool = False
    fee_amount: int | None = None
    fee_note: str = ""
    fees: tuple[Fee, ...] = ()  # by case, beside or instead of `fee_amount`
    time_value: int | None = None
    time_unit: str = ""  # menit, jam, hari_kerja, hari_kalender, langsung
    fill_minutes: int | None = None
    who: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    requirement_details: tuple[Requirement, ...] = ()  # the same, row by row, with what else is known
    exceptions: tuple[RareCase, ...] = ()
    steps: tuple[Step, ...] = ()
    product: str = ""
    late: str = ""
    other_ways: str = ""
    ways: tuple[Way, ...] = ()
    places: tuple[Place, ...] = ()
    contacts: tuple[Contact, ...] = ()
    complaint_category: str = ""
    complaint_channels: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    legal_details: tuple[Regulation, ...] = ()  # the same, row by row, in parts
    decree_number: str = ""
    decree_date: date | None = None
    pledge: str = ""  # the maklumat pelayanan (UU 25/2009 art. 22)
    reviewed: date | None = None
    next_review: date | None = None
    confidential: bool = False
    min_level: int = 1  # of assurance, to send an application
    illustrative: bool = True
    sources: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()

    def only_translated(self, original: ServiceRecord) -> ServiceRecord:
        """This text in its own language with the facts of the original. What reads the same as there is not translated."""
        own = {name: getattr(self, name) for name in WORDS}
        own |= {name: _with_facts(own[name], getattr(original, name)) for name in _ROWS}
        own = {name: value if value != getattr(original, name) else type(value)() for name, value in own.items()}
        synonyms = self.synonyms if self.synonyms != original.synonyms else ()
        return replace(original, language=self.language, name=self.name, synonyms=synonyms, **own)

    def content(self) -> dict[str, object]:
        """What `ServiceText.content` keeps: the structured standar pelayanan, JSON only."""
        return {
            "app": self.app,
            "hotline": self.hotline,
            "hours": self.hours,
            "place": self.place,
            "queue": self.queue,
            "fill_minutes": self.fill_minutes,
            "who": list(self.who),
            "requirements": list(self.requirements),
            "requirement_details": [asdict(r) for r in self.requirement_details],
            "fees": [asdict(f) for f in self.fees],
            "exceptions": [{"question": e.question, "answer": e.answer} for e in self.exceptions],
            "steps": [{"title": s.title, "text": s.text} for s in self.steps],
            "product": self.product,
            "late": self.late,
            "other_ways": self.other_ways,
            "ways": [asdict(w) for w in self.ways],
            "places": [{**asdict(p), "hours": [{**asdict(h), "days": list(h.days)} for h in p.hours]} for p in self.places],
            "contacts": [asdict(c) for c in self.contacts],
            "complaint_category": self.complaint_category,
            "complaint_channels": list(self.complaint_channels),
            "legal": list(self.legal),
            "legal_details": [asdict(r) for r in self.legal_details],
            "pledge": self.pledge,
            "decree_number": self.decree_number,
            "decree_date": self.decree_date.isoformat() if self.decree_date else None,
            "reviewed": self.reviewed.isoformat() if self.reviewed else None,
            "next_review": self.next_review.isoformat() if self.next_review else None,
            "sources": list(self.sources),
        }
