"""What stands in one cell: plain text, and rows of a block as lines with parts between bars.

A cell that a spreadsheet program could take for a formula is written with an apostrophe before it, and read without. So is
what stands after a semicolon, tab or line end inside a cell: a program whose lists are written with semicolons (as in Indonesia)
cuts a table with commas there, and the rest would begin a cell of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

# OWASP, CSV injection; the last four are the wide forms of the first.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_CUT = re.compile(r"([;\t\r\n] *)('*[=+\-@＝＋－＠])")
_CUT_BEFORE = re.compile(r"([;\t\r\n] *)'('*[=+\-@＝＋－＠])")
MAX_CELL = 32_767  # characters, the limit of spreadsheet programs
_PARTS = re.compile(r"(?<!\\)(?:\\\\)*\|")
_DATE = (("%Y-%m-%d", re.compile(r"^\d{4}-\d{1,2}-\d{1,2}$")), ("%d/%m/%Y", re.compile(r"^\d{1,2}/\d{1,2}/\d{4}$")))


def harmless(text: str) -> str:
    """The text as a cell that no program runs, wherever it cuts the line."""
    inside = _CUT.sub(r"\1'\2", text)
    return f"'{inside}" if _like_a_formula(inside.lstrip("'")) else inside


def plain(text: str) -> str:
    """What `harmless` made from it, undone."""
    inside = text[1:] if text.startswith("'") and _like_a_formula(text.lstrip("'")) else text
    return _CUT_BEFORE.sub(r"\1\2", inside)


def _like_a_formula(text: str) -> bool:
    return text.lstrip(" \n").startswith(_FORMULA)


def join(rows: Sequence[Sequence[Any]]) -> str:
    """One line a row, its parts between bars; parts at the end that are empty are left out."""
    lines = []
    for row in rows:
        parts = ["" if part is None else str(part) for part in row]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        lines.append(re.sub(r"\|  (?=\|)", "| ", " | ".join(_escaped(part) for part in parts)))
    return "\n".join(lines)


def split(text: str) -> list[list[str]]:
    """The opposite of `join`; empty lines are left out."""
    return [[_unescaped(part) for part in _bars(line)] for line in text.splitlines() if line.strip()]


def _bars(line: str) -> list[str]:
    parts, start = [], 0
    for found in _PARTS.finditer(line):
        parts.append(line[start : found.end() - 1])
        start = found.end()
    return [*parts, line[start:]]


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("|", "\\|").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _unescaped(part: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], part.strip())


def as_date(text: str) -> date | None:
    """2026-11-24 or 24/11/2026; None when it is neither, or no day."""
    for form, pattern in _DATE:
        if pattern.match(text):
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                return None
    return None
