"""Put the rows of one run into docs/reference/bench.md, beside those of other runs.

python -m tests.bench.keeping var/bench/RUN.json [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench.processes import ROOT

TABLE = "| goal | what | figure | wanted | |"
LATER = "Rows of a later run: "


def line_of(row: dict[str, Any]) -> str:
    reached = "" if row["reached"] is None else "reached" if row["reached"] else "**missed**"
    return f"| {row['goal']} | {row['what']} | {row['figure']} | {row['wanted']} | {reached} |"


def merged(text: str, run: dict[str, Any]) -> str:
    """The page with these rows in the place of those of the same goal and words, or at the end of the table; and when they were
    measured. Raises ValueError for a page without the table."""
    lines = text.splitlines()
    if TABLE not in lines:
        raise ValueError("the page has no table of figures")
    first = lines.index(TABLE) + 2
    last = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
    table = lines[first:last]
    for row in run["rows"]:
        begins = f"| {row['goal']} | {row['what']} |"
        at = next((n for n, line in enumerate(table) if line.startswith(begins)), None)
        if at is None:
            table.append(line_of(row))
        else:
            table[at] = line_of(row)
    goals = ", ".join(dict.fromkeys(row["goal"] for row in run["rows"] if row["goal"]))
    said = f"{LATER}{goals}: {run['at'][:16].replace('T', ' ')}, {run['machine']}{', quick' if run['quick'] else ''}."
    rest = [line for line in lines[last:] if not line.startswith(f"{LATER}{goals}:")]
    while rest and not rest[0]:
        rest.pop(0)
    return "\n".join([*lines[:first], *table, "", said, *(["", *rest] if rest else [])]) + "\n"


def main() -> None:
    page = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs" / "reference" / "bench.md"
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page.write_text(merged(page.read_text(encoding="utf-8"), run), encoding="utf-8")


if __name__ == "__main__":
    main()
