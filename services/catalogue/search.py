"""Search: the database finds candidates by word, one Python function ranks them.

The index (`SearchEntry`, `SearchWord`) is kept by `actions.publish_services` in the transaction that publishes, so
what is live is found at once. The same top results on SQLite and PostgreSQL.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from services.catalogue.models import SearchEntry, SearchWord, ServiceText
from services.catalogue.words import STOP, WORD_MAP, edit_distance, index_word, plain_words

MAX_QUERY_LENGTH = 200
MAX_WORDS = 12
MAX_CANDIDATES = 200
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

    last = words[-1]
    matches = _matches(query.language, words, prefix=last if len(last) >= 3 else "")
    known = {word for word, _ in matches}
    unknown = [w for w in words if w not in known and not (w == last and any(k.startswith(w) for k in known))]
    corrected = _corrections(query.language, unknown)
    if corrected:
        words = [corrected.get(w, w) for w in words]
        matches |= _matches(query.language, list(corrected.values()))
    ids = _rank(query.language, words, matches)
    also = tuple(dict.fromkeys(WORD_MAP[w] for w in typed if w in WORD_MAP and index_word(w) in known))
    if corrected:
        corrected = _readable(query.language, corrected, ids[:10])
    return SearchResult(ids=ids, words=tuple(words), corrected=corrected, also=also, numbers=numbers)


def _matches(language: str, words: list[str], *, prefix: str = "") -> set[tuple[str, int]]:
    """(word, entry id) of every index row that carries one of the words or begins with the prefix."""
    wanted = Q(word__in=words)
    if prefix:
        wanted |= Q(word__gte=prefix, word__lt=f"{prefix}zzzz")
    rows = SearchWord.objects.filter(wanted, language=language).values_list("word", "entry_id")
    return set(rows)


def _corrections(language: str, unknown: Iterable[str]) -> dict[str, str]:
    """For each word that the index lacks, the nearest one it has: distance 1 up to 6 letters, else 2."""
    unknown = [w for w in unknown if len(w) >= 4 and not w.isdigit()]
    if not unknown:
        return {}
    near = Q()
    for word in unknown:
        limit = 1 if len(word) <= 6 else 2
        near |= Q(length__gte=len(word) - limit, length__lte=len(word) + limit)
    stock = SearchWord.objects.filter(near, language=language).values_list("word", flat=True).distinct()
    best: dict[str, tuple[int, bool, int, str]] = {}
    for candidate in stock:
        for word in unknown:
            limit = 1 if len(word) <= 6 else 2
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


def _readable(language: str, corrected: dict[str, str], ids: tuple[int, ...]) -> dict[str, str]:
    """The corrections as people write them: the index holds stems, the texts hold words."""
    written: dict[str, str] = {}
    texts = ServiceText.objects.filter(language=language, service_id__in=ids).values_list("name", "synonyms")
    for name, synonyms in texts:
        for word in plain_words(" ".join([name, *synonyms])):
            written.setdefault(index_word(word), word)
    return {wrong: written.get(right, right) for wrong, right in corrected.items()}


def _rank(language: str, words: list[str], matches: set[tuple[str, int]]) -> tuple[int, ...]:
    """Best field of each word times its rarity, times the share of words hit; a line matched in full is worth more."""
    by_entry: dict[int, set[str]] = defaultdict(set)
    frequency: dict[str, int] = defaultdict(int)
    for word, entry in matches:
        by_entry[entry].add(word)
        frequency[word] += 1
    if not by_entry:
        return ()
    total = SearchEntry.objects.filter(language=language).count()
    rarity = {word: math.log(1 + total / n) for word, n in frequency.items()}

    def hit(word: str, found: set[str]) -> tuple[str, float] | None:
        if word in found:
            return word, 1.0
        if word == words[-1]:
            longer = [f for f in found if f.startswith(word)]
            if longer:
                return max(longer, key=lambda f: rarity[f]), 0.5
        return None

    def rough(found: set[str]) -> float:
        return sum(rarity[h[0]] * h[1] for w in words if (h := hit(w, found)))

    candidates = sorted(by_entry, key=lambda e: (-rough(by_entry[e]), e))[:MAX_CANDIDATES]
    scored: list[tuple[float, str, int]] = []
    wanted = set(words)
    entries = SearchEntry.objects.filter(id__in=candidates).values_list("id", "service_id", "service__code", "lines")
    for entry_id, service_id, code, lines in entries:
        found, score, hits = by_entry[entry_id], 0.0, 0
        for word in words:
            match = hit(word, found)
            if match is None:
                continue
            weight = max((WEIGHTS[kind] for kind, line in lines if match[0] in line), default=0.0)
            score += weight * rarity[match[0]] * match[1]
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
