"""What a person typed, made safe and comparable: NFC, no controls, no invisible direction marks, digits of any script."""

import re
import unicodedata

CUT_FACTOR = 4
CUT_EXTRA = 400
MAX_MARKS = 4  # combining marks on one letter; more is a flood, not a language

_BIDI_AND_ZERO_WIDTH = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u180e"
)
_SPACES = re.compile(r"[^\S\n]+")


def cut(text: str, max_length: int) -> str:
    """Shorten before cleaning: cleaning a megabyte costs a second, and four times the limit is wrong anyway."""
    return text[: CUT_FACTOR * max_length + CUT_EXTRA]


def clean(text: str, *, lines: bool = False) -> str:
    """One line (or several with `lines`) of visible text, trimmed. Emoji and foreign letters stay."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept: list[str] = []
    marks = 0
    for sign in text:
        category = unicodedata.category(sign)
        if sign in _BIDI_AND_ZERO_WIDTH or category == "Cs":
            continue
        if category in {"Cc", "Zl", "Zp"}:
            kept.append("\n" if lines and sign == "\n" else " ")
            marks = 0
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= MAX_MARKS:
            kept.append(sign)
    spaced = _SPACES.sub(" ", "".join(kept))
    if lines:
        spaced = re.sub(r" ?\n ?", "\n", spaced)
        spaced = re.sub(r"\n{3,}", "\n\n", spaced)
    return spaced.strip()


def latin_digits(text: str) -> str:
    """Full-width, Arabic and other decimal digits as 0-9."""
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() and not sign.isascii() else sign for sign in text)


def compact(text: str) -> str:
    """A number as people write it ("3576 0102-..."), without spaces, dots and dashes."""
    return re.sub(r"[\s.\-‐‑‒–—]+", "", latin_digits(text))


def clean_key(key: object) -> str:
    """A member name of a foreign JSON object, fit to be shown in a sentence."""
    return clean(str(key)[:80])
