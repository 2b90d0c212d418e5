"""Dotted paths into JSON values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

MOST_PARTS = 12
EVERY = "*"


class MappingError(ValueError):
    """Rows that cannot be used, or values they cannot be used on: one sentence for each, the target named."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@lru_cache(maxsize=4096)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))


def split_path(path: str) -> tuple[str, ...]:
    r"""The parts of a dotted path; `\.` is a dot inside a part. Raises MappingError."""
    parts = _parts(path)
    if not all(parts) or len(parts) > MOST_PARTS or len(path) > 400:
        raise MappingError([f"{path[:60]!r} is not a path"])
    return parts


def value_at(source: Any, path: str) -> Any:
    """The value at a dotted path, or None when it is not there. Digits index a list; `*` collects over one, without the Nones."""
    return _walk(source, split_path(path))


def _walk(source: Any, parts: tuple[str, ...]) -> Any:
    for number, part in enumerate(parts):
        if isinstance(source, Mapping) and part in source:
            source = source[part]
        elif isinstance(source, list) and part == EVERY:
            found = (_walk(item, parts[number + 1 :]) for item in source)
            return [value for value in found if value is not None]
        elif isinstance(source, list) and part.isdecimal() and part.isascii() and len(part) < 6 and int(part) < len(source):
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
