"""A value that fits a schema: what a pretend backend answers, and the first test case of a mapping.

The document's own examples come first where they fit. Always the same value for the same schema; no person's data in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from services.adapters.documents.budget import MOST_NODES, Budget
from services.adapters.documents.evaluation import is_too_heavy
from services.adapters.documents.values import Schema

MAX_DEPTH = 12
LONGEST = 10_000
MOST_REACHED = 20 * MOST_NODES
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000)
_FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "email": "contoh@example.org",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://contoh.example/",
    "hostname": "contoh.example",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "Y29udG9o",
}
# Tried one after the other where a pattern stands; the first that it matches is taken.
_GUESSES = (
    "contoh",
    "CONTOH",
    "Contoh 1",
    "1",
    "12345",
    "0812345678",
    "3576010101010001",
    "A1",
    "AB-123",
    "S 1234 XY",
    "2026-01-02",
)


def sample(schema: Schema, defs: Mapping[str, Schema], budget: Budget | None = None) -> Any:
    """A value for this schema, or None where none was found. `fits` says whether it is one. What comes after the budget is spent
    is left out."""
    return _Maker(defs, budget or Budget()).make(schema, 0)


def fits(value: Any, schema: Schema, defs: Mapping[str, Schema]) -> bool:
    """Whether the value is right by the schema. A schema that is itself broken fits nothing; nothing is fetched, and no pattern
    takes longer than its text."""
    validator = _validator(schema, defs)
    return validator is not None and _accepts(validator, value)


def _validator(schema: Schema, defs: Mapping[str, Schema]) -> Any:
    document = {"$defs": dict(defs), "allOf": [schema]}
    if is_too_heavy(document):
        return None
    try:
        return jsonschema_rs.Draft202012Validator(document, retriever=_nothing_is_fetched, pattern_options=_LINEAR)
    except (jsonschema_rs.ValidationError, ValueError, TypeError, RecursionError):
        return None


def _accepts(validator: Any, value: Any) -> bool:
    try:
        return bool(validator.is_valid(value))
    except (ValueError, TypeError, RecursionError):
        return False


def _nothing_is_fetched(uri: str) -> Any:
    raise ValueError(uri)


class _Maker:
    def __init__(self, defs: Mapping[str, Schema], budget: Budget) -> None:
        self.defs, self.budget = defs, budget
        self.judges: dict[int, tuple[Any, Any]] = {}  # id -> (the schema, so that its id stays its own; the judge)

    def make(self, schema: Schema, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH or not self.budget.spend():
            return None
        for name in ("const", "default"):
            if name in schema and self._right(schema[name], schema):
                return schema[name]
        for name in ("examples", "enum"):
            for value in schema[name] if isinstance(schema.get(name), list) else []:
                if not self.budget.more():
                    return None
                if self._right(value, schema):
                    return value
        if isinstance(ref := schema.get("$ref"), str):
            return self.make(self.defs.get(ref.removeprefix("#/$defs/"), {}), depth + 1)
        if isinstance(parts := schema.get("allOf"), list):
            return self._merged([*parts, {key: value for key, value in schema.items() if key != "allOf"}], depth)
        for name in ("anyOf", "oneOf"):
            for one in schema[name] if isinstance(schema.get(name), list) else []:
                if (found := self.make(one, depth + 1)) is not None or one == {"type": "null"}:
                    return found
        return self._by_type(schema, depth)

    def _right(self, value: Any, schema: Mapping[str, Any]) -> bool:
        if not self.budget.spend() or len(json.dumps(value, default=str)) > LONGEST:
            return False
        if id(schema) not in self.judges:
            self.judges[id(schema)] = (schema, self._judge(schema))
        judge = self.judges[id(schema)][1]
        return judge is not None and _accepts(judge, value)

    def _judge(self, schema: Mapping[str, Any]) -> Any:
        """Costs by its size; where very much is behind a schema, its examples are not looked at."""
        reached, size = _reached(schema, self.defs)
        return _validator(schema, reached) if self.budget.spend(size // 20) else None

    def _merged(self, parts: list[Schema], depth: int) -> Any:
        """Objects put together; of anything else the last that has a value."""
        made: Any = None
        for part in parts:
            one = self.make(part, depth + 1)
            if isinstance(one, dict) and isinstance(made, dict):
                made = {**made, **one}
            elif one is not None:
                made = one
        if isinstance(made, dict):
            for part in parts:
                names = part.get("required") if isinstance(part, Mapping) else None
                made |= {name: "contoh" for name in names if name not in made} if isinstance(names, list) else {}
        return made

    def _by_type(self, schema: Mapping[str, Any], depth: int) -> Any:
        kinds = schema.get("type")
        kind = next((one for one in kinds if one != "null"), "null") if isinstance(kinds, list) else kinds
        if kind is None:
            kind = (
                "object"
                if "properties" in schema
                else "array"
                if "items" in schema
                else "string"
                if "pattern" in schema
                else None
            )
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                count = max(_whole(schema.get("minItems"), 0), 1 if depth < MAX_DEPTH // 2 else 0)
                first = [self.make(one, depth + 1) for one in schema.get("prefixItems", []) if self.budget.more()]
                rest = schema.get("items", {})
                wanted = range(min(count, 20) - len(first)) if rest is not False else ()
                more = [self.make(rest, depth + 1) for _ in wanted if self.budget.more()]
                return first + _distinct(more) if schema.get("uniqueItems") else first + more
            case "string":
                return _string(schema) if "pattern" not in schema or self.budget.spend(10) else None
            case "integer":
                return round(_number(schema, whole=True))
            case "number":
                return _number(schema, whole=False)
            case "boolean":
                return True
        return None

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        made = {}
        for name in properties:
            if not self.budget.more():
                break
            if name in required or depth < MAX_DEPTH // 2:
                value = self.make(properties[name], depth + 1)
                if value is not None or name in required:
                    made[name] = value
        return made | {name: "contoh" for name in required if name not in properties}


def _reached(schema: Schema, defs: Mapping[str, Schema]) -> tuple[dict[str, Schema], int]:
    """The definitions that a schema reaches, and how many values they are; counted up to MOST_REACHED."""
    needed: dict[str, Schema] = {}
    waiting: list[Any] = [schema]
    size = 0
    while waiting and size < MOST_REACHED:
        one = waiting.pop()
        size += 1
        if isinstance(one, Mapping):
            ref = one.get("$ref")
            if isinstance(ref, str) and (name := ref.removeprefix("#/$defs/")) in defs and name not in needed:
                needed[name] = defs[name]
                waiting.append(defs[name])
            size += len(one)
            waiting += [inner for inner in one.values() if isinstance(inner, Mapping | list)]
        elif isinstance(one, list):
            size += len(one)
            waiting += [inner for inner in one if isinstance(inner, Mapping | list)]
    return needed, size


def _distinct(values: list[Any]) -> list[Any]:
    if all(isinstance(value, str) for value in values):
        return [value if not number else f"{value}{number}" for number, value in enumerate(values)]
    if all(isinstance(value, int | float) for value in values):
        return [value + number for number, value in enumerate(values)]
    return values[:1]


def _whole(value: Any, default: int) -> int:
    return (
        int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST else default
    )


def _string(schema: Mapping[str, Any]) -> str:
    shortest, longest = _whole(schema.get("minLength"), 0), _whole(schema.get("maxLength"), LONGEST)
    pattern = schema.get("pattern")
    guesses = [_FORMATS.get(str(schema.get("format")), "contoh"), *_GUESSES]
    if isinstance(pattern, str) and (made := _of_pattern(pattern)):
        guesses.append(made)
    for guess in [*guesses, *(one * (shortest // len(one) + 1) for one in guesses)]:
        for text in (guess, guess[:longest], guess[: max(shortest, 1)], guess.ljust(shortest, "x")):
            if shortest <= len(text) <= longest and (not isinstance(pattern, str) or _matches(pattern, text)):
                return text
    return "x" * max(shortest, min(longest, 1))


_PIECE = re.compile(r"(\\[dwsDWS.\-/]|\[[^\]^][^\]]*\]|[^\\()\[\]{}|*+?.^$])(\{\d+(?:,\d*)?\}|[*+?])?")
_CLASSES = {"\\d": "1", "\\w": "a", "\\s": " "}


def _of_pattern(pattern: str) -> str:
    """A text for a plain pattern (signs and classes with repeats, no groups), or "" for another."""
    rest, made = pattern.removeprefix("^").removesuffix("$"), ""
    if rest.startswith("(?:") and rest.endswith(")") and rest.count("(") == 1:
        rest = rest[3:-1]
    while rest:
        found = _PIECE.match(rest)
        if found is None or len(made) > LONGEST:
            return ""
        piece, repeat = found.group(1), found.group(2) or ""
        sign = _CLASSES.get(piece) or (piece[1] if piece.startswith(("\\", "[")) else piece)
        if piece.startswith("[\\"):
            sign = _CLASSES.get(piece[1:3], piece[2])
        count = 0 if repeat in {"*", "?"} else int(re.findall(r"\d+", repeat)[0]) if repeat.startswith("{") else 1
        made += sign * min(count, 200)
        rest = rest[found.end() :]
    return made


def _matches(pattern: str, text: str) -> bool:
    """By the linear engine: a pattern may be meant to take for ever."""
    return fits(text, {"pattern": pattern}, {})


def _number(schema: Mapping[str, Any], *, whole: bool) -> Any:
    def bound(name: str) -> float | None:
        value = schema.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    step = bound("multipleOf") or (1 if whole else 0)
    low = bound("minimum")
    if (above := bound("exclusiveMinimum")) is not None:
        low = above + (step or 0.5)
    high = bound("maximum")
    if (below := bound("exclusiveMaximum")) is not None:
        high = below - (step or 0.5)
    value = low if low is not None else min(1, high) if high is not None else 1
    if step and step > 0:
        value = -(-value // step) * step  # the next multiple
    return value if high is None or value <= high else high
