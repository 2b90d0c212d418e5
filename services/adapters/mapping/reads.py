"""Which answers a mapping reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.adapters.mapping import expressions
from services.adapters.mapping.paths import EVERY, MappingError, split_path

_RELATIVE = frozenset(
    "subexpression index_expression projection value_projection flatten filter_projection slice pipe".split()
)


def reads(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """(question,) or (group, question inside it) of everything that rows look at; what the portal knows itself is not there."""
    for row in rows:
        if isinstance(row.get("expr"), str):
            yield from ((name,) for name in sorted(_roots(row["expr"])))
            continue
        source = row.get("from")
        if not isinstance(source, str) or source.startswith("@"):
            continue
        first, *others = split_path(source)
        yield (first, *(part for part in others if part != EVERY and not part.isdecimal()))[:2]
        if "each" in row and not others:
            yield from ((first, inner[0]) for inner in reads(row["each"]))


def _roots(text: str) -> set[str]:
    try:
        return _names(expressions.tree(text))
    except MappingError:
        return set()


def _names(node: Mapping[str, Any]) -> set[str]:
    kind, children = node["type"], node.get("children", ())
    if kind == "field":
        return {node["value"]}
    if kind == "expref":  # looks at the items of a list
        return set()
    if kind in _RELATIVE:  # what follows looks into what came before
        children = children[:1]
    return {name for child in children if isinstance(child, Mapping) for name in _names(child)}
