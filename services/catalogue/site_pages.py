"""Pages of the portal that are no service, found with the same words and the same ranking, and shown below the services."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from portal.lib.languages import DEFAULT
from services.catalogue.indexing import weights_of
from services.catalogue.interpretation import interpret
from services.catalogue.lexicon import LINES, Entry, present
from services.catalogue.models import SitePage
from services.catalogue.ranking import match

MOST = 3
MOST_READ = 200
WORTH = 2.5  # below that a page only happens to have a word; one of its summary is enough, one of its text is not


@dataclass(frozen=True)
class FoundPage:
    path: str
    title: str
    summary: str
    kind: str
    language: str


def search_pages(text: str, language: str = DEFAULT) -> list[FoundPage]:
    """At most three pages, best first, in this language, else in Indonesian. One statement."""
    memory = present()
    slots = interpret(text, memory)
    typed = sorted({w for s in slots for words, weight in s.alternatives.items() if weight >= 0.8 for w in words})
    typed += [w for s in slots if not s.alternatives for w in s.own]
    if not typed:
        return []
    for slot in slots:
        slot.may_mean(slot.own, 1.0)
        slot.importance = max(slot.importance, 1.0)
    condition = Q()
    for word in typed[:40]:
        condition |= Q(words__contains=f" {word} ")
    rows = SitePage.objects.filter(condition, language__in={language, DEFAULT}).order_by("path")[:MOST_READ]
    by_path: dict[str, SitePage] = {}
    for row in rows:
        if row.path not in by_path or row.language == language:
            by_path[row.path] = row
    scored = []
    for row in by_path.values():
        told = tuple((LINES[kind], tuple(ws), sum(map(memory.terms.rarity, ws))) for kind, ws in row.lines if kind in LINES)
        found = match(Entry(0, row.path, weights_of(row.lines), told), slots, memory.terms)
        if found.score >= WORTH:
            scored.append((-round(found.score, 6), row.path, row))
    scored.sort(key=lambda s: s[:2])
    return [FoundPage(r.path, r.title, r.summary, r.kind, r.language) for _score, _path, r in scored[:MOST]]
