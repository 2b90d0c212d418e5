"""WSDL 1.1 documents, document/literal over SOAP 1.1 or 1.2, as the same values as OpenAPI (values.py).

Imports are taken from the files that were uploaded with it, by their name; nothing is fetched. What cannot be spoken (rpc,
encoded, several parts in a body) is left out with a warning, or refused with its line where nothing else is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.schema_set import SchemaSet
from services.adapters.documents.values import Answer, Api, ApiOperation, Body, SecurityScheme
from services.adapters.documents.xml_files import Files
from services.adapters.documents.xsd import TEXT, XSD, Element, Name, Simple, Writer, simple_schema

WSDL = "http://schemas.xmlsoap.org/wsdl/"
WSDL_2 = "http://www.w3.org/ns/wsdl"
SOAP_11 = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP_12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
MAIN = "main"
MAX_OPERATIONS = 2_000
MAX_WARNINGS = 200
CONTENT_TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}


@dataclass(frozen=True)
class Call:
    """One operation as it is spoken. `sent` None: an empty body. `answered` None: nothing but the envelope comes back."""

    name: str
    action: str
    sent: Element | None
    answered: Element | None
    faults: Mapping[Name, Element] = field(default_factory=dict)
    about: str = ""
    has_headers: bool = False


@dataclass(frozen=True)
class Description:
    """What a WSDL says of one port. `soap`: 1.1 or 1.2. `address` is the document's, often only a placeholder."""

    title: str
    soap: str
    address: str
    calls: Mapping[str, Call]
    schemas: SchemaSet
    asks_for_token: bool
    warnings: tuple[str, ...]


def parse(files: Mapping[str, bytes | str], port: str = "") -> Api:
    """Raises DocumentError. `port`: the name of one, where a service has several (else the first that can be spoken)."""
    return api_of(describe(files, port))


def describe(files: Mapping[str, bytes | str], port: str = "") -> Description:
    """What is needed to speak to it. Raises DocumentError."""
    return _Reader(files).describe(port)


def api_of(found: Description) -> Api:
    """The description as the importer's values. Bodies are what stands in the operation's element."""
    sent, answered = Writer(), Writer()
    kind = CONTENT_TYPES[found.soap]
    security = {"ws-security": SecurityScheme("ws-security", "wsse")} if found.asks_for_token else {}
    operations = []
    for call in found.calls.values():
        body = Body(kind, object_schema(sent, call.sent), True) if call.sent is not None else None
        answers = [Answer("200", kind, object_schema(answered, call.answered) if call.answered is not None else None)]
        for name, element in call.faults.items():
            answers.append(Answer("default", kind, object_schema(answered, element), name[1]))
        operations.append(
            ApiOperation(
                name=call.name,
                method="POST",
                path=f"/{call.name}",
                summary=call.about,
                tags=(),
                parameters=(),
                body=body,
                answers=tuple(answers),
                security=tuple(security),
            )
        )
    return Api(
        version="wsdl-1.1",
        title=found.title,
        servers=(found.address,) if found.address else (),
        operations=tuple(operations),
        security=security,
        sent=sent.defs,
        answered=answered.defs,
        warnings=found.warnings,
    )


def object_schema(writer: Writer, element: Element) -> dict[str, Any]:
    """An element of a simple type is an object with its text alone, so that a mapping can name it."""
    if isinstance(element.shape, Simple):
        return {"type": "object", "properties": {TEXT: simple_schema(element.shape)}, "additionalProperties": False}
    return writer.of(element.shape)


def _tag(name: str) -> str:
    return f"{{{WSDL}}}{name}"


