"""A service's answers -> what an operation of a backend takes: rows as data, run by a pure function.

A row: `to` (dotted path), one of `from` (dotted path into the answers; digits index a list; `@reference`, `@service`,
`@department`, `@submitted_at` and, in a later act, `@key`, `@text`, `@at` for what the portal knows) or `const`; `as` (a
step or a list of steps), `default`, `required`. Steps: trim, upper, lower, text, int, {date: strftime format},
{code: {ours: theirs}, unknown: refuse|keep}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

MOST_ROWS = 200
MOST_PARTS = 12
_SYSTEM = frozenset({"@reference", "@service", "@department", "@submitted_at", "@key", "@text", "@at"})
_WORDS = frozenset({"trim", "upper", "lower", "text", "int"})
_ROW_KEYS = frozenset({"to", "from", "const", "as", "default", "required"})
_MISSING = object()


class MappingError(ValueError):
    """Rows that cannot be used, or answers they cannot be used on: one sentence for each, the target named."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def split_path(path: str) -> list[str]:
    r"""The parts of a dotted path; `\.` is a dot inside a part. Raises MappingError."""
    parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path)]
    if not all(parts) or len(parts) > MOST_PARTS:
        raise MappingError([f"{path!r} is not a path"])
    return parts


def value_at(source: Any, path: str) -> Any:
    """The value at a dotted path, or None when it is not there."""
    for part in split_path(path):
        if isinstance(source, Mapping) and part in source:
            source = source[part]
        elif isinstance(source, list) and part.isdigit() and int(part) < len(source):
            source = source[int(part)]
        else:
            return None
    return source


def put_at(target: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path of objects. Raises MappingError when a part of it is taken by something else."""
    *folders, last = split_path(path)
    for part in folders:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise MappingError([f"{path}: {part} is already a value"])
        target = inner
    if last in target:
        raise MappingError([f"{path}: written twice"])
    target[last] = value


def check_rows(rows: Any) -> None:
    """Raises MappingError naming every row that cannot work, before anything is saved."""
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise MappingError([f"a mapping is a list of at most {MOST_ROWS} rows"])
    problems: list[str] = []
    trial: dict[str, Any] = {}
    for number, row in enumerate(rows, 1):
        try:
            _check_row(row)
            put_at(trial, row["to"], None)
        except MappingError as error:
            problems.extend(f"row {number}: {problem}" for problem in error.problems)
    if problems:
        raise MappingError(problems)


def _check_row(row: Any) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("to"), str) or not row.keys() <= _ROW_KEYS:
        raise MappingError([f"a row has `to` and any of {', '.join(sorted(_ROW_KEYS - {'to'}))}"])
    if ("from" in row) == ("const" in row):
        raise MappingError([f"{row['to']}: exactly one of `from` and `const`"])
    if "from" in row:
        source = row["from"]
        if not isinstance(source, str) or (source.startswith("@") and source not in _SYSTEM):
            raise MappingError([f"{row['to']}: `from` is a path into the answers or one of {', '.join(sorted(_SYSTEM))}"])
        split_path(source)
    for step in _steps(row):
        known = step in _WORDS if isinstance(step, str) else isinstance(step, dict) and bool({"date", "code"} & step.keys())
        if not known:
            raise MappingError([f"{row['to']}: unknown step {step!r}"])


def _steps(row: Mapping[str, Any]) -> list[Any]:
    steps = row.get("as", [])
    return steps if isinstance(steps, list) else [steps]


def run(rows: Sequence[Mapping[str, Any]], answers: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
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


def _value(row: Mapping[str, Any], answers: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    if "const" in row:
        return row["const"]
    source: str = row["from"]
    value = known.get(source[1:]) if source.startswith("@") else value_at(answers, source)
    if value is None or value in ("", []):
        if "default" in row:
            return row["default"]
        if row.get("required"):
            raise MappingError([f"{row['to']}: {source} has no value"])
        return _MISSING
    for step in _steps(row):
        value = _apply(step, value, row["to"])
    return value


def _apply(step: Any, value: Any, to: str) -> Any:
    if isinstance(step, dict):
        return _date(step["date"], value, to) if "date" in step else _code(step, value, to)
    match step:
        case "trim":
            return " ".join(str(value).split())
        case "upper":
            return str(value).upper()
        case "lower":
            return str(value).lower()
        case "int":
            if not re.fullmatch(r"-?[0-9]{1,18}", str(value).strip()):
                raise MappingError([f"{to}: not a whole number"])
            return int(value)
        case _:
            return str(value)


def _date(form: str, value: Any, to: str) -> str:
    try:
        moment = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise MappingError([f"{to}: not a date"]) from error
    return moment.strftime(form)


def _code(step: Mapping[str, Any], value: Any, to: str) -> Any:
    table: Mapping[str, Any] = step["code"]
    if str(value) in table:
        return table[str(value)]
    if step.get("unknown") == "keep":
        return value
    raise MappingError([f"{to}: a value that the code table does not have"])


def sources_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Target path -> our question key: the way back for a backend's field errors."""
    return {row["to"]: row["from"] for row in rows if "from" in row and not row["from"].startswith("@")}
