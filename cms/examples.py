"""Examples that a service page begins from, and the text in them that the editor has yet to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from cms.models import ServicePage

# The one block type of each field of rows.
ROWS = {
    "who": "item",
    "requirements": "item",
    "exceptions": "case",
    "fees": "fee",
    "steps": "step",
    "ways": "way",
    "places": "place",
    "contacts": "contact",
    "legal": "item",
}
_LEFT = re.compile(r"\[\s*ganti\b[^\]]{0,200}\]?", re.IGNORECASE)


@dataclass(frozen=True)
class Example:
    name: str
    title: str
    text: str
    fields: dict[str, Any]


@cache
def examples() -> tuple[Example, ...]:
    found = yaml.safe_load((Path(__file__).parent / "examples.yaml").read_text("utf-8"))
    return tuple(Example(**row) for row in found)


def begin(page: ServicePage, name: str) -> None:
    """Fill the new, unsaved page from the example of that name; KeyError when there is none."""
    example = {e.name: e for e in examples()}[name]
    for field, value in example.fields.items():
        if field not in ROWS:
            setattr(page, field, value)
            continue
        block = page._meta.get_field(field).stream_block
        raw = [{"type": ROWS[field], "value": row} for row in value]
        setattr(page, field, block.to_python(raw))


def left_over(page: ServicePage) -> dict[str, str]:
    """The first piece of example text that still stands in each field."""
    fields = [*ROWS, "title", "summary", "fee_note", "app", "hours", "product", "late", "other_ways", "pledge"]
    found = {}
    for name in fields:
        for text in _texts(getattr(page, name)):
            if left := _LEFT.search(text):
                found[name] = left[0]
                break
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif hasattr(value, "stream_block"):
        for block in value:
            yield from _texts(block.value)
    elif isinstance(value, dict):
        for child in value.values():
            yield from _texts(child)
    elif not isinstance(value, (int, float, bool, type(None))) and hasattr(value, "__iter__"):
        for child in value:
            yield from _texts(child)
