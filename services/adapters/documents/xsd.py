"""XML schemas as shapes: what may stand in an element, plainly enough to write it, read it and say it as JSON Schema.

Only the structure is kept here; whether a message is right is judged by libxml2 (`SchemaSet.judge`), from the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"
TEXT = "#text"  # the key of an element's own text where it also has attributes

Name = tuple[str, str]  # namespace, local name


@dataclass
class Simple:
    """`base`: the built-in type at the bottom. `facets` as JSON Schema words."""

    base: str = "string"
    facets: dict[str, Any] = field(default_factory=dict)
    items: Simple | None = None  # of a list type


@dataclass
class Attribute:
    name: Name
    type: Simple
    required: bool = False


@dataclass
class Element:
    """`type`: None is anything. `refers_to`: the global element of which it has the type."""

    name: Name
    type: Simple | Complex | None
    least: int = 1
    many: bool = False
    nillable: bool = False
    about: str = ""
    refers_to: Element | None = None

    @property
    def shape(self) -> Simple | Complex | None:
        return self.refers_to.type if self.refers_to is not None else self.type


@dataclass
class Group:
    """kind: sequence, choice or all."""

    kind: str
    parts: Sequence[Element | Group] = ()
    least: int = 1
    many: bool = False
    wild: bool = False  # xs:any among its parts


@dataclass
class Complex:
    """`own`: what it adds to its `base`, or is instead of it where it restricts. `own_text`: the type of its text (simpleContent).

    What comes from the base is put together when it is asked for: a base may be in the making while its heirs are made.
    `label`: unique among the named types, or empty.
    """

    label: str = ""
    own: Group | None = None
    own_attributes: list[Attribute] = field(default_factory=list)
    own_text: Simple | None = None
    own_mixed: bool = False
    base: Complex | None = None
    restricts: bool = False

    @property
    def content(self) -> Group | None:
        before = self.base.content if self.base is not None and not self.restricts else None
        parts = [part for part in (before, self.own) if part is not None]
        return parts[0] if len(parts) == 1 else Group("sequence", parts) if parts else None

    @property
    def attributes(self) -> list[Attribute]:
        mine = {one.name for one in self.own_attributes}
        before = self.base.attributes if self.base is not None else []
        return [one for one in before if one.name not in mine] + self.own_attributes

    @property
    def text(self) -> Simple | None:
        return self.own_text if self.own_text is not None or self.base is None else self.base.text

    @property
    def is_mixed(self) -> bool:
        return self.own_mixed or (self.base is not None and not self.restricts and self.base.is_mixed)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The members of the JSON object that stands for it, by key."""
        found: dict[str, Field] = {}
        content = self.content
        if content is not None:
            for element, optional, many in _flat(content, optional=False, many=False):
                key, before = element.name[1], found.get(element.name[1])
                if before is not None and before.element is not None:  # the same name twice: a list
                    found[key] = Field(before.element, required=before.required and not optional, many=True)
                else:
                    found[key] = Field(element, required=not optional and element.least > 0, many=many or element.many)
        for attribute in self.attributes:
            key = attribute.name[1] if attribute.name[1] not in found else f"@{attribute.name[1]}"
            found[key] = Field(None, required=attribute.required, many=False, attribute=attribute)
        if self.text is not None:
            found[TEXT] = Field(None, required=False, many=False)
        return found

    @property
    def is_open(self) -> bool:
        content = self.content
        return self.is_mixed or (content is not None and any(group.wild for group in _groups(content)))


@dataclass(frozen=True)
class Field:
    """One key of an object: an element, an attribute, or (neither) the text."""

    element: Element | None
    required: bool
    many: bool
    attribute: Attribute | None = None


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for part in group.parts:
        if isinstance(part, Group):
            yield from _groups(part)


