"""Rows of a mapping: judged when they are saved, run by a pure function, shown step by step.

A row: `to` (dotted path; `@query.x`, `@path.x` and `@header.x` lie beside the body), exactly one of `from` (dotted path into
the answers; digits index a list, `*` collects; `@reference`, `@service`, `@department`, `@submitted_at` and, in a later act,
`@key`, `@text`, `@at` for what the portal knows), `const` and `expr` (JMESPath); `as` (a step or a list of steps), `each` (rows
for the items of a list), `default`, `required`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.adapters.mapping import expressions, steps
from services.adapters.mapping.paths import MappingError, put_at, split_path, value_at

MOST_ROWS = 200
MOST_ITEMS = 1_000
MOST_LEVELS = 4
BESIDE = ("@query", "@path", "@header")
_SYSTEM = frozenset({"@reference", "@service", "@department", "@submitted_at", "@key", "@text", "@at"})
_ROW_KEYS = frozenset({"to", "from", "const", "expr", "as", "each", "default", "required"})
_SOURCES = ("from", "const", "expr")
_MISSING = object()


def check_rows(rows: Any) -> None:
    """Raises MappingError naming every row that cannot work, before anything is saved."""
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise MappingError([f"a mapping is a list of at most {MOST_ROWS} rows"])
    if problems := list(_problems(rows, 1)):
        raise MappingError(problems)


def _problems(rows: list[Any], level: int) -> Iterator[str]:
    trial: dict[str, Any] = {}
    for number, row in enumerate(rows, 1):
        try:
            _check_row(row, level)
            put_at(trial, row["to"], None)
        except MappingError as error:
            yield from (f"row {number}: {problem}" for problem in error.problems)


def _check_row(row: Any, level: int) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("to"), str) or not row.keys() <= _ROW_KEYS:
        raise MappingError([f"a row has `to` and any of {', '.join(sorted(_ROW_KEYS - {'to'}))}"])
    to = row["to"]
    if to.startswith("@") and (to.split(".", 1)[0] not in BESIDE or "." not in to or level > 1):
        raise MappingError([f"{to}: beside the body there are only @query.NAME, @path.NAME and @header.NAME"])
    if sum(name in row for name in _SOURCES) != 1:
        raise MappingError([f"{to}: exactly one of `from`, `const` and `expr`"])
    try:
        if "from" in row:
            _check_source(row["from"])
        if "expr" in row:
            expressions.check(row["expr"])
        for step in _steps(row):
            steps.check(step)
    except MappingError as error:
        raise MappingError([f"{to}: {problem}" for problem in error.problems]) from error
    if "each" in row:
        inner = row["each"]
        if "const" in row or level >= MOST_LEVELS or not isinstance(inner, list) or not 0 < len(inner) <= MOST_ROWS:
            raise MappingError([f"{to}: `each` is a list of rows for the items of a list, at most {MOST_LEVELS} deep"])
        if problems := [f"{to}: {problem}" for problem in _problems(inner, level + 1)]:
            raise MappingError(problems)


def _check_source(source: Any) -> None:
    if not isinstance(source, str) or (source.startswith("@") and source not in _SYSTEM):
        raise MappingError([f"`from` is a path into the answers or one of {', '.join(sorted(_SYSTEM))}"])
    split_path(source)


def _steps(row: Mapping[str, Any]) -> list[Any]:
    given = row.get("as", [])
    return given if isinstance(given, list) else [given]


def run(rows: Sequence[Mapping[str, Any]], answers: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The mapped object; a row without value, default or `required` leaves nothing. Raises MappingError, all in one."""
    made: dict[str, Any] = {}
    problems: list[str] = []
    for row in rows:
        try:
            value = _value(row, answers, known)
            if value is not _MISSING:
                put_at(made, row["to"], value)
        except MappingError as error:
            problems.extend(error.problems)
    if problems:
        raise MappingError(problems)
    return made


def _value(row: Mapping[str, Any], answers: Any, known: Mapping[str, Any], trace: list[Any] | None = None) -> Any:
    """`trace` takes the value before the first step and after each. Raises MappingError naming the target."""
    to = row["to"]
    try:
        value = _found(row, answers, known)
        if trace is not None:
            trace.append(value)
        if value is None or value in ("", []):
            return _absent(row)
        for step in _steps(row):
            value = steps.apply(step, value)
            if trace is not None:
                trace.append(value)
        if value is None:  # a code table or `first` may come to nothing
            return _absent(row)
        return _items(row["each"], value, known) if "each" in row else value
    except MappingError as error:
        raise MappingError([_named(to, problem) for problem in error.problems]) from error


def _named(to: str, problem: str) -> str:
    return f"{to}{problem}" if problem.startswith("[") else f"{to}: {problem}"


def _found(row: Mapping[str, Any], answers: Any, known: Mapping[str, Any]) -> Any:
    if "const" in row:
        return row["const"]
    if "expr" in row:
        return expressions.search(row["expr"], answers)
    source: str = row["from"]
    return known.get(source[1:]) if source.startswith("@") else value_at(answers, source)


def _absent(row: Mapping[str, Any]) -> Any:
    if "const" in row:
        return row["const"]
    if "default" in row:
        return row["default"]
    if row.get("required"):
        raise MappingError([f"{row.get('from') or row.get('expr')} has no value"])
    return _MISSING


def _items(rows: Sequence[Mapping[str, Any]], value: Any, known: Mapping[str, Any]) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise MappingError([f"not a list of at most {MOST_ITEMS} items"])
    made, problems = [], []
    for number, item in enumerate(value):
        try:
            made.append(run(rows, item, known))
        except MappingError as error:
            problems += [f"[{number}].{problem}" for problem in error.problems]
    if problems:
        raise MappingError(problems[:50])
    return made


@dataclass(frozen=True)
class Shown:
    """A row as a preview shows it. `values`: before the steps and after each; `made`: what is written, if anything is."""

    to: str
    values: tuple[Any, ...]
    made: Any
    written: bool
    problem: str = ""


def preview(rows: Sequence[Mapping[str, Any]], answers: Any, known: Mapping[str, Any]) -> list[Shown]:
    """Each row on its own; what `run` would make is the sum of what is written here."""
    shown = []
    for row in rows:
        trace: list[Any] = []
        try:
            value = _value(row, answers, known, trace)
        except MappingError as error:
            shown.append(Shown(row["to"], tuple(trace), None, False, "; ".join(error.problems)))
        else:
            written = value is not _MISSING
            shown.append(Shown(row["to"], tuple(trace), value if written else None, written))
    return shown


def sources_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Target path -> our question key: the way back for a backend's field errors."""
    return {
        row["to"].split(".", 1)[1] if row["to"].startswith("@") else row["to"]: row["from"]
        for row in rows
        if "from" in row and not row["from"].startswith("@")
    }
