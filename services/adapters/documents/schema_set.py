"""All XML schemas of one WSDL: their shapes, and the judge that libxml2 makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.shape_maker import Maker
from services.adapters.documents.xml_files import Files
from services.adapters.documents.xsd import XML, XSD, Element, Name

MAX_SCHEMAS = 200
MAX_OCCURS = 5_000
_BASE = "https://skema.invalid/"
_SOAP_ENCODING = ("http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding")
_XML_SCHEMA = (
    f'<xs:schema xmlns:xs="{XSD}" targetNamespace="{XML}"><xs:attribute name="lang" type="xs:string"/>'
    '<xs:attribute name="space" type="xs:string"/><xs:attribute name="base" type="xs:anyURI"/>'
    '<xs:attribute name="id" type="xs:ID"/></xs:schema>'
)


def tag(name: str) -> str:
    return f"{{{XSD}}}{name}"


class Document:
    """One schema, and the namespace it is read in (a schema without one takes that of whoever includes it)."""

    def __init__(self, node: Any, namespace: str, number: int) -> None:
        self.node, self.namespace = node, namespace
        self.url = f"{_BASE}{number}.xsd"
        self.included = False


class SchemaSet:
    """`add` every schema of the WSDL, then `finish`. Raises DocumentError with file and line."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.warnings: list[str] = []
        self.documents: dict[tuple[int, str], Document] = {}
        self._inline: list[Any] = []
        self._followed: set[tuple[int, str]] = set()
        self._xml_node: Any = None
        self._judge: Any = None

    def add(self, node: Any) -> None:
        """A schema that stands inside the WSDL."""
        self._inline.append(node)

    def finish(self) -> None:
        for node in self._inline:
            self._register(node, node.get("targetNamespace", ""))
        for node in self._inline:
            self._follow(self._register(node, node.get("targetNamespace", "")), ())
        self.maker = Maker(self.files, list(self.documents.values()))
        self.maker.check_references()
        self.maker.check_weight()
        self._judge = self._compiled()

    # --- gathering ---

    def _register(self, node: Any, namespace: str) -> Document:
        key = (id(node), namespace)
        if key not in self.documents:
            if len(self.documents) >= MAX_SCHEMAS:
                raise DocumentError(_("WSDL berisi lebih dari 200 skema"))
            self.documents[key] = Document(node, namespace, len(self.documents) + 1)
        return self.documents[key]

    def _follow(self, document: Document, path: tuple[int, ...]) -> None:
        """What a schema includes and imports. `path`: the schemas on the way by include, to see a circle."""
        if len(path) > 30:
            raise self.files.at(document.node, _("Impor bersarang terlalu dalam"))
        for child in document.node:
            if child.tag == tag("redefine"):
                raise self.files.at(child, _("xsd:redefine tidak didukung. Tulis skemanya langsung"))
            if child.tag == tag("include"):
                node = self._located(child)
                if id(node) == id(document.node) or id(node) in path:
                    raise self.files.at(child, _("xsd:include berputar: berkas ini memuat dirinya sendiri"))
                own = node.get("targetNamespace")
                if own is not None and own != document.namespace:
                    raise self.files.at(child, _("xsd:include memuat skema dengan namespace lain. Pakai xsd:import"))
                target = self._register(node, document.namespace)
                target.included = True
                self._follow_once(target, (*path, id(document.node)))
            if child.tag == tag("import") and (found := self._imported(child)) is not None:
                self._follow_once(self._register(found, found.get("targetNamespace", "")), ())

    def _follow_once(self, document: Document, path: tuple[int, ...]) -> None:
        key = (id(document.node), document.namespace)
        if key not in self._followed:
            self._followed.add(key)
            self._follow(document, path)

    def _located(self, child: Any) -> Any:
        """The schema that an include or import names by its location. Raises DocumentError when it was not uploaded."""
        location = (child.get("schemaLocation") or "").strip()
        name = self.files.find(location, child) if location else None
        if name is None:
            words = _("Berkas %(name)s yang dimuat di sini belum dikirim. Kirim bersama WSDL-nya; portal tidak mengambilnya")
            raise self.files.at(child, words % {"name": location[:120] or "schemaLocation"})
        node = self.files.roots[name]
        if node.tag != tag("schema"):
            raise self.files.at(child, _("Berkas %(name)s bukan skema XML") % {"name": name[:80]})
        return node

    def _imported(self, child: Any) -> Any:
        namespace = child.get("namespace", "")
        location = (child.get("schemaLocation") or "").strip()
        if location and self.files.find(location, child) is not None:
            node = self._located(child)
            if node.get("targetNamespace", "") != namespace:
                words = _("xsd:import menyebut namespace %(one)s, padahal berkasnya ber-namespace %(other)s")
                other = node.get("targetNamespace", "")
                raise self.files.at(child, words % {"one": namespace[:80] or "-", "other": other[:80] or "-"})
            return node
        if any(document.namespace == namespace for document in self.documents.values()):
            return None  # a sibling in the WSDL
        for root in self.files.roots.values():  # an uploaded file that nobody names by its place
            if root.tag == tag("schema") and root.get("targetNamespace", "") == namespace:
                return root
        if namespace == XML:
            return self._xml_schema()
        if location and namespace not in _SOAP_ENCODING:
            return self._located(child)  # says that it is missing
        if namespace not in _SOAP_ENCODING:
            self.warnings.append(_("Namespace %(name)s diimpor tanpa berkas") % {"name": namespace[:120]})
        return None

    def _xml_schema(self) -> Any:
        if self._xml_node is None:
            self._xml_node = etree.fromstring(_XML_SCHEMA)
        return self._xml_node

    # --- shapes and judge ---

    def element(self, name: Name) -> Element | None:
        """A global element."""
        return self.maker.element(name)

    def is_right(self, node: Any) -> bool:
        """Whether an element is as the schemas say."""
        return bool(self._judge.validate(node))

    def why_not(self, node: Any) -> list[Name]:
        """The names of the elements that are wrong, without their contents."""
        self._judge.validate(node)
        found: list[Name] = []
        for entry in self._judge.error_log:
            named = re.match(r"Element '(?:\{([^}]*)\})?([^']{1,100})'", entry.message or "")
            if named and (name := (named[1] or "", named[2])) not in found:
                found.append(name)
        return found[:10]

    def _compiled(self) -> Any:
        served = dict(self._served())
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        parser.resolvers.add(_Served(served))
        top = etree.fromstring(served[f"{_BASE}top.xsd"], parser, base_url=f"{_BASE}top.xsd")
        try:
            return etree.XMLSchema(top)
        except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
            first = next(iter(error.error_log), None)
            line = first.line if first is not None and f"{_BASE}" in (first.filename or "") else None
            words = re.sub(r"\{https?://[^}]*\}|'\{[^}]*\}", "'", (first.message if first is not None else "") or "")
            raise DocumentError(_("Skema XML tidak benar: %(problem)s") % {"problem": words[:200]}, line or None) from None

    def _served(self) -> Iterator[tuple[str, bytes]]:
        """The schemas as libxml2 gets them: every place named is one of these."""
        by_namespace: dict[str, list[Document]] = {}
        for document in self.documents.values():
            by_namespace.setdefault(document.namespace, []).append(document)
        doors: dict[str, str] = {}
        for number, (namespace, documents) in enumerate(by_namespace.items()):
            roots = [one for one in documents if not one.included] or documents[:1]
            if len(roots) == 1 and roots[0].node.get("targetNamespace", "") == namespace:
                doors[namespace] = roots[0].url
                continue
            doors[namespace] = f"{_BASE}n{number}.xsd"
            door = etree.Element(tag("schema"), **({"targetNamespace": namespace} if namespace else {}))
            for one in roots:
                etree.SubElement(door, tag("include"), schemaLocation=one.url)
            yield doors[namespace], etree.tostring(door)
        for document in self.documents.values():
            yield document.url, self._rewritten(document, doors)
        top = etree.Element(tag("schema"), targetNamespace="urn:layanan-kota:all")
        for namespace, door in doors.items():
            etree.SubElement(top, tag("import"), schemaLocation=door, **({"namespace": namespace} if namespace else {}))
        yield f"{_BASE}top.xsd", etree.tostring(top)

    def _rewritten(self, document: Document, doors: dict[str, str]) -> bytes:
        node = etree.fromstring(etree.tostring(document.node, with_tail=False))  # with the prefixes of its parents
        for mine, child in zip(list(node), list(document.node), strict=True):
            if mine.tag == tag("include"):
                target = self._located(child)
                mine.set("schemaLocation", self.documents[(id(target), document.namespace)].url)
            elif mine.tag == tag("import"):
                namespace = mine.get("namespace", "")
                mine.attrib.pop("schemaLocation", None)
                if namespace in doors and namespace != document.namespace:
                    mine.set("schemaLocation", doors[namespace])
                else:
                    node.remove(mine)
        for one in node.iter(tag("pattern")):
            if len(one.get("value", "")) > 500 or re.search(r"\{\d{4,}|,\d{4,}\}", one.get("value", "")):
                one.getparent().remove(one)
        for one in node.iter(etree.Element):
            self._bound(one, document)
        lines = b"\n" * max(0, (document.node.sourceline or 1) - 1)  # so that libxml2 names the line of the file
        return lines + bytes(etree.tostring(node))

    def _bound(self, node: Any, document: Document) -> None:
        """A count that no message of ours reaches is no count; a large least number is refused."""
        for key in ("minOccurs", "maxOccurs"):
            value = (node.get(key) or "").strip()
            if value.isdecimal() and len(value) < 20 and int(value) <= MAX_OCCURS:
                continue
            if value.isdecimal() and key == "maxOccurs":
                node.set(key, "unbounded")
            elif value and value != "unbounded":
                raise self.files.at(document.node, _("%(key)s=%(value)s tidak diterima") % {"key": key, "value": value[:20]})


class _Served(etree.Resolver):  # type: ignore[misc]  # lxml comes without types
    """Only what is served here exists."""

    def __init__(self, served: dict[str, bytes]) -> None:
        self.served = served

    def resolve(self, url: str, public_id: str, context: Any) -> Any:
        if url in self.served:
            return self.resolve_string(self.served[url], context, base_url=url)
        return self.resolve_empty(context)
