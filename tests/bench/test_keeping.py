"""Figures of a run of one part go into the page of all, and the others stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.keeping import merged

PAGE = """# Bench

| goal | what | figure | wanted | |
|---|---|---|---|---|
| G8 | home | 0.45x | <= 0.5x | reached |
| G1 | lookup | 0.50x | <= 0.4x | **missed** |

- a note
"""


def a_run(figure: str) -> dict[str, Any]:
    row = {"goal": "G1", "what": "lookup", "figure": figure, "wanted": "<= 0.4x", "reached": True}
    more = {"goal": "G7", "what": "lookup, open", "figure": "1.1x", "wanted": "<= 1.3x", "reached": None}
    return {"at": "2026-11-30T16:00:00+07:00", "machine": "2 cores", "quick": True, "rows": [row, more]}


def test_rows_are_replaced_or_added_and_the_day_is_said_once() -> None:
    text = merged(merged(PAGE, a_run("0.39x")), a_run("0.38x"))
    lines = text.splitlines()
    assert "| G8 | home | 0.45x | <= 0.5x | reached |" in lines
    assert [line for line in lines if line.startswith("| G1 ")] == ["| G1 | lookup | 0.38x | <= 0.4x | reached |"]
    assert [line for line in lines if line.startswith("| G7 ")] == ["| G7 | lookup, open | 1.1x | <= 1.3x |  |"]
    assert [line for line in lines if "later run" in line] == [
        "Rows of a later run: G1, G7: 2026-11-30 16:00, 2 cores, quick."
    ]
    assert lines[-1] == "- a note"


def test_a_page_without_the_table_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no table"):
        merged("# Something else\n", a_run("0.39x"))
