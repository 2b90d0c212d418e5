"""Words as people type them: folding, light stemming, and a small map of Javanese, slang and spelling."""

from __future__ import annotations

import re
import unicodedata

_STOP_WORDS = (
    "dan di ke dari yang untuk atau dengan pada oleh ini itu saya aku kami anda mau ingin buat bikin gawe nggawe cara "
    "caranya gimana bagaimana piye ga gak nggak enggak minta tolong apa ada bisa urus mengurus ngurus ngurusi nang ning "
    "nek karo sing a an the of for to in on at my i how and or new"
)
STOP = frozenset(_STOP_WORDS.split())

# About single words, applied to the index and to the query alike. Left: as typed; right: as indexed.
WORD_MAP: dict[str, str] = {
    "akte": "akta",
    "lair": "lahir",
    "klahiran": "lahir",
    "ilang": "hilang",
    "ketlingsut": "hilang",
    "kecer": "hilang",
    "rabi": "nikah",
    "kawin": "nikah",
    "kawinan": "nikah",
    "merid": "nikah",
    "pegatan": "cerai",
    "pegat": "cerai",
    "mati": "meninggal",
    "mninggal": "meninggal",
    "wafat": "meninggal",
    "sedo": "meninggal",
    "matian": "meninggal",
    "omah": "rumah",
    "griya": "rumah",
    "pajek": "pajak",
    "banyu": "air",
    "dalan": "jalan",
    "sekolahan": "sekolah",
    "rusak": "rusak",
    "anyar": "baru",
    "loro": "sakit",
    "lara": "sakit",
    "gerah": "sakit",
    "gratisan": "gratis",
    "kerjo": "kerja",
    "gawean": "kerja",
    "kerjaan": "kerja",
    "lowongan": "kerja",
    "ijin": "izin",
    "surate": "surat",
    "domisli": "domisili",
    "puskemas": "puskesmas",
    "kobongan": "kebakaran",
    "kobong": "kebakaran",
    "wargo": "warga",
    "bojo": "pasangan",
    "birth": "lahir",
    "marriage": "nikah",
    "wedding": "nikah",
    "tax": "pajak",
    "death": "meninggal",
    "divorce": "cerai",
    "lost": "hilang",
}

_KTP = re.compile(r"\b(?:e[\s-]?ktp|ktp[\s-]?el(?:ektronik)?)\b")
_TWICE = re.compile(r"\b(\w{2,})-\1\b")
_DOUBLED = re.compile(r"([a-z])\1+")
_WORD = re.compile(r"[a-z0-9]+")
_PREFIXES = ("meng", "peng", "meny", "peny", "mem", "pem", "men", "pen", "ber", "per", "ter", "me", "pe", "di", "ke", "se")
_SUFFIXES = ("kannya", "annya", "nya", "kan", "an")


def fold(text: str) -> str:
    """Lower case, no accents, one spelling of KTP-el, no reduplication."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c))
    return _TWICE.sub(r"\1", _KTP.sub("ktp", text))


def stem(word: str) -> str:
    """A light Indonesian stemmer: words over 4 letters lose a suffix and a prefix, at least 4 letters stay."""
    if len(word) <= 4 or word.isdigit():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)]
            break
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 4:
            return word[len(prefix) :]
    return word


def plain_words(text: str) -> list[str]:
    return [_DOUBLED.sub(r"\1", w) for w in _WORD.findall(fold(text))]


def index_word(word: str) -> str:
    """A folded word as it stands in the index: mapped, stemmed, mapped again (`akte`, `klahiran`, `perkawinan`)."""
    mapped = WORD_MAP.get(word, word)
    root = stem(mapped)
    return WORD_MAP.get(root, root)


def index_words(text: str) -> list[str]:
    """The searchable words of a text, stop words left out, order kept, each once."""
    return list(dict.fromkeys(index_word(w) for w in plain_words(text) if w not in STOP))


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
