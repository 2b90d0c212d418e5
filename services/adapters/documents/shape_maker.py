"""The nodes of XML schemas into shapes (xsd.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.schema_weight import MOST_WEIGHT, outermost, weight
from services.adapters.documents.xml_files import Files
from services.adapters.documents.xsd import XML, XSD, Attribute, Complex, Element, Group, Name, Simple, is_integer

if TYPE_CHECKING:
    from services.adapters.documents.schema_set import Document

MAX_CHAIN = 30
MAX_TYPES = 2_000
MAX_PATTERN = 500
_T = f"{{{XSD}}}"
_INDEXED = {
    "element": "element",
    "complexType": "type",
    "simpleType": "type",
    "group": "group",
    "attributeGroup": "attributes",
    "attribute": "attribute",
}
_REFERENCES = {
    "element": (("ref", "element"), ("type", "type"), ("substitutionGroup", "element")),
    "attribute": (("ref", "attribute"), ("type", "type")),
    "group": (("ref", "group"),),
    "attributeGroup": (("ref", "attributes"),),
    "extension": (("base", "type"),),
    "restriction": (("base", "type"),),
    "list": (("itemType", "type"),),
    "union": (("memberTypes", "type"),),
}
_LENGTHS = {"length": ("minLength", "maxLength"), "minLength": ("minLength",), "maxLength": ("maxLength",)}
_BOUNDS = {
    "minInclusive": "minimum",
    "maxInclusive": "maximum",
    "minExclusive": "exclusiveMinimum",
    "maxExclusive": "exclusiveMaximum",
}
_GROUPS = frozenset({"sequence", "choice", "all"})
_BUILT_IN = frozenset(
    "anyType anySimpleType string normalizedString token language Name NCName NMTOKEN NMTOKENS ID IDREF IDREFS ENTITY ENTITIES "
    "QName NOTATION boolean decimal float double duration dateTime time date gYearMonth gYear gMonthDay gDay gMonth hexBinary "
    "base64Binary anyURI integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedInt unsignedLong unsignedShort unsignedByte".split()
)


class Maker:
    """Shapes of one schema set, each made once, when it is asked for."""

    def __init__(self, files: Files, documents: list[Document]) -> None:
        self.files = files
        self.documents = documents
        self._places: dict[tuple[str, Name], tuple[Any, Document]] = {}
        self._types: dict[Name, Simple | Complex] = {}
        self._elements: dict[Name, Element] = {}
        self._labels: set[str] = set()
        self._unmade: list[tuple[Element, Any, Document]] = []
        self._unfilled: dict[Name, tuple[Complex, Any, Document]] = {}
        for document in documents:
            for node in document.node:
                kind = _INDEXED.get(_local(node))
                if kind and node.get("name"):
                    self._places.setdefault((kind, (document.namespace, node.get("name"))), (node, document))

    def element(self, name: Name) -> Element | None:
        """A global element, with everything below it."""
        found = self._global(name)
        while self._unfilled or self._unmade:
            if self._unmade:
                made, node, document = self._unmade.pop()
                made.type = self._own_type(node, document, 0)
            else:
                self._fill_now(next(iter(self._unfilled)), 0)
        return found

    def _global(self, name: Name) -> Element | None:
        """What it holds is made later: many may refer to each other."""
        if name not in self._elements:
            if (place := self._places.get(("element", name))) is None:
                return None
            node, document = place
            self._elements[name] = Element(name, None, nillable=_is_true(node.get("nillable")), about=_about(node))
            self._unmade.append((self._elements[name], node, document))
        return self._elements[name]

    def _fill_now(self, name: Name, chain: int) -> None:
        if job := self._unfilled.pop(name, None):
            self._fill(*job, chain)

    # --- references ---

    def check_references(self) -> None:
        """Everything that a schema names is there. Raises DocumentError with the line of the first that is not."""
        for document in self.documents:
            for node in document.node.iter():
                for attribute, kind in _REFERENCES.get(_local(node), ()):
                    for text in (node.get(attribute) or "").split():
                        self._check_reference(node, text, kind, document)

    def check_weight(self) -> None:
        """Nothing in it would keep libxml2 for long. Raises DocumentError with the line of what would."""
        spent = 0
        for document in self.documents:

            def resolve(node: Any, text: str, document: Document = document) -> Any:
                place = self._place("group", node, text, document)
                return place[0] if place else None

            for node in document.node.iter():
                if isinstance(node.tag, str) and outermost(node):
                    spent += weight(node, resolve)
                    if spent > MOST_WEIGHT:
                        raise self.files.at(
                            node, _("Isi jenis ini terlalu rumit: terlalu banyak bagian yang boleh tidak ada")
                        )

    def _check_reference(self, node: Any, text: str, kind: str, document: Document) -> None:
        name = self._name(node, text, document)
        if name[0] == XSD or (kind, name) in self._places or (name[0] == XML and kind == "attribute"):
            if name[0] == XSD and kind == "type" and name[1] not in _BUILT_IN:
                raise self.files.at(node, _("Tidak ada jenis bawaan %(name)s") % {"name": text[:80]})
            return
        if "soap" in name[0] and "encoding" in name[0]:
            raise self.files.at(node, _("Jenis SOAP encoding (rpc/encoded) tidak didukung; yang didukung document/literal"))
        raise self.files.at(node, _("%(name)s tidak ditemukan di berkas yang dikirim") % {"name": text[:80]})

    def _name(self, node: Any, text: str, document: Document) -> Name:
        prefix, colon, local = text.strip().rpartition(":")
        if not colon:
            namespace = node.nsmap.get(None, "")
            return (namespace or (document.namespace if not document.node.get("targetNamespace") else ""), local)
        if prefix == "xml":
            return (XML, local)
        if prefix not in node.nsmap:
            raise self.files.at(node, _("Awalan %(name)s tidak diterangkan (xmlns)") % {"name": prefix[:40]})
        return (node.nsmap[prefix], local)

    def _place(self, kind: str, node: Any, text: str, document: Document) -> tuple[Any, Document] | None:
        return self._places.get((kind, self._name(node, text, document)))

    # --- types ---

    def _type(self, node: Any, text: str, document: Document, chain: int, *, later: bool = False) -> Simple | Complex | None:
        """The type that a QName means; None is anything. `later`: what is in it is not needed yet."""
        if chain > MAX_CHAIN:
            raise self.files.at(node, _("Turunan jenis terlalu panjang atau berputar"))
        name = self._name(node, text, document)
        if name[0] == XSD:
            if name[1] == "anyType":
                return None
            if name[1] in {"NMTOKENS", "IDREFS", "ENTITIES"}:
                return Simple(items=Simple("token"))
            return Simple("string" if name[1] == "anySimpleType" else name[1])
        if name not in self._types:
            place = self._places.get(("type", name))
            if place is None:
                return None
            if len(self._types) >= MAX_TYPES:
                raise DocumentError(_("Dokumen berisi lebih dari 2.000 skema"))
            inner, home = place
            if _local(inner) == "complexType":
                self._types[name] = made = Complex(label=self._label(name[1]))
                self._unfilled[name] = (made, inner, home)
            else:
                self._types[name] = self._simple(inner, home, chain + 1)
        if not later:
            self._fill_now(name, chain + 1)
        return self._types[name]

    def _label(self, wanted: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted)[:80]
        label, number = plain, 2
        while label in self._labels:
            label, number = f"{plain}_{number}", number + 1
        self._labels.add(label)
        return label

    def _simple(self, node: Any, document: Document, chain: int) -> Simple:
        for child in node:
            match _local(child):
                case "restriction":
                    return self._restricted(child, document, chain)
                case "list":
                    inner = _child(child, "simpleType")
                    item = self._simple(inner, document, chain + 1) if inner is not None else None
                    if item is None and child.get("itemType"):
                        found = self._type(child, child.get("itemType"), document, chain + 1)
                        item = found if isinstance(found, Simple) else None
                    return Simple(items=item or Simple())
        return Simple()  # a union: any text

    def _restricted(self, node: Any, document: Document, chain: int) -> Simple:
        inner = _child(node, "simpleType")
        base: Simple | Complex | None = None
        if inner is not None:
            base = self._simple(inner, document, chain + 1)
        elif node.get("base"):
            base = self._type(node, node.get("base"), document, chain + 1)
        if isinstance(base, Complex):
            base = base.text
        base = base if isinstance(base, Simple) else Simple()
        return Simple(base.base, {**base.facets, **_facets(node, base.base)}, base.items)

    def _fill(self, made: Complex, node: Any, document: Document, chain: int) -> None:
        made.own_mixed = _is_true(node.get("mixed"))
        for child in node:
            if _local(child) in {"complexContent", "simpleContent"}:
                made.own_mixed = made.own_mixed or _is_true(child.get("mixed"))
                for derived in child:
                    if _local(derived) in {"extension", "restriction"}:
                        self._derive(made, derived, document, chain, simple=_local(child) == "simpleContent")
                return
        made.own = self._content(node, document, chain)
        made.own_attributes = list(self._attributes(node, document, chain))

    def _derive(self, made: Complex, node: Any, document: Document, chain: int, *, simple: bool) -> None:
        base = self._type(node, node.get("base", ""), document, chain + 1) if node.get("base") else None
        made.base = base if isinstance(base, Complex) else None
        made.restricts = _local(node) == "restriction"
        made.own_attributes = list(self._attributes(node, document, chain))
        if not simple:
            made.own = self._content(node, document, chain)
        elif made.restricts:
            made.own_text = self._restricted(node, document, chain + 1)
        elif made.base is None:
            made.own_text = base if isinstance(base, Simple) else Simple()

    def _content(self, node: Any, document: Document, chain: int) -> Group | None:
        for child in node:
            if _local(child) in _GROUPS | {"group"}:
                return self._group(child, document, chain + 1)
        return None

    def _group(self, node: Any, document: Document, chain: int) -> Group | None:
        if chain > MAX_CHAIN * 3:
            raise self.files.at(node, _("Turunan jenis terlalu panjang atau berputar"))
        least, many = _occurs(node)
        if _local(node) == "group":
            place = self._place("group", node, node.get("ref", ""), document)
            inner = self._content(place[0], place[1], chain + 1) if place else None
            return Group("sequence", [inner], least, many) if inner is not None else None
        parts: list[Element | Group] = []
        for child in node:
            kind = _local(child)
            if kind == "element":
                parts.append(self._particle(child, document, chain))
            elif kind in _GROUPS | {"group"} and (inner := self._group(child, document, chain + 1)) is not None:
                parts.append(inner)
        return Group(_local(node), parts, least, many, wild=_child(node, "any") is not None)

    def _particle(self, node: Any, document: Document, chain: int) -> Element:
        least, many = _occurs(node)
        if node.get("ref"):
            found = self._global(self._name(node, node.get("ref"), document))
            if found is None:
                raise self.files.at(
                    node, _("%(name)s tidak ditemukan di berkas yang dikirim") % {"name": node.get("ref")[:80]}
                )
            return Element(found.name, None, least, many, found.nillable, found.about, found)
        qualified = (node.get("form") or document.node.get("elementFormDefault")) == "qualified"
        name = (document.namespace if qualified else "", node.get("name", ""))
        return Element(
            name, self._own_type(node, document, chain), least, many, _is_true(node.get("nillable")), _about(node)
        )

    def _own_type(self, node: Any, document: Document, chain: int) -> Simple | Complex | None:
        """The type of an element by its node."""
        for child in node:
            if _local(child) == "simpleType":
                return self._simple(child, document, chain + 1)
            if _local(child) == "complexType":
                inner = Complex()
                self._fill(inner, child, document, chain + 1)
                return inner
        return self._type(node, node.get("type"), document, 0, later=True) if node.get("type") else None

    # --- attributes ---

    def _attributes(self, node: Any, document: Document, chain: int) -> Iterator[Attribute]:
        if chain > MAX_CHAIN * 3:
            raise self.files.at(node, _("Turunan jenis terlalu panjang atau berputar"))
        for child in node:
            if _local(child) == "attributeGroup" and child.get("ref"):
                if place := self._place("attributes", child, child.get("ref"), document):
                    yield from self._attributes(place[0], place[1], chain + 1)
            elif _local(child) == "attribute" and child.get("use") != "prohibited":
                yield self._attribute(child, document, chain)

    def _attribute(self, node: Any, document: Document, chain: int) -> Attribute:
        required = node.get("use") == "required"
        if node.get("ref"):
            name = self._name(node, node.get("ref"), document)
            place = self._places.get(("attribute", name))
            return Attribute(name, self._attribute_type(*place, chain) if place else Simple(), required)
        qualified = (node.get("form") or document.node.get("attributeFormDefault")) == "qualified"
        name = (document.namespace if qualified else "", node.get("name", ""))
        return Attribute(name, self._attribute_type(node, document, chain), required)

    def _attribute_type(self, node: Any, document: Document, chain: int) -> Simple:
        inner = _child(node, "simpleType")
        if inner is not None:
            return self._simple(inner, document, chain + 1)
        found = self._type(node, node.get("type"), document, chain + 1) if node.get("type") else None
        return found if isinstance(found, Simple) else Simple()


def _local(node: Any) -> str:
    kind = node.tag
    return kind[len(_T) :] if isinstance(kind, str) and kind.startswith(_T) else ""


def _is_true(text: str | None) -> bool:
    return text in {"true", "1"}


def _child(node: Any, name: str) -> Any:
    return node.find(f"{_T}{name}")


def _occurs(node: Any) -> tuple[int, bool]:
    least, most = (node.get("minOccurs") or "1").strip(), (node.get("maxOccurs") or "1").strip()
    return (0 if least == "0" or most == "0" else 1), most not in {"0", "1"}


def _about(node: Any) -> str:
    found = node.find(f"{_T}annotation/{_T}documentation")
    return " ".join("".join(found.itertext()).split())[:200] if found is not None else ""


def _facets(node: Any, base: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for child in node:
        kind, value = _local(child), child.get("value", "")
        if kind == "enumeration":
            made.setdefault("enum", []).append(value)
        elif kind in _LENGTHS and value.isdecimal() and len(value) < 8:
            made.update(dict.fromkeys(_LENGTHS[kind], int(value)))
        elif kind == "pattern" and (pattern := _pattern(value)):
            made["pattern"] = pattern
        elif kind in _BOUNDS and is_integer(base) and re.fullmatch(r"-?\d{1,18}", value):
            made[_BOUNDS[kind]] = int(value)
    return made


def _pattern(value: str) -> str:
    """A pattern of XML Schema as JSON Schema has it, or nothing where the two differ."""
    differs = len(value) > MAX_PATTERN or re.search(r"\\[iIcCpP]|-\[|\{\d{4,}|,\d{4,}\}|[\^$]", value)
    return "" if differs else f"^(?:{value})$"