def _flat(group: Group, *, optional: bool, many: bool) -> Iterator[tuple[Element, bool, bool]]:
    optional = optional or group.least == 0 or group.kind == "choice"
    many = many or group.many
    for part in group.parts:
        if isinstance(part, Group):
            yield from _flat(part, optional=optional, many=many)
        else:
            yield part, optional, many


# --- JSON Schema ------------------------------------------------------------------------------------------------------

_INTEGERS = frozenset(
    "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger unsignedInt "
    "unsignedLong unsignedShort unsignedByte".split()
)
_BOUNDS: dict[str, dict[str, int]] = {
    "nonNegativeInteger": {"minimum": 0},
    "unsignedInt": {"minimum": 0},
    "unsignedLong": {"minimum": 0},
    "unsignedShort": {"minimum": 0},
    "unsignedByte": {"minimum": 0},
    "positiveInteger": {"minimum": 1},
}
_FORMATS = {"date": "date", "dateTime": "date-time", "time": "time", "anyURI": "uri-reference"}


def is_integer(base: str) -> bool:
    return base in _INTEGERS


class Writer:
    """Shapes as JSON Schema 2020-12. Named types go into `defs`, one after the other, however they refer to each other."""

    def __init__(self) -> None:
        self.defs: dict[str, Any] = {}
        self._waiting: list[Complex] = []

    def of(self, shape: Simple | Complex | None) -> dict[str, Any]:
        """The schema of a shape, with everything that it refers to in `defs`."""
        made = self._of(shape)
        while self._waiting:
            one = self._waiting.pop()
            self.defs[one.label] = self._object(one)
        return made

    def _of(self, shape: Simple | Complex | None) -> dict[str, Any]:
        if shape is None:
            return {}
        if isinstance(shape, Simple):
            return simple_schema(shape)
        if not shape.label:
            return self._object(shape)
        if shape.label not in self.defs:
            self.defs[shape.label] = {}
            self._waiting.append(shape)
        return {"$ref": f"#/$defs/{shape.label}"}

    def _object(self, shape: Complex) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required = []
        for key, one in shape.fields.items():
            properties[key] = self._field(one, shape)
            if one.required:
                required.append(key)
        made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": shape.is_open}
        return made | ({"required": required} if required else {})

    def _field(self, one: Field, shape: Complex) -> dict[str, Any]:
        if one.attribute is not None:
            return simple_schema(one.attribute.type)
        if one.element is None:
            return simple_schema(shape.text or Simple())
        made = self._of(one.element.shape)
        if one.element.nillable:
            made = {"anyOf": [made, {"type": "null"}]}
        if one.many:
            made = {"type": "array", "items": made} | ({"minItems": 1} if one.required else {})
        return made | ({"description": one.element.about} if one.element.about else {})


def simple_schema(shape: Simple) -> dict[str, Any]:
    """Decimals and long numbers stay text, so that no digit is lost."""
    if shape.items is not None:
        return {"type": "array", "items": simple_schema(shape.items)}
    base = shape.base
    if base == "boolean":
        return {"type": "boolean"}
    if is_integer(base):
        numbers = {key: value for key, value in shape.facets.items() if key != "pattern"}
        if "enum" in numbers:
            numbers["enum"] = [int(value) for value in numbers["enum"] if value.lstrip("+-").isdecimal()]
        return {"type": "integer", **_BOUNDS.get(base, {}), **numbers}
    if base in {"float", "double"}:
        return {"type": "number"}
    texts = {key: value for key, value in shape.facets.items() if key in {"enum", "pattern", "minLength", "maxLength"}}
    if base == "decimal":
        return {"type": "string", "pattern": r"^[-+]?(\d+(\.\d*)?|\.\d+)$"} | (
            {"enum": texts["enum"]} if "enum" in texts else {}
        )
    if base == "base64Binary":
        return {"type": "string", "contentEncoding": "base64"}
    if base in _FORMATS:
        return {"type": "string", "format": _FORMATS[base]}
    return {"type": "string", **texts}
