"""How much work libxml2 has with the content of a type, estimated before it is asked: some short schemas would keep it for hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.adapters.documents.xsd import XSD

_T = f"{{{XSD}}}"
_GROUPS = frozenset(f"{_T}{name}" for name in ("sequence", "choice", "all"))
MOST_PARTS = 20_000
MOST_WEIGHT = 3_000_000  # about three seconds

Resolve = Callable[[Any, str], Any]  # a group's node by its reference, or None


def weight(node: Any, resolve: Resolve) -> int:
    """Of one content model, by its outermost sequence, choice or group: what may be left out counts squared, in a loop cubed."""
    total, loose, loops = _count(node, resolve, {}, 0)
    if total > MOST_PARTS:
        return MOST_WEIGHT + 1
    return total + loose**2 + (loose**3 // 5 if loops else 0)


def _count(node: Any, resolve: Resolve, known: dict[int, tuple[int, int, bool]], depth: int) -> tuple[int, int, bool]:
    """Elements in it, those that may be left out or repeated, and whether a group repeats."""
    if depth > 100:
        return MOST_PARTS + 1, 0, False
    if node.tag == f"{_T}group" and node.get("ref"):
        inner = resolve(node, node.get("ref"))
        if inner is None:
            return 0, 0, False
        if id(inner) not in known:
            known[id(inner)] = (MOST_PARTS + 1, 0, False)  # a circle
            known[id(inner)] = _sum(inner, resolve, known, depth)
        total, loose, loops = known[id(inner)]
    else:
        total, loose, loops = _sum(node, resolve, known, depth)
    if _is_loose(node):
        loose = total
    return total, loose, loops or (node.get("maxOccurs") or "1").strip() not in {"0", "1"}


def _sum(node: Any, resolve: Resolve, known: dict[int, tuple[int, int, bool]], depth: int) -> tuple[int, int, bool]:
    total = loose = 0
    loops = False
    for child in node:
        if child.tag in {f"{_T}element", f"{_T}any"}:
            total, loose = total + 1, loose + _is_loose(child)
        elif child.tag in _GROUPS or child.tag == f"{_T}group":
            inner = _count(child, resolve, known, depth + 1)
            total, loose, loops = total + inner[0], loose + inner[1], loops or inner[2]
        if total > MOST_PARTS:
            return total, loose, loops
    return total, loose, loops


def _is_loose(node: Any) -> bool:
    return (node.get("minOccurs") or "1").strip() == "0" or (node.get("maxOccurs") or "1").strip() not in {"0", "1"}


def outermost(node: Any) -> bool:
    """Is this a content model of its own, not a part of another?"""
    return (node.tag in _GROUPS or (node.tag == f"{_T}group" and bool(node.get("ref")))) and not (
        node.getparent().tag in _GROUPS or node.getparent().tag == f"{_T}group"
    )
