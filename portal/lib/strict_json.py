"""JSON for what is stored or acted on: strict, bounded, total.

Refused: bad UTF-8, a byte order mark, duplicate keys, NaN and Infinity, integers over 20 digits, lone surrogates,
NUL, depth over 64, more than 200,000 nodes. A refusal is `InvalidJSON` with a sentence; nothing here raises anything else.
"""

import json
import math
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_BRACKETS = 100_000


class InvalidJSON(ValueError):
    """The bytes are not JSON that we accept; the message says why, without quoting the content."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidJSON("a key appears twice in one object")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > 20:
        raise InvalidJSON("a number has more than 20 digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidJSON("a number is too large")
    return value


def _constant(text: str) -> Any:
    raise InvalidJSON(f"{text} is not a JSON value")


def check_tree(value: Any) -> None:
    """Bound depth and size of a parsed value and refuse NUL. Raises InvalidJSON."""
    todo: list[tuple[Any, int]] = [(value, 1)]
    nodes = 0
    while todo:
        item, depth = todo.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise InvalidJSON(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise InvalidJSON(f"nested deeper than {MAX_DEPTH}")
        if isinstance(item, dict):
            for key, inner in item.items():
                if "\0" in key:
                    raise InvalidJSON("a key holds a NUL character")
                todo.append((inner, depth + 1))
        elif isinstance(item, list):
            todo.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, str) and "\0" in item:
            raise InvalidJSON("a text holds a NUL character")


def loads(data: bytes) -> Any:
    """Parse strictly. Raises InvalidJSON."""
    if data.count(b"{") + data.count(b"[") > MAX_BRACKETS:
        raise InvalidJSON("too many objects and lists")
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise InvalidJSON("not UTF-8") from error
    if text.startswith("\ufeff"):
        raise InvalidJSON("starts with a byte order mark")
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except InvalidJSON:
        raise
    except RecursionError as error:
        raise InvalidJSON(f"nested deeper than {MAX_DEPTH}") from error
    except json.JSONDecodeError as error:
        raise InvalidJSON(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    check_tree(value)
    try:
        orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError) as error:
        raise InvalidJSON("a text or number cannot be written back as JSON") from error
    return value


class StrictJSONParser(BaseParser):
    """DRF's own parser answers 500 to deep JSON and accepts duplicates, lone surrogates and NUL; this one says 400."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return loads(stream.read())
        except InvalidJSON as error:
            raise ParseError(f"The body is not acceptable JSON: {error}.") from error
