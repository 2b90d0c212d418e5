"""Does a value fit a schema, and if not, where not: by path and rule, never with the value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs

from services.adapters.documents.evaluation import is_too_heavy

MOST_PROBLEMS = 20
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000)


@dataclass(frozen=True)
class Mismatch:
    """`path`: as a mapping writes it (items as digits); "" is the whole. `rule`: the keyword of JSON Schema."""

    path: str
    rule: str


def mismatches(value: Any, schema: Any) -> list[Mismatch]:
    """Where the value breaks the schema, at most 20 places. A schema that cannot be used says nothing."""
    if schema is None or schema is True or schema == {}:
        return []
    validator = _validator(json.dumps(schema, sort_keys=True))
    if validator is None:
        return []
    found: list[Mismatch] = []
    try:
        for error in validator.iter_errors(value):
            path = [str(part).replace(".", "\\.") for part in error.instance_path]
            rule = str(error.schema_path[-1]) if error.schema_path else "schema"
            path += _named(error)
            found.append(Mismatch(".".join(path), rule))
            if len(found) >= MOST_PROBLEMS:
                break
    except (ValueError, RecursionError):
        return found
    return found


def _named(error: Any) -> list[str]:
    """The member that is missing, or the first that should not be there."""
    name = getattr(error.kind, "property", None) or next(iter(getattr(error.kind, "unexpected", None) or []), None)
    return [name.replace(".", "\\.")] if isinstance(name, str) else []


@lru_cache(maxsize=256)
def _validator(text: str) -> Any:
    try:
        schema = json.loads(text)
        if is_too_heavy(schema):
            return None
        return jsonschema_rs.Draft202012Validator(schema, retriever=_nothing_is_fetched, pattern_options=_LINEAR)
    except (jsonschema_rs.ValidationError, ValueError, TypeError, RecursionError):
        return None


def _nothing_is_fetched(uri: str) -> Any:
    raise ValueError(uri)


def usable(schema: Mapping[str, Any] | bool | None) -> bool:
    """Can this schema be compiled at all?"""
    return schema is not None and _validator(json.dumps(schema, sort_keys=True)) is not None
