"""Search: words are read as what they may mean, the database finds candidates by word, one Python function ranks them.

The index is kept by `indexing` in the transaction that publishes, so what is live is found at once. One index has the words of
both languages. The same results in the same order on SQLite and PostgreSQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.db.models import Case, F, Max, QuerySet, Value, When
from django.db.models.expressions import Combinable

from services.catalogue.emergencies import emergency_numbers
from services.catalogue.interpretation import Slot, interpret
from services.catalogue.lexicon import Memory, Terms, entries_of, present
from services.catalogue.models import SearchWord
from services.catalogue.ranking import Match, match
from services.catalogue.words import plain_words

MAX_QUERY_LENGTH = 200
MAX_CANDIDATES, SUGGEST_CANDIDATES = 80, 40
ENOUGH = 20  # found with all telling words: then nobody looks for those with some
MANY_ROWS = 2_000  # of the index that a search may look at before it asks for all telling words first
KEEP_SHARE = 0.12  # of the best score: below that a hit is noise


@dataclass(frozen=True)
class SearchQuery:
    text: str
    language: str = "id"


@dataclass(frozen=True)
class SearchResult:
    """Ids of public services, best first, with what was done to the words.

    `words` are the roots that were looked for, also in place of those typed; `corrected`: typed -> read as; `also`: words that
    mean what was typed; `reasons`: for a service that has none of the typed words, typed -> the word it was found by;
    `numbers`: emergency numbers to show above.
    """

    ids: tuple[int, ...] = ()
    words: frozenset[str] = frozenset()
    corrected: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.ids)


def search_services(query: SearchQuery) -> SearchResult:
    """The services people mean by these words. An empty query finds nothing; nothing is ever raised for odd input."""
    text = query.text[:MAX_QUERY_LENGTH]
    numbers = emergency_numbers(text)
    if not plain_words(text):
        return SearchResult(numbers=numbers)
    memory = present()
    slots = interpret(text, memory)
    return _told(slots, _ranked(slots, memory, MAX_CANDIDATES), memory, numbers, _as_typed(text))


def _ranked(slots: list[Slot], memory: Memory, most: int) -> list[tuple[int, Match]]:
    """Services and how they match, best first; `most` entries are looked at closely."""
    scored: list[tuple[float, str, int, Match]] = []
    for entry in entries_of(_candidates(slots, memory.terms, most), memory):
        found = match(entry, slots, memory.terms)
        if found.score > 0:
            scored.append((found.score, entry.code, entry.service_id, found))
    scored.sort(key=lambda row: (-round(row[0], 6), row[1]))
    floor = scored[0][0] * KEEP_SHARE if scored else 0.0
    return [(row[2], row[3]) for row in scored if row[0] >= floor]


def suggest_services(text: str, most: int) -> tuple[int, ...]:
    """Ids of the services that may be meant by what is typed so far; nothing for less than two letters.

    The first of what a search finds, with fewer looked at closely and nothing told about them.
    """
    words = plain_words(text[:MAX_QUERY_LENGTH])
    if len("".join(words)) < 2:
        return ()
    memory = present()
    ranked = _ranked(interpret(text[:MAX_QUERY_LENGTH], memory), memory, SUGGEST_CANDIDATES)
    return tuple(service for service, _match in ranked[:most])


def _candidates(slots: list[Slot], terms: Terms, most: int) -> list[int]:
    """Entries by the sum of the best of each slot; in a large index those with all telling words first, others when these are few."""
    asked = [s for s in slots if any(w in terms for words in s.alternatives for w in words)]
    if not asked:
        return []
    rows = sum(terms.entries.get(w, 0) for s in asked for w in {w for words in s.alternatives for w in words})
    asked.sort(key=lambda s: -s.importance)
    if rows > MANY_ROWS:
        for telling in ([asked[:2]] if len(asked) > 1 else []) + [asked[:1]]:
            narrowed = SearchWord.objects.all()
            for slot in telling:
                narrowed = narrowed.filter(
                    entry_id__in=SearchWord.objects.filter(word__in=_words(slot, terms)).values("entry_id")
                )
            found = _best(asked, terms, narrowed, most)
            if len(found) >= ENOUGH:
                return found
    return _best(asked, terms, SearchWord.objects.all(), most)


def _words(slot: Slot, terms: Terms) -> list[str]:
    return sorted({w for words in slot.alternatives for w in words if w in terms})


def _best(slots: list[Slot], terms: Terms, rows: QuerySet[SearchWord], most: int) -> list[int]:
    score: Combinable = Value(0.0)
    wanted: set[str] = set()
    for slot in slots:
        worth: dict[str, float] = {}
        for words, weight in slot.alternatives.items():
            for word in words:
                if word in terms:
                    worth[word] = max(
                        worth.get(word, 0.0), weight * min(terms.rarity(word), 1.2 * slot.importance) / len(words)
                    )
        wanted |= worth.keys()
        whens = [When(word=word, then=Value(round(value, 4))) for word, value in sorted(worth.items())]
        score = score + Max(Case(*whens, default=Value(0.0)) * F("weight"))
    ranked = rows.filter(word__in=sorted(wanted)).order_by().values("entry_id").annotate(score=score)
    return list(ranked.order_by("-score", "entry_id").values_list("entry_id", flat=True)[:most])


def _as_typed(text: str) -> dict[str, str]:
    """Folded word -> as it was typed: `acident` -> `accident`."""
    return {" ".join(plain_words(word)): word for word in re.findall(r"[^\s,;.!?()\"]+", text)}


def _told(
    slots: list[Slot], kept: list[tuple[int, Match]], memory: Memory, numbers: tuple[str, ...], as_typed: dict[str, str]
) -> SearchResult:
    """The result with what people are told about their words."""

    def typed(slot: Slot) -> str:
        return " ".join(as_typed.get(word, word) for word in slot.typed.split())

    corrected: dict[str, str] = {}
    also: dict[str, None] = {}
    reasons: dict[int, dict[str, str]] = {}
    written = memory.terms.written
    for place, (service_id, found) in enumerate(kept[:60]):
        why: dict[str, str] = {}
        for number, words in found.by.items():
            slot = slots[number]
            if words == slot.own or set(words) <= set(slot.own):
                why = {}
                break
            meant = slot.corrected.get(words) or " ".join(written(w) for w in words)
            why[typed(slot)] = meant
        for number, words in found.by.items() if place < 5 else ():
            slot = slots[number]
            if words in slot.corrected:
                corrected.setdefault(typed(slot), slot.corrected[words])
            elif not set(words) <= set(slot.own) and slot.alternatives.get(words, 0) > 0.5:
                also.setdefault(" ".join(written(w) for w in words))
        if why:
            reasons[service_id] = why
    roots = frozenset(w for s in slots for meant_words in s.alternatives for w in meant_words)
    return SearchResult(
        ids=tuple(service_id for service_id, _ in kept),
        words=roots,
        corrected=corrected,
        also=tuple(also)[:6],
        reasons=reasons,
        numbers=numbers,
    )
