"""How often a validator may come to one place of a value: alternatives in alternatives multiply, and some short schemas would keep
it for hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_VISITS = 20_000
DEEPEST = 64  # of a value: portal.lib.strict_json
_HERE_LISTS = ("allOf", "anyOf", "oneOf")
_HERE = ("not", "if", "then", "else")
_BELOW_ONE = ("items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties")


class _TooMany(Exception):
    """More visits than MOST_VISITS."""


def is_too_heavy(schema: Any) -> bool:
    """Whether a schema (2020-12, references to its own `$defs` only) takes too long to judge a value that is meant to be bad."""
    defs = schema.get("$defs") if isinstance(schema, Mapping) else None
    counting = _Counting(defs if isinstance(defs, Mapping) else {})
    below: dict[int, int] = {}
    try:
        for _level in range(DEEPEST):
            here = counting.level(schema, below)
            if here == below:
                return False
            below = here
    except (_TooMany, RecursionError):
        return True
    return False


class _Counting:
    def __init__(self, defs: Mapping[str, Any]) -> None:
        self.defs = defs

    def level(self, schema: Any, below: Mapping[int, int]) -> dict[int, int]:
        """Visits by schema, for values one level deeper than those that `below` was counted for."""
        found: dict[int, int] = {}
        waiting, seen = [schema], set()
        while waiting:
            one = waiting.pop()
            if isinstance(one, Mapping) and id(one) not in seen:
                seen.add(id(one))
                self._visits(one, below, found, set())
                waiting += [*self._here(one), *(part for group in _children(one) for part in group)]
        return found

    def _visits(self, schema: Any, below: Mapping[int, int], found: dict[int, int], above: set[int]) -> int:
        key = id(schema)
        if not isinstance(schema, Mapping) or key in above:
            return 1
        if key not in found:
            count = 1 + sum(self._visits(one, below, found, above | {key}) for one in self._here(schema))
            alone, together = _children(schema)
            count += max((below.get(id(one), 1) for one in alone), default=0)
            count += sum(below.get(id(one), 1) for one in together)
            if count > MOST_VISITS:
                raise _TooMany
            found[key] = count
        return found[key]

    def _here(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        """Schemas that judge the same value."""
        if isinstance(ref := schema.get("$ref"), str):
            yield self.defs.get(ref.removeprefix("#/$defs/"))
        for name in _HERE_LISTS:
            if isinstance(parts := schema.get(name), list):
                yield from parts
        yield from (schema[name] for name in _HERE if name in schema)
        if isinstance(parts := schema.get("dependentSchemas"), Mapping):
            yield from parts.values()


def _children(schema: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Schemas of the values inside: those of which only one judges a value, and those that may do so together."""
    properties, prefix = schema.get("properties"), schema.get("prefixItems")
    patterns = schema.get("patternProperties")
    alone = [
        *(properties.values() if isinstance(properties, Mapping) else ()),
        *(prefix if isinstance(prefix, list) else ()),
    ]
    together = [schema[name] for name in _BELOW_ONE if isinstance(schema.get(name), Mapping)]
    return alone, [*together, *(patterns.values() if isinstance(patterns, Mapping) else ())]
