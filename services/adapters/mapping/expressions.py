"""JMESPath with bounds: it has no loops, but 143 characters can make a million items.

Bounds: 500 characters, a tree of depth 30, 20,000 steps, lists and texts of 200,000, and a result of 200,000 nodes counted as
it would be written, because lists that are shared in memory are not shared in JSON.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jmespath
from jmespath import exceptions, functions
from jmespath.visitor import TreeInterpreter

from services.adapters.mapping.paths import MappingError

LONGEST = 500
DEEPEST = 30
MOST_STEPS = 20_000
MOST_ITEMS = 200_000


class _TooMuch(Exception):
    pass


class _Counting(TreeInterpreter):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(jmespath.Options(custom_functions=functions.Functions()))
        self.steps = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _TooMuch
        value = super().visit(node, *args, **kwargs)
        if isinstance(value, str | list | dict) and len(value) > MOST_ITEMS:
            raise _TooMuch
        return value


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    """The parsed tree. Raises MappingError."""
    if not text.strip() or len(text) > LONGEST:
        raise MappingError([f"an expression has 1 to {LONGEST} characters"])
    try:
        tree = jmespath.compile(text).parsed
    except (exceptions.JMESPathError, RecursionError, ValueError) as error:
        raise MappingError(["the expression cannot be read: " + str(error).splitlines()[0][:120]]) from error
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise MappingError(["the expression is nested too deeply"])
        waiting += [(child, depth + 1) for child in node.get("children", ()) if isinstance(child, dict)]
    return tree


def check(text: Any) -> None:
    """Raises MappingError for what is not an expression we run."""
    if not isinstance(text, str):
        raise MappingError(["an expression is a text"])
    _compiled(text)


def tree(text: str) -> Any:
    """The parsed expression. Raises MappingError."""
    return _compiled(text)


def search(text: str, source: Any) -> Any:
    """The value of the expression, or None. Raises MappingError when it makes too much or cannot be used on this value."""
    parsed = _compiled(text)
    try:
        value = _Counting().visit(parsed, source)
    except (_TooMuch, RecursionError, MemoryError) as error:
        raise MappingError(["the expression makes too much"]) from error
    except (exceptions.JMESPathError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MappingError(["the expression cannot be used on this value"]) from error
    _measure(value)
    return value


def _measure(value: Any) -> None:
    """Every visit counts, not every object; texts weigh by their length."""
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        count += 1 + (len(one) // 100 if isinstance(one, str) else 0)
        if count > MOST_ITEMS:
            raise MappingError(["the expression makes too much"])
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif callable(one) or not isinstance(one, str | int | float | bool | None):
            raise MappingError(["the expression cannot be used on this value"])
