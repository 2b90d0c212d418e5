"""Words as people type them: folding, words that say nothing, and the distance between two spellings."""

from __future__ import annotations

import re
import unicodedata

from services.catalogue.stemming import SEEDS, root

LONGEST = 40  # letters of a word in the index

_KTP = re.compile(r"\b(?:e[\s-]?ktp|ktp[\s-]?el(?:ektronik)?)\b")
_LETTER = re.compile(r"\b([a-z])[-.](?=[a-z]{2,}\b)|\b([a-z]{1,3})-(?=\d{1,3}\b)")
_TWICE = re.compile(r"\b(\w{2,})-\1\b")
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[a-z0-9]+")
_TWO = re.compile(r"^([a-z]{3,})2(nya|ne|an)?$")


def _list(name: str) -> list[str]:
    lines = (SEEDS / name).read_text("utf-8").splitlines()
    return [_DOUBLED.sub(r"\1", word) for line in lines if not line.startswith("#") for word in line.split()]


# Without content; and with little of it, since sentences about anything have them.
STOP = frozenset(_list("nothing.txt"))
WEAK = frozenset(root(word) for word in _list("weak.txt"))


def fold(text: str) -> str:
    """Lower case, no accents, one spelling of KTP-el, no reduplication; `p-irt` and `ak-1` are one word each."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("'", "").replace("’", "")
    text = _LETTER.sub(lambda m: m[1] or m[2], _KTP.sub("ktp", text))
    return _TWICE.sub(r"\1", text)


def plain_words(text: str) -> list[str]:
    """The folded words of a text in their order, doubled letters written once."""
    return [_TWO.sub(r"\1", _DOUBLED.sub(r"\1", w))[:LONGEST] for w in _WORD.findall(fold(text))]


def index_word(word: str) -> str:
    """A folded word as it stands in the index."""
    return root(word)


def index_words(text: str) -> list[str]:
    """The searchable words of a text, stop words left out, order kept, each once."""
    return list(dict.fromkeys(r for w in plain_words(text) if not says_nothing(w, r := index_word(w))))


def says_nothing(word: str, root: str) -> bool:
    """Is this a word without content, as written or as its root (`seminggu`, `tahunan`)?"""
    return word in STOP or root in STOP


def edit_distance(a: str, b: str, limit: int) -> int:
    """Damerau-Levenshtein (adjacent swap = 1); `limit + 1` as soon as it must be more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before_last, last = last, row
    return last[-1]
