"""The one ranking: what a service is worth for the slots of a query. The same on every database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.catalogue.indexing import Line, weights_of
from services.catalogue.interpretation import Slot, Words
from services.catalogue.lexicon import Terms

LINES = {"name": 1.0, "synonym": 1.0, "english": 1.0, "link": 0.95}
RARER = 1.2  # a rare alternative counts at most so much more than what was typed
FULL_LINE = 1.3
COVERAGE = 0.75


@dataclass(frozen=True)
class Match:
    """A score, and for each slot that the service has: which alternative it has it by."""

    score: float
    by: dict[int, Words]


def match(lines: Sequence[Line], slots: Sequence[Slot], terms: Terms) -> Match:
    """The best alternative of each slot in its best line, times the share that is covered, times how well a line fits."""
    weights = weights_of(lines)
    by: dict[int, Words] = {}
    score = covered = everything = 0.0
    meant: dict[str, tuple[float, int]] = {}  # word -> weight and slot
    for number, slot in enumerate(slots):
        everything += slot.importance
        best, share = 0.0, 0.0
        for words, weight in slot.alternatives.items():
            has = [w for w in words if w in weights]
            if not has:
                continue
            part = (len(has) / len(words)) ** 2
            value = part * weight * sum(weights[w] * min(terms.rarity(w), RARER * slot.importance) for w in has) / len(has)
            if value > best:
                best, by[number] = value, words
            share = max(share, part * weight)
            for w in has:
                if w not in meant or meant[w][0] < weight:
                    meant[w] = (weight, number)
        score += best
        covered += slot.importance * share
    if not score:
        return Match(0.0, by)
    coverage = covered / everything if everything else 0.0
    fit = _best_line(lines, meant, [s.importance for s in slots], everything, terms)
    return Match(score * (1 - COVERAGE + COVERAGE * coverage) * (1 + FULL_LINE * fit), by)


def _best_line(
    lines: Sequence[Line], meant: dict[str, tuple[float, int]], importance: Sequence[float], everything: float, terms: Terms
) -> float:
    """How well one name or synonym and the query cover each other (an F measure by rarity), 0 to 1."""
    best = 0.0
    for kind, words in lines:
        factor = LINES.get(str(kind))
        if factor is None:
            continue
        whole = hit = 0.0
        slots: dict[int, float] = {}
        for word in words:  # type: ignore[attr-defined]
            rarity = terms.rarity(word)
            whole += rarity
            if word in meant:
                weight, number = meant[word]
                hit += rarity * weight
                slots[number] = max(weight, slots.get(number, 0.0))
        if hit:
            precise = hit / whole
            recalled = sum(importance[n] * w for n, w in slots.items()) / everything if everything else 0.0
            if precise + recalled:
                best = max(best, factor * 2 * precise * recalled / (precise + recalled))
    return best
