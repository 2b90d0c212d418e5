"""Base words of Indonesian, everyday Javanese and simple English inflections: affixes go, where a known base word is left.

After Nazief and Adriani's idea: an affix is taken off only if what remains is in the list of base words; a word that leads
to none loses a plain suffix and prefix. The list is the code's (`seeds/`), so index and query always agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"
_DOUBLED = re.compile(r"([a-z])\1+")
_SHORTEST = 3

_ENDINGS = (
    *(
        "nya",
        "ku",
        "mu",
        "lah",
        "kah",
        "kan",
        "an",
        "i",
        "annya",
        "kannya",
        "inya",
        "anku",
        "anmu",
        "u",
    ),  # anak-ku is folded to anaku
    *("ne", "e", "no", "ne", "ake", "en", "ono", "ane", "ipun", "nipun", "s", "es", "ing", "ed", "er", "in"),
)
# What a beginning takes away and what it may have swallowed: menyewa, memotong, menutup, mengirim; nyewo, motong, nutup, ngirim.
_BEGINNINGS = (
    *(("meny", "s"), ("peny", "s"), ("meng", ""), ("peng", ""), ("meng", "k"), ("peng", "k"), ("mem", ""), ("pem", "")),
    *(("mem", "p"), ("pem", "p"), ("men", ""), ("pen", ""), ("men", "t"), ("pen", "t"), ("me", ""), ("pe", "")),
    *(("menge", ""), ("penge", ""), ("memper", ""), ("diper", ""), ("ber", ""), ("be", ""), ("bel", ""), ("per", "")),
    *(
        ("pel", ""),
        ("ter", ""),
        ("te", ""),
        ("di", ""),
        ("ke", ""),
        ("se", ""),
        ("keber", ""),
        ("keter", ""),
        ("pember", ""),
    ),
    *(
        ("ny", "s"),
        ("ny", "c"),
        ("ng", ""),
        ("ng", "k"),
        ("n", "t"),
        ("n", ""),
        ("m", "p"),
        ("m", ""),
        ("m", "w"),
        ("nge", ""),
    ),
    *(("tak", ""), ("dak", ""), ("kami", ""), ("ka", ""), ("pa", ""), ("re", "")),
)
_PLAIN_BEGINNINGS = (
    *("meng", "peng", "meny", "peny", "mem", "pem", "men", "pen", "ber", "per", "ter", "me", "pe", "di", "ke", "se"),
)
_PLAIN_ENDINGS = ("kannya", "annya", "nya", "kan", "an")


def _lines(name: str) -> Iterator[str]:
    for line in (SEEDS / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield _DOUBLED.sub(r"\1", line)


@cache
def base_words() -> frozenset[str]:
    return frozenset(word for line in _lines("roots.txt") for word in line.split())


@cache
def known_words() -> frozenset[str]:
    """Single words of the lists of meanings and of common words: not base words for certain, but words."""
    return frozenset(
        w for name in ("words.txt", "known.txt") for line in _lines(name) for w in re.findall(r"[a-z0-9]+", line)
    )


def _shorter(word: str) -> Iterator[str]:
    """The word with less and less of it: endings, then beginnings, then both; `kerjo` is also tried as `kerja`."""
    without_end = [word[: -len(e)] for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _SHORTEST]
    twice = [
        w[: -len(e)] for w in without_end for e in ("kan", "an", "i", "e", "ne") if w.endswith(e) and len(w) - len(e) >= 3
    ]
    with_e = [
        f"{word[: -len(e)]}e" for e in ("ing", "ed", "er", "es") if word.endswith(e) and len(word) - len(e) >= _SHORTEST
    ]
    stems = [word, *without_end, *with_e, *twice]
    yield from stems[1:]
    for stem in stems:
        for taken, swallowed in _BEGINNINGS:
            rest = len(stem) - len(taken)
            if stem.startswith(taken) and rest + len(swallowed) >= _SHORTEST and rest >= 2:
                yield swallowed + stem[len(taken) :]


def _as_written_in_indonesian(word: str) -> Iterator[str]:
    yield word
    if "o" in word[-3:]:  # loro, kerjo, wargo: Javanese o for a
        yield word[:-3] + word[-3:].replace("o", "a")
        yield word.replace("o", "a")
    if word.endswith("y"):
        yield word[:-1] + "i"
    if word.endswith("ies"):
        yield word[:-3] + "y"


@lru_cache(maxsize=30_000)  # strangers choose the words
def root(word: str) -> str:
    """The base word of a folded word; the word itself when it is short or a number."""
    if len(word) <= 3 or not word.isalpha() or word in base_words():
        return word
    for known in (base_words(), known_words()):
        for form in _as_written_in_indonesian(word):
            if form in known:
                return form
        for shorter in _shorter(word):
            for form in _as_written_in_indonesian(shorter):
                if form in known and len(form) > _SHORTEST:
                    return form
    return _plain(word)


def _plain(word: str) -> str:
    if len(word) <= 4:
        return word
    if len(word) >= 6 and word.endswith("s"):  # an English plural
        return word[:-1]
    for ending in _PLAIN_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            break
    for beginning in _PLAIN_BEGINNINGS:
        if word.startswith(beginning) and len(word) - len(beginning) >= 4:
            return word[len(beginning) :]
    return word
