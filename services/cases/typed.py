"""What was typed on one part of a form, as raw answers: plain questions and the rows of groups.

Names of inputs: `f.KEY[.piece]`, in rows `g.GROUP.ROW.KEY[.piece]`; `r.GROUP` says which rows there were, in their order;
`q.` before a name says that a question was asked whose empty answer sends nothing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.utils.datastructures import MultiValueDict

from services.forms.documents import Part, Question
from services.forms.engine import ROW_MARK
from services.forms.question_types import type_of

Data = MultiValueDict[str, str]


def answers_typed(part: Part, data: Data, before: Mapping[str, Any]) -> dict[str, Any]:
    """Key -> answer of every question of the part that the page asked; files are not among them."""
    found: dict[str, Any] = {}
    for question in part.questions:
        if question.type == "file" or not type_of(question).answers:
            continue
        if question.type == "group":
            if f"q.{question.key}" in data:
                found[question.key] = rows_typed(question, data, before.get(question.key))
            continue
        typed = _typed(question, data, f"f.{question.key}", f"q.{question.key}")
        if typed is not None:
            found[question.key] = type_of(question).parse(question, typed)
    return found


def _typed(question: Question, data: Data, base: str, marker: str) -> dict[str, list[str]] | None:
    """What was sent for a question by input suffix, or None when the page did not ask it."""
    found: dict[str, list[str]] = {}
    asked = marker in data
    for suffix in type_of(question).suffixes:
        name = f"{base}.{suffix}" if suffix else base
        if name in data:
            asked = True
            found[suffix] = data.getlist(name)[:20]
    return found if asked else None


def rows_typed(group: Question, data: Data, before: Any) -> list[dict[str, Any]]:
    """The rows in the order of the page, each with its mark; what a row did not ask stays as it was."""
    old = {row["_id"]: row for row in before if "_id" in row} if isinstance(before, list) else {}
    marks = [mark for mark in data.getlist(f"r.{group.key}") if re.fullmatch(ROW_MARK, mark)]
    rows = []
    for mark in list(dict.fromkeys(marks))[: group.max_rows]:
        row: dict[str, Any] = {**old.get(mark, {}), "_id": mark}
        for inner in group.questions:
            if not type_of(inner).answers:
                continue
            base = f"g.{group.key}.{mark}.{inner.key}"
            typed = _typed(inner, data, base, f"q.{base}")
            if typed is not None:
                row[inner.key] = type_of(inner).parse(inner, typed)
        rows.append(row)
    return rows


def rows_shown(group: Question, value: Any) -> list[dict[str, Any]]:
    """The rows that stand on the page: what is stored, and from the start as many as there must be."""
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    least = max(group.min_rows, 1 if group.required else 0)
    taken = {row.get("_id") for row in rows}
    free = (str(number) for number in range(1, 2 * least + 1) if str(number) not in taken)
    return [*rows, *({"_id": next(free)} for _ in range(least - len(rows)))]


def with_row(group: Question, value: Any) -> tuple[list[dict[str, Any]], str]:
    """The rows with an empty one at the end, and its mark; "" when there is no room."""
    rows = rows_shown(group, value)
    if len(rows) >= group.max_rows:
        return rows, ""
    mark = secrets.token_hex(4)
    return [*rows, {"_id": mark}], mark


def without_row(group: Question, value: Any, mark: str) -> list[dict[str, Any]]:
    return [row for row in rows_shown(group, value) if row.get("_id") != mark]
