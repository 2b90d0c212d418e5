"""The one ranking: what a service is worth for the slots of a query. The same on every database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.catalogue.interpretation import Slot, Words
from services.catalogue.lexicon import Entry, Terms

RARER = 1.2  # a rare alternative counts at most so much more than what was typed
FULL_LINE = 1.3
COVERAGE = 0.75


@dataclass(frozen=True)
class Match:
    """A score, and for each slot that the service has: which alternative it has it by."""

    score: float
    by: dict[int, Words]


def match(entry: Entry, slots: Sequence[Slot], terms: Terms) -> Match:
    """The best alternative of each slot in its best line, times the share that is covered, times how well a line fits."""
    weights = entry.weights
    by: dict[int, Words] = {}
    score = covered = everything = 0.0
    meant: dict[str, tuple[float, int]] = {}  # word -> weight and slot
    for number, slot in enumerate(slots):
        everything += slot.importance
        best, share = 0.0, 0.0
        most = RARER * slot.importance
        for words, weight in slot.alternatives.items():
            has = [w for w in words if w in weights]
            if not has:
                continue
            part = (len(has) / len(words)) ** 2
            value = part * weight * sum(weights[w] * min(terms.rarity(w), most) for w in has) / len(has)
            if value > best:
                best, by[number] = value, words
            share = max(share, part * weight)
            for w in has:
                if w not in meant or meant[w][0] < weight:
                    meant[w] = (weight, number)
        score += best
        covered += slot.importance * share
    if not score or not everything:
        return Match(0.0, by)
    fit = _best_line(entry, meant, slots, everything, terms)
    return Match(score * (1 - COVERAGE + COVERAGE * covered / everything) * (1 + FULL_LINE * fit), by)


def _best_line(
    entry: Entry, meant: dict[str, tuple[float, int]], slots: Sequence[Slot], everything: float, terms: Terms
) -> float:
    """How well one name or synonym and the query cover each other (an F measure by rarity), 0 to 1."""
    best = 0.0
    for factor, words, whole in entry.lines:
        hits = [w for w in words if w in meant]
        if not hits:
            continue
        hit = 0.0
        told: dict[int, float] = {}
        for word in hits:
            weight, number = meant[word]
            hit += terms.rarity(word) * weight
            told[number] = max(weight, told.get(number, 0.0))
        precise = hit / whole
        recalled = sum(slots[n].importance * w for n, w in told.items()) / everything
        if precise + recalled:
            best = max(best, factor * 2 * precise * recalled / (precise + recalled))
    return best
