"""The frozen values that go between the floors: what a published service is, in one language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class Step:
    title: str
    text: str = ""


@dataclass(frozen=True)
class RareCase:
    """A rare case shown folded: a question of a resident and its answer."""

    question: str
    answer: str


# The members that are words for people, and so differ between languages.
WORDS = "summary fee_note hours who requirements exceptions steps product late other_ways legal".split()


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
    time_value: int | None = None
    time_unit: str = ""  # menit, jam, hari_kerja, hari_kalender, langsung
    fill_minutes: int | None = None
    who: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    exceptions: tuple[RareCase, ...] = ()
    steps: tuple[Step, ...] = ()
    product: str = ""
    late: str = ""
    other_ways: str = ""
    complaint_category: str = ""
    complaint_channels: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    decree_number: str = ""
    decree_date: date | None = None
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
            "exceptions": [{"question": e.question, "answer": e.answer} for e in self.exceptions],
            "steps": [{"title": s.title, "text": s.text} for s in self.steps],
            "product": self.product,
            "late": self.late,
            "other_ways": self.other_ways,
            "complaint_category": self.complaint_category,
            "complaint_channels": list(self.complaint_channels),
            "legal": list(self.legal),
            "decree_number": self.decree_number,
            "decree_date": self.decree_date.isoformat() if self.decree_date else None,
            "reviewed": self.reviewed.isoformat() if self.reviewed else None,
            "next_review": self.next_review.isoformat() if self.next_review else None,
            "sources": list(self.sources),
        }
