"""The pretend backend of a SOAP connection: envelopes around what the pretend backend of every kind does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from lxml import etree

from portal.lib import strict_xml
from portal.lib.http import Answer, Request
from services.adapters.documents import samples
from services.adapters.documents.wsdl import CONTENT_TYPES, Call, Description
from services.adapters.mapping import value_at
from services.adapters.models import ApiDocument
from services.adapters.sandbox import StandIn
from services.adapters.soap import contents
from services.adapters.soap.descriptions import description_of, schema_of
from services.adapters.soap.messages import ENVELOPES
from services.adapters.values import Misconfigured

READS = frozenset({"reconcile", "status", "health"})


class SoapStandIn(StandIn):
    """Answers envelopes. Raises CallError where a network would fail."""

    def _routed(self, request: Request, path: str) -> Answer:
        try:
            root = strict_xml.parse(request.body or b"")
        except strict_xml.InvalidXML:
            return Answer(400, {"content-type": "text/plain"}, b"no envelope")
        element = next((child[0] for child in root if child.tag.endswith("}Body") and len(child)), None)
        # Several operations of ours may be one of theirs: what is asked for is told apart by what it carries.
        for name, spec in sorted(self.specs.items(), key=lambda item: item[0] in READS or "lookup" in item[1], reverse=True):
            found, call = self._call(spec)
            if call is None or call.sent is None or element is None or etree.QName(element).localname != call.sent.name[1]:
                continue
            if not self._is_meant(name, spec, contents.read(element, call.sent.shape)):
                continue
            return self._answered(name, spec, found, call, element, request)
        return Answer(404, {"content-type": "text/plain"}, b"no such operation")

    def _call(self, spec: Mapping[str, Any]) -> tuple[Description, Call | None]:
        found = description_of(
            self.connection.pk, str(spec.get("document", "")), self.connection.options.get("port") or "", self._files
        )
        return found, found.calls.get(str(spec.get("operation_id", "")))

    def _files(self, digest: str) -> Mapping[str, str]:
        row = ApiDocument.objects.filter(connection=self.connection, digest=digest).first()
        if row is None:
            raise Misconfigured("document", detail=f"there is no document {digest[:12]}")
        return dict(row.files)

    def _is_meant(self, name: str, spec: Mapping[str, Any], body: Any) -> bool:
        """By the constants that the operation's own rows write."""
        constants = {row["to"]: row["const"] for row in spec.get("body") or [] if "const" in row}
        return all(str(value_at(body, path)) == str(value) for path, value in constants.items())

    def _answered(
        self, name: str, spec: Mapping[str, Any], found: Description, call: Call, element: Any, request: Request
    ) -> Answer:
        values = contents.read(element, call.sent.shape if call.sent else None)
        plain = Request(request.method, request.url, {"content-type": "application/json"}, orjson.dumps(values))
        spec = {**spec, "answer_schema": spec.get("answer_schema") or schema_of(call.answered), "accepted": [200]}
        absent: Mapping[str, Any] = spec.get("absent") or {}
        if "lookup" in spec:
            answer = self._lookup(spec)
        elif name in READS:
            leaves = {str(number): str(value) for number, value in enumerate(_leaves(values))}
            asked = {**spec, "absent": absent if "path" in absent else None}
            answer = self._asked(asked, leaves, plain)
            if name == "health" or (answer.status == 404 and "path" in absent):
                answer = Answer(200, answer.headers, orjson.dumps(self._none(spec, absent)))
        else:
            answer = self._write(name, spec, _numbers(values), plain)
        return _enveloped(answer, spec, found, call)

    def _none(self, spec: Mapping[str, Any], absent: Mapping[str, Any]) -> Any:
        """A right answer that says that there is none."""
        schema = spec["answer_schema"]
        body = self._sample(schema or {}) or {}
        if absent.get("path"):
            *_folders, last = absent["path"].split(".")
            body = {key: value for key, value in body.items() if not isinstance(value, dict | list)}
            body[last] = absent["equals"]
        return body


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [value]


def _numbers(values: Any) -> dict[str, str]:
    """What might be one of our numbers, as the path of a REST request would carry it."""
    return {str(place): str(value).removeprefix("UJI-") for place, value in enumerate(_leaves(values)) if value}


def _enveloped(answer: Answer, spec: Mapping[str, Any], found: Description, call: Call) -> Answer:
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("application/json"):
        return answer
    headers = {**answer.headers, "content-type": f"{CONTENT_TYPES[found.soap]}; charset=utf-8"}
    data = orjson.loads(answer.body)
    space = ENVELOPES[found.soap]
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    body = etree.SubElement(envelope, f"{{{space}}}Body")
    if answer.status == 200 and call.answered is not None:
        try:
            contents.write(body, call.answered, data)
        except contents.ContentError:
            return Answer(500, headers, b"the sample does not fit")
        return Answer(200, headers, etree.tostring(envelope))
    if answer.status not in {404, 422}:
        return Answer(answer.status, headers, etree.tostring(envelope))
    _put_fault(body, space, found.soap, spec, call, data, absent=answer.status == 404)
    return Answer(500 if found.soap == "1.1" else 400, headers, etree.tostring(envelope))


def _put_fault(body: Any, space: str, soap: str, spec: Mapping[str, Any], call: Call, data: Any, *, absent: bool) -> None:
    """Client, with the element in its detail that the operation declares for what happened."""
    fault = etree.SubElement(body, f"{{{space}}}Fault")
    if soap == "1.1":
        etree.SubElement(fault, "faultcode").text = "soap:Client"
        etree.SubElement(fault, "faultstring").text = "Tidak sesuai"
        detail = etree.SubElement(fault, "detail")
    else:
        code = etree.SubElement(fault, f"{{{space}}}Code")
        etree.SubElement(code, f"{{{space}}}Value").text = "soap:Sender"
        reason = etree.SubElement(fault, f"{{{space}}}Reason")
        etree.SubElement(reason, f"{{{space}}}Text").text = "Tidak sesuai"
        detail = etree.SubElement(fault, f"{{{space}}}Detail")
    wanted = (spec.get("absent") or {}).get("fault") if absent else None
    declared = [one for one in call.faults.values() if wanted in {None, one.name[1]}]
    for element in declared[:1]:
        schema = schema_of(element) or {}
        inside = samples.sample(schema, schema.get("$defs", {}))
        try:
            contents.write(detail, element, inside if absent else {**(inside or {}), **data})
        except contents.ContentError:
            continue
