"""The single values that an operation of an API document takes or gives: schemas flattened into paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from services.adapters.documents.budget import Budget
from services.adapters.documents.values import Api, ApiOperation, Schema

MAX_FIELDS = 200
MAX_DEPTH = 8
MAX_CHAIN = 30
DEPTHS = (MAX_DEPTH, 3, 1)
Defs = Mapping[str, Schema]


@dataclass(frozen=True)
class Field:
    """`path`: as a mapping row writes it (`@query.x` beside the body). `required`: no good request is without it.

    `items`: the fields of one item where this is a list of objects.
    """

    path: str
    schema: Mapping[str, Any]
    required: bool
    items: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        return self.path.replace("\\.", "_").rsplit(".", 1)[-1]

    @property
    def kind(self) -> str:
        """string, number, integer, boolean, array, object, or "" for anything."""
        given = self.schema.get("type")
        if isinstance(given, list):
            given = next((one for one in given if one != "null"), "")
        if not given and isinstance(self.schema.get("enum"), list):
            return "string" if all(isinstance(one, str) for one in self.schema["enum"]) else ""
        return given if isinstance(given, str) else ""

    @property
    def choices(self) -> list[Any]:
        """The values it may have, where they are listed."""
        given = self.schema.get("enum")
        return (
            [one for one in given if isinstance(one, str | int) and not isinstance(one, bool)]
            if isinstance(given, list)
            else []
        )


def plain(schema: Schema | None, defs: Defs) -> dict[str, Any]:
    """The schema without references at its top: `allOf` merged, the first alternative that is not null."""
    made: dict[str, Any] = {}
    waiting: list[Any] = [schema]
    for _step in range(MAX_CHAIN):
        if not waiting:
            break
        one = waiting.pop(0)
        if not isinstance(one, Mapping):
            continue
        if isinstance(ref := one.get("$ref"), str):
            waiting.insert(0, defs.get(ref.removeprefix("#/$defs/")))
        for name in ("anyOf", "oneOf"):
            if isinstance(parts := one.get(name), list):
                waiting += [part for part in parts if part != {"type": "null"}][:1]
        if isinstance(parts := one.get("allOf"), list):
            waiting += parts
        made = _merged(made, {k: v for k, v in one.items() if k not in {"$ref", "allOf", "anyOf", "oneOf", "$defs"}})
    return made


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = {**second, **first}
    if "properties" in first and "properties" in second:
        both["properties"] = {**second["properties"], **first["properties"]}
    if "required" in first and "required" in second:
        both["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return both


def leaves(
    schema: Schema | None,
    defs: Defs,
    *,
    prefix: str = "",
    required: bool = True,
    above: tuple[int, ...] = (),
    budget: Budget | None = None,
    deep: int = MAX_DEPTH,
) -> Iterator[Field]:
    """The single values of a schema, lists of objects as one field with its items. What contains itself is left out below,
    what lies deeper than `deep` objects, and what comes after the budget is spent."""
    budget = budget or Budget()
    if not budget.spend():
        return
    found = plain(schema, defs)
    properties = found.get("properties")
    if isinstance(properties, Mapping):
        if not budget.spend(len(properties) // 10):
            return
        if id(properties) in above or len(above) >= deep:
            return
        must = found.get("required") or []
        for name, inner in properties.items():
            path = f"{prefix}.{escaped(name)}" if prefix else escaped(name)
            inside, needed = (*above, id(properties)), required and name in must
            yield from leaves(inner, defs, prefix=path, required=needed, above=inside, budget=budget, deep=deep)
            if budget.spent:
                return
        return
    if not prefix:
        return
    field = Field(prefix, found, required)
    if field.kind == "array":
        item = plain(found.get("items") if isinstance(found.get("items"), Mapping) else None, defs)
        if isinstance(item.get("properties"), Mapping):
            if inner_fields := tuple(islice(leaves(item, defs, above=above, budget=budget, deep=deep), MAX_FIELDS)):
                yield Field(prefix, found, required, inner_fields)
            return
    yield field


def readable(schema: Schema, defs: Defs, most: int, *, required: bool = True, budget: Budget | None = None) -> list[Field]:
    """At most so many fields. Where the whole is too much to read, what lies near the top is read in place of what comes first,
    and the budget says that something was left out."""
    budget = budget or Budget()
    best: list[Field] = []
    for deep in DEPTHS:
        share = budget.share(max(1, budget.left * 2 // 3))
        found = list(islice(leaves(schema, defs, required=required, budget=share, deep=deep), most))
        if found and not share.spent:
            return found
        budget.spent = budget.spent or share.spent
        best = max(best, found, key=len)
    return best


def escaped(name: str) -> str:
    return name.replace(".", "\\.")


def sent(api: Api, operation: ApiOperation, budget: Budget | None = None) -> list[Field]:
    """What a request of this operation takes: parameters first, then the body; one more than MAX_FIELDS at most."""
    found: list[Field] = []
    for one in operation.parameters:
        if one.place in {"path", "query", "header"} and len(found) <= MAX_FIELDS:
            path, required = f"@{one.place}.{escaped(one.name)}", one.required or one.place == "path"
            schema = plain(one.schema, api.sent)
            if isinstance(schema.get("properties"), Mapping):  # an object in the query: its members are asked for
                inside = leaves(one.schema, api.sent, prefix=path, required=required, budget=budget)
                found += islice(inside, MAX_FIELDS + 1 - len(found))
            else:
                found.append(Field(path, schema, required))
    if operation.body is not None:
        body = readable(operation.body.schema, api.sent, 2 * MAX_FIELDS, required=operation.body.required, budget=budget)
        ours = [one for one in body if one.schema.get("readOnly") is not True]
        found += ours[: MAX_FIELDS + 1 - len(found)]
    return found


def answered(api: Api, operation: ApiOperation, budget: Budget | None = None) -> list[Field]:
    """What the first good answer of this operation gives."""
    schema = good_answer(operation)
    return readable(schema, api.answered, MAX_FIELDS, budget=budget) if schema is not None else []


def good_answer(operation: ApiOperation) -> Schema | None:
    """The schema of the first answer of 2xx that the document describes."""
    for one in sorted(operation.answers, key=lambda answer: answer.status):
        if one.status.startswith("2") and one.schema is not None:
            return one.schema
    return next((one.schema for one in operation.answers if one.status == "default" and one.schema is not None), None)


def good_media(operation: ApiOperation) -> str:
    """The media type of that answer where it is not plain JSON."""
    good = [one for one in sorted(operation.answers, key=lambda answer: answer.status) if one.status.startswith("2")]
    return next((one.media for one in sorted(good, key=lambda answer: answer.schema is None)), "")


def bundled(schema: Schema | None, defs: Defs) -> Schema | None:
    """The schema with exactly those definitions that it reaches."""
    if schema is None or not isinstance(schema, Mapping):
        return schema
    needed: dict[str, Schema] = {}
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            ref = one.get("$ref")
            if isinstance(ref, str) and (name := ref.removeprefix("#/$defs/")) in defs and name not in needed:
                needed[name] = defs[name]
                waiting.append(defs[name])
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return {**schema, "$defs": needed} if needed else dict(schema)
