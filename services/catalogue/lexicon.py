"""What this process remembers of the index and of the approved links; read anew when the edition says that something changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Max, Sum

from portal.lib import editions
from services.catalogue.indexing import weights_of
from services.catalogue.models import SearchEntry, SearchTerm, WordLink
from services.catalogue.stemming import base_words, known_words
from services.catalogue.words import STOP, edit_distance, index_word

EQUAL, LOOSE, BACK = 0.95, 0.6, 0.8  # of a word: one that means the same, one it leads to, one that means what it means
ASIDE = 0.1  # of an entry, for how rare a word is: one that has it in its papers, topic or life events only
MOST_BACK = 8
MOST_SPELLINGS = 4
MOST_ENTRIES = 1_000
LINES = {"name": 1.0, "synonym": 1.0, "english": 1.0, "link": 0.95}


Words = tuple[str, ...]


@dataclass
class Terms:
    """The words of the index: how many entries have a root, and how words are written."""

    total: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    telling: dict[str, int] = field(default_factory=dict)  # of these, those with the word in a telling line
    roots: dict[str, str] = field(default_factory=dict)
    _rarity: dict[str, float] = field(default_factory=dict)

    def __contains__(self, root: str) -> bool:
        return root in self.entries

    def rarity(self, root: str) -> float:
        """0.7 for a word of every entry, the more the fewer have it. One that is only in papers or topics (`ktp`) counts little."""
        known = self._rarity.get(root)
        if known is None:
            entries = self.entries.get(root, self.total)
            telling = self.telling.get(root, entries)
            having = telling + ASIDE * (entries - telling)
            known = self._rarity[root] = math.log(1 + self.total / max(1, having))
        return known

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

    meanings: dict[Words, dict[Words, float]] = field(default_factory=dict)
    back: dict[str, list[str]] = field(default_factory=dict)  # single words that mean this one
    plainest: dict[str, str] = field(default_factory=dict)  # a word -> the one word it means
    words: frozenset[str] = frozenset()
    longest: int = 1

    def plain(self, words: Words) -> Words:
        return tuple(self.plainest.get(w) or self.plainest.get(index_word(w)) or index_word(w) for w in words)


class Spellings:
    """Words by length with a mask of their letters: two words of small distance differ in few letters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_length: dict[int, list[tuple[int, str]]] = {}
        for word in sorted(words):
            self._by_length.setdefault(len(word), []).append((_mask(word), word))

    def near(self, typed: str, most: int = 2) -> list[str]:
        """The nearest words: distance 1 up to 7 letters, else `most`; those with the same first letter before others."""
        if len(typed) < 4 or typed.isdigit():
            return []
        reach, mask = (1 if len(typed) <= 7 else most), _mask(typed)
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
class Entry:
    """A service as the ranking reads it: the weight of each word, and its names and synonyms with the rarity of all their words."""

    service_id: int
    code: str
    weights: dict[str, float]
    lines: tuple[tuple[float, tuple[str, ...], float], ...]


@dataclass(frozen=True)
class Memory:
    edition: str
    stamp: tuple[object, ...]
    terms: Terms
    lexicon: Lexicon
    spellings: Spellings
    entries: dict[int, Entry] = field(default_factory=dict)  # by the id of the index entry; what was asked for lately


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
        memory = Memory(edition, stamp, memory.terms, memory.lexicon, memory.spellings, memory.entries)
    else:
        terms, lexicon = _terms(), _lexicon()
        known = {w for w, r in terms.roots.items() if r in terms.entries and len(w) > 3} | lexicon.words
        memory = Memory(edition, stamp, terms, lexicon, Spellings(known - STOP))
    _memory = memory
    return memory


def entries_of(ids: Iterable[int], memory: Memory) -> list[Entry]:
    """These entries of the index; what the process does not remember is read in one statement."""
    wanted = list(ids)
    missing = [pk for pk in wanted if pk not in memory.entries]
    if missing:
        if len(memory.entries) > MOST_ENTRIES:
            memory.entries.clear()
            missing = wanted
        rows = SearchEntry.objects.filter(pk__in=missing).values_list("pk", "service_id", "service__code", "lines")
        for pk, service_id, code, lines in rows:
            told = [(LINES[kind], tuple(words)) for kind, words in lines if kind in LINES]
            rare = tuple((factor, words, sum(map(memory.terms.rarity, words))) for factor, words in told)
            memory.entries[pk] = Entry(service_id, code, weights_of(lines), rare)
    return [memory.entries[pk] for pk in wanted if pk in memory.entries]


def _stamp() -> tuple[object, ...]:
    links = WordLink.objects.aggregate(n=Count("pk"), at=Max("decided_at"), last=Max("pk"))
    terms = SearchTerm.objects.aggregate(n=Count("pk"), all=Sum("entries"), telling=Sum("telling"), last=Max("pk"))
    entries = SearchEntry.objects.aggregate(n=Count("pk"), last=Max("pk"))
    return (*links.values(), *terms.values(), *entries.values())


def _terms() -> Terms:
    terms = Terms(total=SearchEntry.objects.count())
    for word, root, entries, telling in SearchTerm.objects.values_list("word", "root", "entries", "telling"):
        terms.roots[word] = root
        if entries and word == root:
            terms.entries[word], terms.telling[word] = entries, telling
    return terms


def _lexicon() -> Lexicon:
    """Each link under its words as folded, as roots, and with each word in its plainest form (`kursi rodo`, `kertu penduduk`)."""
    rows = WordLink.objects.filter(state=WordLink.State.APPROVED, service=None).order_by("words", "means")
    links = [(tuple(w.split()), tuple(m.split()), x) for w, m, x in rows.values_list("words", "means", "is_loose")]
    lexicon, words = Lexicon(), set()
    for key, means, loose in links:
        if len(key) == len(means) == 1 and not loose:
            lexicon.plainest.setdefault(key[0], index_word(means[0]))
    for key, means, loose in links:
        target = tuple(index_word(w) for w in means)
        weight = LOOSE if loose else EQUAL
        for form in _forms(key, lexicon):
            known = lexicon.meanings.setdefault(form, {})
            known[target] = max(known.get(target, 0.0), weight)
        lexicon.longest = max(lexicon.longest, len(key))
        words |= {w for w in (*key, *means) if len(w) > 3}
        if len(key) == len(means) == 1 and not loose and not _is_derived(key[0]):
            lexicon.back.setdefault(target[0], []).append(index_word(key[0]))
    lexicon.words = frozenset(words) | {w for w in known_words() if len(w) > 3}
    return lexicon


def _is_derived(word: str) -> bool:
    """`dirumahkan` is made from `rumah` and means something else."""
    root = index_word(word)
    return root != word and root in base_words()


def _forms(key: Words, lexicon: Lexicon) -> set[Words]:
    if len(key) == 1:
        return {key} if _is_derived(key[0]) else {key, (index_word(key[0]),)}
    return {key, tuple(index_word(w) for w in key), lexicon.plain(key)}
