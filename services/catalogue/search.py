"""Search: the database finds candidates by word, one Python function ranks them.

The index (`SearchEntry`, `SearchWord`) is kept by `actions.publish_services` in the transaction that publishes, so
what is live is found at once. One index has the words of both languages. The same top results on SQLite and PostgreSQL.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Case, Count, Max, Q, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable

from portal.lib import editions
from services.catalogue.models import SearchEntry, SearchWord, ServiceText
from services.catalogue.words import STOP, WORD_MAP, edit_distance, index_word, plain_words

MAX_QUERY_LENGTH = 200
MAX_WORDS = 12
MAX_CANDIDATES = 200
MAX_LONGER = 40  # words that the last one may be the beginning of
KEEP_SHARE = 0.34  # of the best score: below that a hit is noise

WEIGHTS = {"name": 5.0, "synonym": 4.0, "english": 3.0, "summary": 1.5, "topic": 1.0, "content": 0.6}

_HEALTH_WORDS = "pingsan sesak kecelakaan tabrakan sekarat jantung stroke keracunan melahirkan ambulans ambulan ambulance"
_DANGER_WORDS = (
    "darurat kebakaran kobongan kobong api banjir tenggelam maling rampok perampokan dipukul dianiaya kdrt ular longsor "
    "ledakan bunuh emergency fire"
)
_AMBULANCE = frozenset(plain_words(_HEALTH_WORDS))
_RESCUE = frozenset(plain_words(_DANGER_WORDS))


@dataclass(frozen=True)
class SearchQuery:
    text: str
    language: str = "id"


@dataclass(frozen=True)
class SearchResult:
    """Ids of public services, best first, with what was done to the words. `numbers`: emergency numbers to show above."""

    ids: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    corrected: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.ids)


def emergency_numbers(text: str) -> tuple[str, ...]:
    """112 for danger, 119 as well when somebody's health is at stake; empty otherwise."""
    words = set(plain_words(text))
    if words & _AMBULANCE:
        return ("112", "119")
    return ("112",) if words & _RESCUE else ()


def search_services(query: SearchQuery) -> SearchResult:
    """The services people mean by these words. An empty query finds nothing; nothing is ever raised for odd input."""
    text = query.text[:MAX_QUERY_LENGTH]
    numbers = emergency_numbers(text)
    typed = [w for w in plain_words(text) if w not in STOP] or plain_words(text)
    typed = list(dict.fromkeys(typed))[:MAX_WORDS]
    words = list(dict.fromkeys(index_word(w) for w in typed))
    if not words:
        return SearchResult(numbers=numbers)

    stock = _Stock(query.language)
    stock.look_up(words, prefix=words[-1])
    unknown = [w for w in words if not stock.has(w) and not (w == words[-1] and stock.longer(w))]
    corrected = _corrections(query.language, unknown)
    if corrected:
        words = list(dict.fromkeys(corrected.get(w, w) for w in words))
        stock.look_up(corrected.values(), prefix=words[-1])
    ids = _rank(stock, words)
    also = tuple(dict.fromkeys(WORD_MAP[w] for w in typed if w in WORD_MAP and stock.has(index_word(w))))
    if corrected:
        corrected = _readable(corrected, ids[:10])
    return SearchResult(ids=ids, words=tuple(words), corrected=corrected, also=also, numbers=numbers)


class _Stock:
    """The words of the index that a search asks for, each with its rarity. Only counts leave the database."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.rarity: dict[str, float] = {}

    def look_up(self, words: Iterable[str], *, prefix: str = "") -> None:
        """Learn these words and, from three letters on, those that begin with the prefix."""
        wanted = Q(word__in=list(words))
        if len(prefix) >= 3:
            wanted |= Q(word__gte=prefix, word__lt=f"{prefix}zzzz")
        entries = SearchEntry.objects.filter(language=self.language).order_by().values("language")
        total = Subquery(entries.annotate(n=Count("pk")).values("n"))
        rows = SearchWord.objects.filter(wanted, language=self.language).order_by().values_list("word")
        for word, n, all_entries in rows.annotate(n=Count("pk"), total=total):
            self.rarity[word] = math.log(1 + all_entries / n)

    def has(self, word: str) -> bool:
        return word in self.rarity

    def longer(self, word: str) -> list[str]:
        """The rarest words that this one, from three letters on, is the beginning of."""
        if len(word) < 3:
            return []
        found = [w for w in self.rarity if w != word and w.startswith(word)]
        return sorted(found, key=lambda w: (-self.rarity[w], w))[:MAX_LONGER]

    def candidates(self, words: list[str]) -> list[int]:
        """Entries by the sum of their words' rarities; a longer word counts half, and only where the word itself is not."""
        exact = [w for w in words if self.has(w)]
        longer = self.longer(words[-1])
        if not exact and not longer:
            return []
        nothing = Value(0.0)
        score: Combinable = nothing
        if exact:
            score = Sum(Case(*(When(word=w, then=Value(self.rarity[w])) for w in exact), default=nothing))
        if longer:
            half = Max(Case(*(When(word=w, then=Value(self.rarity[w] / 2)) for w in longer), default=nothing))
            score = score + Case(When(itself__gt=0, then=nothing), default=half)
        rows = SearchWord.objects.filter(word__in=[*exact, *longer], language=self.language).order_by().values("entry_id")
        rows = rows.annotate(itself=Count("pk", filter=Q(word=words[-1]))).annotate(score=score)
        return list(rows.order_by("-score", "entry_id").values_list("entry_id", flat=True)[:MAX_CANDIDATES])


