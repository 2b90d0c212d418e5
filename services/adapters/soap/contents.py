"""JSON values into the elements of a schema, and back. Pure; whether the outcome is right is judged elsewhere."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from lxml import etree

from services.adapters.documents.xsd import TEXT, XSI, Complex, Element, Group, Simple, is_integer

_NIL = f"{{{XSI}}}nil"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE_MATTERS = frozenset({"string", "normalizedString", "anySimpleType"})


class ContentError(ValueError):
    """Values that have no place in an element; the message names the path, not the value."""


def _tag(name: tuple[str, str]) -> str:
    return f"{{{name[0]}}}{name[1]}" if name[0] else name[1]


# --- writing ------------------------------------------------------------------------------------------------------------


def write(parent: Any, element: Element, value: Any, path: str = "") -> None:
    """Append the element with this value. Raises ContentError."""
    nsmap = {"m": element.name[0]} if element.name[0] and element.name[0] not in parent.nsmap.values() else None
    node = etree.SubElement(parent, _tag(element.name), nsmap=nsmap)
    path = f"{path}.{element.name[1]}" if path else element.name[1]
    if value is None:
        node.set(_NIL, "true")
        return
    shape = element.shape
    if isinstance(shape, Complex):
        _fill(node, shape, value if isinstance(value, Mapping) or shape.text is None else {TEXT: value}, path)
    elif isinstance(value, Mapping) and set(value) == {TEXT}:
        node.text = _text(shape, value[TEXT], path)
    elif isinstance(value, Mapping) or (isinstance(value, list) and (shape is None or shape.items is None)):
        raise ContentError(f"{path}: one value was expected")
    else:
        node.text = _text(shape, value, path)


def _fill(node: Any, shape: Complex, value: Any, path: str) -> None:
    if not isinstance(value, Mapping):
        raise ContentError(f"{path}: an object was expected")
    waiting: dict[str, deque[Any]] = {}
    for key, given in value.items():
        field = shape.fields.get(key)
        if field is None:
            raise ContentError(f"{path}: there is no {key[:60]}")
        if field.attribute is not None:
            if given is not None:
                node.set(_tag(field.attribute.name), _text(field.attribute.type, given, f"{path}.{key}"))
        elif field.element is None:
            node.text = _text(shape.text, given, path)
        elif isinstance(given, list) and not field.many and not _is_list(field.element):
            raise ContentError(f"{path}.{key}: one value was expected")
        else:
            items = given if isinstance(given, list) and field.many else [given]
            waiting[key] = deque(item for item in items if item is not None or field.element.nillable)
    if shape.content is not None:
        _write_group(node, shape.content, waiting, path)
    if left := [key for key, items in waiting.items() if items]:
        raise ContentError(f"{path}: more {left[0][:60]} than there is room for")


def _is_list(element: Element) -> bool:
    return isinstance(element.shape, Simple) and element.shape.items is not None


def _write_group(node: Any, group: Group, waiting: Mapping[str, deque[Any]], path: str) -> bool:
    """In the order of the schema; what repeats does so as long as something waits. Returns whether anything was written."""
    written = False
    while True:
        before = len(node)
        for part in group.parts:
            if isinstance(part, Group):
                _write_group(node, part, waiting, path)
                continue
            items = waiting.get(part.name[1])
            while items:
                write(node, part, items.popleft(), path)
                if not part.many:
                    break
        if len(node) == before:
            return written
        written = True
        if not group.many:
            return written


def _text(shape: Simple | None, value: Any, path: str) -> str:
    if shape is not None and shape.items is not None:
        return " ".join(_text(shape.items, one, path) for one in (value if isinstance(value, list) else [value]))
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return _NOT_IN_XML.sub(" ", str(value))
        case float() if math.isfinite(value):
            return repr(value)
    raise ContentError(f"{path}: not a value that can be written")


# --- reading ------------------------------------------------------------------------------------------------------------


def read(node: Any, shape: Simple | Complex | None) -> Any:
    """The value of an element that has been judged already. Decimals and days stay text, lists are always lists."""
    if node.get(_NIL) in {"true", "1"}:
        return None
    if shape is None:
        return read_anything(node)
    if isinstance(shape, Simple):
        return _value(shape, node.text or "")
    made: dict[str, Any] = {}
    for key, field in shape.fields.items():
        if field.many:
            made[key] = []
        elif field.attribute is not None and (text := node.get(_tag(field.attribute.name))) is not None:
            made[key] = _value(field.attribute.type, text)
    if shape.text is not None:
        made[TEXT] = _value(shape.text, node.text or "")
    for child in node:
        name = etree.QName(child).localname
        known = shape.fields.get(name)
        if known is None or known.element is None:
            made.setdefault(name, read_anything(child))
        elif known.many:
            made[name].append(read(child, known.element.shape))
        else:
            made[name] = read(child, known.element.shape)
    return made


def read_anything(node: Any) -> Any:
    """An element that no schema describes: its text, or its children by name, a list where a name comes more than once."""
    if not len(node):
        return (node.text or "").strip()
    found: dict[str, list[Any]] = {}
    for child in node:
        found.setdefault(etree.QName(child).localname, []).append(read_anything(child))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _value(shape: Simple, text: str) -> Any:
    if shape.items is not None:
        return [_value(shape.items, part) for part in text.split()]
    if shape.base in _SPACE_MATTERS:
        return text
    text = " ".join(text.split())
    if shape.base == "boolean":
        return text in {"true", "1"}
    if is_integer(shape.base) and len(text.lstrip("+-")) <= 18:
        return int(text)
    if shape.base in {"float", "double"} and math.isfinite(float(text.replace("INF", "inf"))):
        return float(text)
    if shape.base == "date":
        return text[: text.index("-", 1) + 6]  # without a zone, which a day does not need
    return text.lstrip("+") if shape.base == "decimal" else text
