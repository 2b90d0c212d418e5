"""What this process remembers of the index and of the approved links; read anew when the edition says that something changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Max, Sum

from portal.lib import editions
from services.catalogue.models import SearchEntry, SearchTerm, WordLink
from services.catalogue.words import STOP, edit_distance, index_word

EQUAL, LOOSE, BACK = 0.95, 0.6, 0.8  # of a word: one that means the same, one it leads to, one that means what it means
MOST_BACK = 8
MOST_SPELLINGS = 4


@dataclass
class Terms:
    """The words of the index: how many entries have a root, and how words are written."""

    total: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)

    def __contains__(self, root: str) -> bool:
        return root in self.entries

    def rarity(self, root: str) -> float:
        return math.log(1 + self.total / max(1, self.entries.get(root, self.total)))

    def beginning_with(self, start: str, most: int) -> list[str]:
        """The rarest roots of words that begin so."""
        found = {r for w, r in self.roots.items() if w.startswith(start) and w != start and r in self.entries}
        return sorted(found, key=lambda r: (self.entries[r], r))[:most]

    def written(self, root: str) -> str:
        """A word people write for this root, the shortest."""
        if self.roots.get(root) == root:
            return root
        return min((w for w, r in self.roots.items() if r == root), key=lambda w: (len(w), w), default=root)


@dataclass
class Lexicon:
    """The approved links between words, by the words as folded and as roots."""

    meanings: dict[tuple[str, ...], dict[tuple[str, ...], float]] = field(default_factory=dict)
    back: dict[str, list[str]] = field(default_factory=dict)  # single words that mean this one
    words: frozenset[str] = frozenset()
    longest: int = 1


class Spellings:
    """Words by length with a mask of their letters: two words of small distance differ in few letters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_length: dict[int, list[tuple[int, str]]] = {}
        for word in sorted(words):
            self._by_length.setdefault(len(word), []).append((_mask(word), word))

    def near(self, typed: str) -> list[str]:
        """The nearest words: distance 1 up to 7 letters, else 2; those with the same first letter before others."""
        if len(typed) < 4 or typed.isdigit():
            return []
        reach, mask = (1 if len(typed) <= 7 else 2), _mask(typed)
        found: list[tuple[int, bool, int, str]] = []
        for length in range(len(typed) - reach, len(typed) + reach + 1):
            for other, word in self._by_length.get(length, ()):
                if (mask ^ other).bit_count() <= 2 * reach:
                    distance = edit_distance(typed, word, reach)
                    if distance <= reach:
                        found.append((distance, word[0] != typed[0], -len(word), word))
        found.sort()
        return [row[3] for row in found if row[:2] == found[0][:2]][:MOST_SPELLINGS]


def _mask(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) - 48)
    return mask


@dataclass(frozen=True)
class Memory:
    edition: str
    stamp: tuple[object, ...]
    terms: Terms
    lexicon: Lexicon
    spellings: Spellings


_memory = Memory("", (), Terms(), Lexicon(), Spellings(()))


def present() -> Memory:
    """What is true now: one short statement when nothing has changed, five when the words have."""
    global _memory
    edition = editions.current()
    memory = _memory
    if memory.edition == edition:
        return memory
    stamp = _stamp()
    if memory.stamp == stamp:
        memory = Memory(edition, stamp, memory.terms, memory.lexicon, memory.spellings)
    else:
        terms, lexicon = _terms(), _lexicon()
        known = {w for w, r in terms.roots.items() if r in terms.entries and len(w) > 3} | lexicon.words
        memory = Memory(edition, stamp, terms, lexicon, Spellings(known - STOP))
    _memory = memory
    return memory


def _stamp() -> tuple[object, ...]:
    links = WordLink.objects.aggregate(n=Count("pk"), at=Max("decided_at"), last=Max("pk"))
    terms = SearchTerm.objects.aggregate(n=Count("pk"), all=Sum("entries"), last=Max("pk"))
    entries = SearchEntry.objects.aggregate(n=Count("pk"), last=Max("pk"))
    return (*links.values(), *terms.values(), *entries.values())


def _terms() -> Terms:
    terms = Terms(total=SearchEntry.objects.count())
    for word, root, entries in SearchTerm.objects.values_list("word", "root", "entries"):
        terms.roots[word] = root
        if entries and word == root:
            terms.entries[word] = entries
    return terms


def _lexicon() -> Lexicon:
    lexicon, words = Lexicon(), set()
    approved = WordLink.objects.filter(state=WordLink.State.APPROVED, service=None).order_by("words", "means")
    for typed, means, loose in approved.values_list("words", "means", "is_loose"):
        key, plain = tuple(typed.split()), tuple(means.split())
        target = tuple(index_word(w) for w in plain)
        weight = LOOSE if loose else EQUAL
        for form in {key, tuple(index_word(w) for w in key)}:
            known = lexicon.meanings.setdefault(form, {})
            known[target] = max(known.get(target, 0.0), weight)
        lexicon.longest = max(lexicon.longest, len(key))
        words |= {w for w in (*key, *plain) if len(w) > 3}
        if len(key) == len(plain) == 1 and not loose:
            lexicon.back.setdefault(target[0], []).append(index_word(key[0]))
    lexicon.words = frozenset(words)
    return lexicon
