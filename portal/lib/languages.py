"""The language of a page is a function of its path alone: `/en/...` is English, everything else Indonesian.

The same page has the same path in every language, behind the language's prefix.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import get_language

DEFAULT: str = settings.LANGUAGE_CODE
_MARKS = str.maketrans(",.", ".,")
CODES: tuple[str, ...] = tuple(code for code, _name in settings.LANGUAGES)


def language_of(path: str) -> str:
    """The language that this path is in."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in CODES and first != DEFAULT else DEFAULT


def path_in(language: str, path: str) -> str:
    """The same page in that language."""
    present = language_of(path)
    bare = path if present == DEFAULT else path.removeprefix(f"/{present}") or "/"
    return bare if language == DEFAULT else f"/{language}{bare}"


def written(number: str) -> str:
    """A number with the marks of English (1,500.5) in those of the page's language, and back."""
    return number if active() == "en" else number.translate(_MARKS)


def active() -> str:
    """The language in which something is being written right now: one of `CODES`."""
    language = (get_language() or DEFAULT)[:2]
    return language if language in CODES else DEFAULT