class _Reader:
    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self.files = Files(files)
        self.warnings: dict[str, None] = {}
        self.definitions: list[Any] = []  # roots, each once
        self.loose: list[Any] = []  # schemas that a WSDL imports as if they were WSDLs
        self._collect(self._main(), ())
        self.schemas = SchemaSet(self.files)
        self._indexed = {kind: dict(self._named(kind)) for kind in ("message", "portType", "binding")}

    def warn(self, text: str) -> None:
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.setdefault(text)

    # --- files ---

    def _main(self) -> Any:
        """The WSDL itself: the file called main, or the one that no other imports."""
        roots = self.files.roots
        if MAIN in roots:
            self._refuse_others(roots[MAIN])
            return roots[MAIN]
        described = [root for root in roots.values() if root.tag == _tag("definitions")]
        if not described:
            self._refuse_others(next(iter(roots.values())))
        imported = {
            id(self.files.roots[name])
            for root in described
            for child in root.iterfind(_tag("import"))
            if (name := self.files.find(child.get("location", ""), child)) is not None
        }
        return next((root for root in described if id(root) not in imported), described[0])

    def _refuse_others(self, root: Any) -> None:
        if root.tag == _tag("definitions"):
            return
        if root.tag == f"{{{WSDL_2}}}description":
            raise self.files.at(root, _("WSDL 2.0 belum didukung. Minta WSDL 1.1"))
        if root.tag == f"{{{XSD}}}schema":
            raise self.files.at(root, _("Ini skema XML tanpa WSDL. Kirim juga WSDL yang memakainya"))
        raise self.files.at(root, _("Ini bukan WSDL: elemen pertamanya harus definitions"))

    def _collect(self, root: Any, path: tuple[int, ...]) -> None:
        if id(root) in path:
            raise self.files.at(root, _("wsdl:import berputar: berkas ini memuat dirinya sendiri"))
        if any(root is known for known in self.definitions):
            return
        self.definitions.append(root)
        for child in root.iterfind(_tag("import")):
            location = (child.get("location") or "").strip()
            name = self.files.find(location, child) if location else None
            if name is None:
                words = _(
                    "Berkas %(name)s yang dimuat di sini belum dikirim. Kirim bersama WSDL-nya; portal tidak mengambilnya"
                )
                raise self.files.at(child, words % {"name": location[:120] or "location"})
            target = self.files.roots[name]
            if target.tag == f"{{{XSD}}}schema":
                self.loose.append(target)
                continue
            self._refuse_others(target)
            if id(target) in (*path, id(root)):
                raise self.files.at(child, _("wsdl:import berputar: berkas ini memuat dirinya sendiri"))
            self._collect(target, (*path, id(root)))

    def _named(self, kind: str) -> Iterator[tuple[Name, Any]]:
        for root in self.definitions:
            for node in root.iterfind(_tag(kind)):
                yield (root.get("targetNamespace", ""), node.get("name", "")), node

    def _name(self, node: Any, text: str) -> Name:
        prefix, colon, local = text.strip().rpartition(":")
        if colon and prefix not in node.nsmap:
            raise self.files.at(node, _("Awalan %(name)s tidak diterangkan (xmlns)") % {"name": prefix[:40]})
        root = node.getroottree().getroot()
        return (node.nsmap[prefix] if colon else node.nsmap.get(None, root.get("targetNamespace", "")), local)

    def _get(self, kind: str, node: Any, text: str) -> Any:
        name = self._name(node, text)
        found = self._indexed[kind].get(name)
        if found is None and ":" not in text:  # an unprefixed name under a default namespace: many mean their own
            found = self._indexed[kind].get((node.getroottree().getroot().get("targetNamespace", ""), name[1]))
        if found is None:
            raise self.files.at(node, _("%(name)s tidak ditemukan di berkas yang dikirim") % {"name": text[:80] or kind})
        return found

    # --- one port ---

    def describe(self, port: str) -> Description:
        binding, address, soap = self._chosen(port)
        for root in self.definitions:
            for types in root.iterfind(_tag("types")):
                for schema in types.iterfind(f"{{{XSD}}}schema"):
                    self.schemas.add(schema)
        for root in self.loose:
            self.schemas.add(root)
        self.schemas.finish()
        calls = dict(self._calls(binding, soap))
        if not calls:
            raise self.files.at(
                binding,
                _("Tidak ada operasi yang bisa disambungkan: %(why)s") % {"why": "; ".join(self.warnings)[:300] or "-"},
            )
        texts = {node.tag for root in self.definitions for node in root.iter() if isinstance(node.tag, str)}
        policies = any(name.endswith("}Policy") or name.endswith("}PolicyReference") for name in texts)
        token = any(name.endswith("}UsernameToken") for name in texts)
        if policies and not token:
            self.warn(_("WS-Policy di dokumen ini tidak dibaca. Tanyakan kepada pemilik sistem cara masuknya"))
        title = self.definitions[0].get("name") or binding.get("name") or ""
        warnings = tuple(dict.fromkeys([*self.warnings, *self.schemas.warnings]))
        return Description(title[:200], soap, address, calls, self.schemas, token, warnings)

    def _chosen(self, wanted: str) -> tuple[Any, str, str]:
        """The binding, the address and the SOAP version of the port that is spoken."""
        ports = [
            (node.get("name", ""), *self._of_port(node))
            for root in self.definitions
            for node in root.iterfind(f"{_tag('service')}/{_tag('port')}")
        ]
        if not ports:  # a description without a service: any binding will do
            ports = [
                (node.get("name", ""), node, "", soap)
                for node in self._indexed["binding"].values()
                if (soap := _version(node))
            ]
        spoken = [one for one in ports if one[3]]
        if wanted and not any(one[0] == wanted for one in spoken):
            raise DocumentError(_("Tidak ada port SOAP bernama %(name)s") % {"name": wanted[:80]})
        if not spoken:
            raise self.files.at(self.definitions[0], _("WSDL ini tidak punya port SOAP lewat HTTP"))
        if len(spoken) > 1 and not wanted:
            names = ", ".join(one[0] for one in spoken)[:120]
            self.warn(_("Ada beberapa port (%(names)s); yang dipakai %(name)s") % {"names": names, "name": spoken[0][0]})
        chosen = next(one for one in spoken if one[0] == wanted) if wanted else spoken[0]
        return chosen[1], chosen[2], chosen[3]

    def _of_port(self, node: Any) -> tuple[Any, str, str]:
        binding = self._get("binding", node, node.get("binding", ""))
        soap = _version(binding)
        address = next(
            (
                child.get("location", "").strip()
                for child in node
                if child.tag in {f"{{{SOAP_11}}}address", f"{{{SOAP_12}}}address"}
            ),
            "",
        )
        return binding, address[:400], soap

    def _calls(self, binding: Any, soap: str) -> Iterator[tuple[str, Call]]:
        namespace = SOAP_11 if soap == "1.1" else SOAP_12
        style = binding.find(f"{{{namespace}}}binding").get("style", "document")
        port_type = self._get("portType", binding, binding.get("type", ""))
        abstract: dict[str, list[Any]] = {}
        for node in port_type.iterfind(_tag("operation")):
            abstract.setdefault(node.get("name", ""), []).append(node)
        count = 0
        for node in binding.iterfind(_tag("operation")):
            name = node.get("name", "")
            count += 1
            if count > MAX_OPERATIONS:
                raise DocumentError(_("Dokumen berisi lebih dari 2.000 operasi. Kirim hanya bagian yang dipakai"))
            if len(abstract.get(name, [])) != 1 or not re.fullmatch(r"[A-Za-z_][\w.-]{0,119}", name):
                self.warn(_("Operasi %(name)s ditinggalkan: namanya tidak ada atau ada dua kali") % {"name": name[:60]})
                continue
            why = self._unspeakable(node, namespace, style)
            try:
                if not why:
                    yield name, self._call(node, abstract[name][0], namespace)
            except _Unspeakable as error:
                why = str(error)
            if why:
                self.warn(
                    _("Operasi %(name)s (baris %(line)s) ditinggalkan: %(why)s")
                    % {"name": name[:60], "line": node.sourceline, "why": why}
                )

    def _unspeakable(self, node: Any, namespace: str, style: str) -> str:
        own = node.find(f"{{{namespace}}}operation")
        if ((own is not None and own.get("style")) or style) != "document":
            return _("gaya rpc tidak didukung; yang didukung document/literal")
        if any(body.get("use", "literal") != "literal" for body in node.iter(f"{{{namespace}}}body")):
            return _("isi encoded tidak didukung; yang didukung document/literal")
        return ""

    def _call(self, node: Any, abstract: Any, namespace: str) -> Call:
        own = node.find(f"{{{namespace}}}operation")
        faults = {}
        for fault in abstract.iterfind(_tag("fault")):
            message = self._get("message", fault, fault.get("message", ""))
            for part in message.iterfind(_tag("part")):
                if part.get("element") and (element := self.schemas.element(self._name(part, part.get("element")))):
                    faults[element.name] = element
        documentation = abstract.find(_tag("documentation"))
        about = " ".join("".join(documentation.itertext()).split())[:200] if documentation is not None else ""
        return Call(
            name=node.get("name"),
            action=(own.get("soapAction") or "").strip() if own is not None else "",
            sent=self._element(node.find(_tag("input")), abstract.find(_tag("input")), namespace),
            answered=self._element(node.find(_tag("output")), abstract.find(_tag("output")), namespace),
            faults=faults,
            about=about,
            has_headers=node.find(f"{_tag('input')}/{{{namespace}}}header") is not None,
        )

    def _element(self, concrete: Any, abstract: Any, namespace: str) -> Element | None:
        """The one element that stands in the body. Raises _Unspeakable, or DocumentError when it is not there."""
        if abstract is None:
            return None
        message = self._get("message", abstract, abstract.get("message", ""))
        parts = {part.get("name"): part for part in message.iterfind(_tag("part"))}
        if concrete is not None:
            body = concrete.find(f"{{{namespace}}}body")
            if body is not None and body.get("parts") is not None:
                parts = {name: part for name, part in parts.items() if name in body.get("parts").split()}
            for header in concrete.iterfind(f"{{{namespace}}}header"):
                if self._get("message", header, header.get("message", "")) is message:
                    parts.pop(header.get("part"), None)
        if not parts:
            return None
        if len(parts) > 1:
            raise _Unspeakable(_("isinya lebih dari satu bagian (part)"))
        part = next(iter(parts.values()))
        if not part.get("element"):
            raise _Unspeakable(_("bagian (part) tanpa element tidak didukung; yang didukung document/literal"))
        found = self.schemas.element(self._name(part, part.get("element")))
        if found is None:
            raise self.files.at(
                part, _("%(name)s tidak ditemukan di berkas yang dikirim") % {"name": part.get("element")[:80]}
            )
        return found


class _Unspeakable(Exception):
    """An operation that we cannot speak."""


def _version(binding: Any) -> str:
    """1.1 or 1.2, or nothing for a binding that is no SOAP over HTTP."""
    for version, namespace in (("1.1", SOAP_11), ("1.2", SOAP_12)):
        found = binding.find(f"{{{namespace}}}binding")
        if found is not None and found.get("transport", "").rstrip("/").lower().endswith("/http"):
            return version
    return ""
