"""Rows of a mapping as three lines of text that a person types, and back. What cannot be said so stays JSON.

From: `nik`, `@reference`, `="JNS-01"` (a fixed value), `expr: anak[0].nama`. Steps: `trim, upper`, `date %d-%m-%Y`, or JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

BLANK_ROWS = 3


@dataclass(frozen=True)
class Line:
    """What stands in the inputs of one row."""

    to: str = ""
    source: str = ""
    steps: str = ""
    required: bool = False
    rest: str = ""  # what has no input of its own (each, default), as JSON

    @property
    def blank(self) -> bool:
        return not (self.to or self.source or self.steps or self.rest)


class UnreadableRow(ValueError):
    """A sentence for the person who typed it."""


def line_of(row: Mapping[str, Any]) -> Line:
    source = row.get("from", "")
    if "const" in row:
        source = "=" + json.dumps(row["const"], ensure_ascii=False)
    elif "expr" in row:
        source = f"expr: {row['expr']}"
    rest = {name: row[name] for name in ("each", "default") if name in row}
    return Line(
        to=row["to"],
        source=source,
        steps=_steps_text(row.get("as")),
        required=bool(row.get("required")),
        rest=json.dumps(rest, ensure_ascii=False) if rest else "",
    )


def _steps_text(steps: Any) -> str:
    if steps in (None, [], ""):
        return ""
    listed = steps if isinstance(steps, list) else [steps]
    if all(isinstance(one, str) for one in listed):
        return ", ".join(listed)
    if len(listed) == 1 and set(listed[0]) == {"date"} and isinstance(listed[0]["date"], str):
        return f"date {listed[0]['date']}"
    return json.dumps(steps, ensure_ascii=False)


def row_of(line: Line) -> dict[str, Any]:
    """Raises UnreadableRow."""
    row: dict[str, Any] = {"to": line.to.strip()}
    source = line.source.strip()
    if source.startswith("="):
        row["const"] = _json(source[1:], _('Nilai tetap ditulis sebagai JSON, misalnya ="JNS-01" atau =12'))
    elif source.startswith("expr:"):
        row["expr"] = source.removeprefix("expr:").strip()
    else:
        row["from"] = source
    if line.steps.strip():
        row["as"] = _steps(line.steps.strip())
    if line.required:
        row["required"] = True
    if line.rest.strip():
        rest = _json(line.rest, _('Isian tambahan ditulis sebagai JSON, misalnya {"default": 0}'))
        if not isinstance(rest, dict) or not rest.keys() <= {"each", "default"}:
            raise UnreadableRow(_("Isian tambahan hanya boleh berisi each dan default"))
        row |= rest
    return row


def _steps(text: str) -> Any:
    if text.startswith(("[", "{")):
        return _json(text, _("Langkah tidak bisa dibaca sebagai JSON"))
    if text.startswith("date "):
        return {"date": text.removeprefix("date ").strip()}
    words = [word.strip() for word in text.split(",") if word.strip()]
    return words[0] if len(words) == 1 else words


def _json(text: str, sentence: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableRow(sentence) from error


def lines_in(typed: Mapping[str, str], count: int) -> list[Line]:
    """The rows of a form, blank ones left out. `count` inputs at most."""
    lines = [
        Line(
            to=typed.get(f"to-{n}", "").strip(),
            source=typed.get(f"dari-{n}", "").strip(),
            steps=typed.get(f"langkah-{n}", "").strip(),
            required=bool(typed.get(f"wajib-{n}")),
            rest=typed.get(f"lain-{n}", "").strip(),
        )
        for n in range(count)
    ]
    return [line for line in lines if not line.blank]