def _corrections(language: str, unknown: Iterable[str]) -> dict[str, str]:
    """For each word that the index lacks, the nearest one it has: distance 1 up to 6 letters, else 2."""
    unknown = [w for w in unknown if len(w) >= 4 and not w.isdigit()]
    if not unknown:
        return {}
    lengths = {n for w in unknown for n in range(len(w) - _reach(w), len(w) + _reach(w) + 1)}
    known = _vocabulary(language)
    stock = [word for length in lengths for word in known.get(length, ())]
    best: dict[str, tuple[int, bool, int, str]] = {}
    for candidate in stock:
        for word in unknown:
            limit = _reach(word)
            distance = edit_distance(word, candidate, limit)
            if distance <= limit:
                found = (
                    distance,
                    candidate[0] != word[0],
                    -len(candidate),
                    candidate,
                )  # a letter is dropped more often than added
                best[word] = min(best.get(word, found), found)
    return {word: found[3] for word, found in best.items()}


def _reach(word: str) -> int:
    return 1 if len(word) <= 6 else 2


def _vocabulary(language: str) -> dict[int, list[str]]:
    """Every word of the index by its length, remembered as long as the edition says that nothing has changed."""
    global _remembered
    edition = editions.current()
    if _remembered is None or _remembered[0] != (edition, language):
        words: dict[int, list[str]] = {}
        rows = SearchWord.objects.filter(language=language).order_by().values_list("word", "length").distinct()
        for word, length in rows:
            words.setdefault(length, []).append(word)
        _remembered = ((edition, language), words)
    return _remembered[1]


_remembered: tuple[tuple[str, str], dict[int, list[str]]] | None = None


def _readable(corrected: dict[str, str], ids: tuple[int, ...]) -> dict[str, str]:
    """The corrections as people write them: the index holds stems, the texts hold words."""
    written: dict[str, str] = {}
    texts = ServiceText.objects.filter(service_id__in=ids).order_by("-language").values_list("name", "synonyms")
    for name, synonyms in texts:
        for word in plain_words(" ".join([name, *synonyms])):
            written.setdefault(index_word(word), word)
    return {wrong: written.get(right, right) for wrong, right in corrected.items()}


def _rank(stock: _Stock, words: list[str]) -> tuple[int, ...]:
    """Best field of each word times its rarity, times the share of words hit; a line matched in full is worth more."""
    longer = stock.longer(words[-1])

    def hit(word: str, found: set[str]) -> tuple[str, float] | None:
        if word in found:
            return word, 1.0
        if word == words[-1]:
            return next(((w, 0.5) for w in longer if w in found), None)
        return None

    scored: list[tuple[float, str, int]] = []
    wanted = set(words)
    entries = SearchEntry.objects.filter(id__in=stock.candidates(words)).values_list("service_id", "service__code", "lines")
    for service_id, code, lines in entries:
        found, score, hits = {word[:40] for _, line in lines for word in line}, 0.0, 0
        for word in words:
            match = hit(word, found)
            if match is None:
                continue
            weight = max((WEIGHTS[kind] for kind, line in lines if match[0] in line), default=0.0)
            score += weight * stock.rarity.get(match[0], 0.0) * match[1]
            hits += 1
        score *= (hits / len(words)) ** 1.5
        full = max((WEIGHTS[kind] for kind, line in lines if line and wanted == set(line)), default=0.0)
        covered = max(
            (len(wanted & set(line)) / len(line) for kind, line in lines if line and kind in ("name", "synonym")), default=0
        )
        score *= 1 + full / 5.0 + 0.4 * covered
        scored.append((score, code, service_id))
    scored.sort(key=lambda row: (-row[0], row[1]))
    floor = scored[0][0] * KEEP_SHARE if scored else 0.0
    return tuple(service_id for score, _, service_id in scored if score >= floor and score > 0)
