"""The adapter of every backend that speaks JSON over HTTP.

Operations by name: `submit` (and others a binding names), `answer`, `attachment` and `withdraw` write; `reconcile` asks for our
reference; `status` asks for theirs; an operation that declares `lookup` is a read that residents and apps may ask for.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.utils import timezone

from portal.lib import strict_json
from portal.lib.http import Answer
from portal.lib.redaction import shape_of
from services.adapters import envelope, mapping, outcomes
from services.adapters.declared import bodies, spec
from services.adapters.declared.header_names import header_problem
from services.adapters.kinds.base import Adapter, Declared
from services.adapters.mapping import MappingError, put_at, value_at
from services.adapters.values import (
    Capability,
    Health,
    InvalidWebhook,
    LaterAct,
    Misconfigured,
    Outgoing,
    Receipt,
    StatusUpdate,
    Submission,
    SubmittedFile,
    Unavailable,
)
from services.adapters.wire import Mark, Message, Wire

MOST_UPDATES = 100
MOST_OF_A_RESULT = 120


class DeclaredAdapter(Adapter):
    """Subclasses give it a name in the registry."""

    Options: ClassVar[type[Declared]] = spec.HTTPOptions
    Spec: ClassVar[type[Declared]] = spec.OperationSpec
    capabilities = frozenset(
        {
            *(Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW),
            *(Capability.RECONCILE, Capability.STATUS, Capability.WEBHOOK, Capability.LOOKUP),
        }
    )
    uses_network = True

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        return envelope.of_submission(submission, rows)

    def prepare_act(self, act: LaterAct, spec: Mapping[str, Any]) -> bytes:
        return envelope.of_act(act, spec.get("body") or [])

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        declared = checked(spec)
        held = envelope.opened(outgoing.body)
        known = {"reference": outgoing.key, "case": held.reference, "number": outgoing.backend_reference}
        parameters = {place: dict(held.parameters.get(place, {})) for place in envelope.PLACES}
        parameters["path"] = {**known, **parameters["path"]}
        body, key = dict(held.body), declared["key"]
        shape = shape_of(body)
        if key["place"] == "header":
            parameters["header"][key["name"]] = outgoing.key
        try:
            if key["place"] == "field":
                put_at(body, key["name"], outgoing.key)
            message = self._message(outgoing.act.lower(), declared, parameters, body, (held.files, outgoing.files))
        except MappingError as error:
            raise Misconfigured("mapping", detail="; ".join(error.problems)[:300]) from error
        wire = Wire(self.setup, deadline_seconds=deadline_seconds)
        answer = wire.call(replace(message, reference=outgoing.key, shape=shape), fresh=True, on_mark=on_mark)
        receipt = outcomes.judge_write(answer, declared, held.fields)
        if not receipt.backend_reference:
            receipt = replace(receipt, backend_reference=outgoing.backend_reference)
        if declared.get("status") and answer.body:
            word = envelope.text_of(value_at(outcomes.json_of(answer), declared["status"]))
            receipt = replace(receipt, status=self._status_of(word))
        return receipt

    def _message(
        self,
        operation: str,
        declared: Mapping[str, Any],
        parameters: Mapping[str, Mapping[str, Any]],
        body: dict[str, Any] | None = None,
        files: tuple[list[dict[str, Any]], tuple[SubmittedFile, ...]] = ([], ()),
    ) -> Message:
        """`body`: None for a read without one. Raises Misconfigured."""

        def how(place: str, name: str) -> Mapping[str, Any]:
            found: Mapping[str, Any] = (declared.get("parameters") or {}).get(f"{place}.{name}") or {}
            return found

        headers = {"Accept": declared.get("accept") or "application/json", **declared.get("headers", {})}
        for name, value in parameters.get("header", {}).items():
            if (wrong := header_problem(name)) is not None:
                raise Misconfigured("header", detail=f"{name[:60]}: {wrong}")
            headers[name] = bodies.header_value(bodies.in_line(value, how("header", name)))
        query = list((declared.get("query") or {}).items())
        for name, value in parameters.get("query", {}).items():
            query += bodies.in_query(name, value, how("query", name))
        path = {
            name: bodies.in_line(value, how("path", name))
            for name, value in parameters.get("path", {}).items()
            if "{" + name + "}" in declared["path"]
        }
        content = None
        if body is not None and declared["format"] != "none":
            headers["Content-Type"], content = _encoded(body, declared, files)
        return Message(
            operation=operation,
            method=declared["method"],
            path=declared["path"],
            values=path,
            query=query,
            headers=headers,
            body=content,
        )

    def reconcile(self, reference: str, *, deadline_seconds: float) -> Receipt | None:
        declared, answer = self._read("reconcile", reference, deadline_seconds)
        data = outcomes.judge_read(answer)
        if outcomes.is_absent(answer, data, declared.get("absent")):
            return None
        if answer.status not in declared["accepted"]:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=f"status {answer.status} proves nothing")
        if declared.get("echo") and value_at(data, declared["echo"]) != reference:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail="the answer is about another reference")
        try:
            return outcomes.receipt_of(data, declared["receipt"])
        except strict_json.InvalidJSON as error:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=str(error)) from error

    def is_polled(self) -> bool:
        return "status" in self.setup.operations and not self.setup.options.get("webhook")

    def fetch_status(self, backend_reference: str, *, deadline_seconds: float) -> StatusUpdate:
        declared, answer = self._read("status", backend_reference, deadline_seconds)
        if answer.status == 404:
            raise Unavailable("not_found", maybe_sent=False, counts=False, detail="the backend does not know this case")
        data = outcomes.judge_read(answer)
        word = envelope.text_of(value_at(data, declared.get("status", "status")))
        if answer.status not in declared["accepted"] or not word:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=f"status {answer.status}: no status word")
        return StatusUpdate(
            reference=envelope.text_of(value_at(data, declared["echo"])) if declared.get("echo") else "",
            word=word[:60],
            status=self._status_of(word),
            backend_reference=backend_reference,
            message=outcomes.sentence(value_at(data, declared["message"])) if declared.get("message") else "",
            version=envelope.text_of(value_at(data, declared["version"])) if declared.get("version") else "",
            results=_results(data, declared.get("results")),
        )

    def ready(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        return checked(spec)

    def lookup(self, spec: Mapping[str, Any], values: Mapping[str, Any], *, deadline_seconds: float) -> Any:
        declared = checked(spec)
        try:
            made = mapping.run(declared["lookup"].get("request") or [], values, {})
        except MappingError as error:
            raise Misconfigured("mapping", detail="; ".join(error.problems)[:300]) from error
        parameters = {place: made.pop(f"@{place}", {}) for place in envelope.PLACES}
        body = made if declared["method"] != "GET" else None
        message = self._message("lookup", declared, parameters, body)
        answer = Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=False)
        if answer.status in {400, 422}:
            outcomes.refuse(answer, declared.get("rejection") or {})
        data = outcomes.judge_read(answer)
        if outcomes.is_absent(answer, data, declared.get("absent")):
            return None
        if answer.status not in declared["accepted"]:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=f"status {answer.status} proves nothing")
        return data

    def read_webhook(self, data: Any, *, event_id: str) -> list[StatusUpdate]:
        paths: Mapping[str, str] | None = self.setup.options.get("webhook")
        if not paths:
            raise InvalidWebhook("not_declared", status=400)
        items = value_at(data, paths["list"]) if paths.get("list") else [data]
        if not isinstance(items, list) or not 0 < len(items) <= MOST_UPDATES:
            raise InvalidWebhook("shape", status=400)
        return [self._update(item, paths, event_id) for item in items]

    def _update(self, item: Any, paths: Mapping[str, str], event_id: str) -> StatusUpdate:
        def text(name: str) -> str:
            return envelope.text_of(value_at(item, paths[name])) if paths.get(name) else ""

        reference, word, backend_reference = text("reference"), text("status"), text("backend_reference")
        if not word or not (reference or backend_reference):
            raise InvalidWebhook("shape", status=400)
        return StatusUpdate(
            reference=reference[:60],
            word=word[:60],
            status=self._status_of(word),
            backend_reference=backend_reference[:120],
            message=outcomes.sentence(value_at(item, paths["message"])) if paths.get("message") else "",
            version=text("version")[:60],
            event_id=event_id,
            at=envelope.moment_of(text("at")),
            results=_results(item, paths.get("results")),
        )

    def _status_of(self, word: str) -> str:
        words: Mapping[str, str] = self.setup.options.get("words") or {}
        return words.get(word, "")

    def _read(self, name: str, reference: str, deadline_seconds: float) -> tuple[dict[str, Any], Answer]:
        found = self.setup.operations.get(name)
        if found is None:
            raise Unavailable("not_declared", maybe_sent=False, slow=True, alert=True, detail=f"no operation {name!r}")
        declared = checked(found)
        known = {"reference": reference, "number": reference}
        try:
            made = mapping.run(declared.get("body") or [], {}, known)
        except MappingError as error:
            raise Misconfigured("mapping", detail="; ".join(error.problems)[:300]) from error
        parameters = {place: made.pop(f"@{place}", {}) for place in envelope.PLACES}
        parameters["path"] = {**known, **parameters["path"]}
        message = self._message(name, declared, parameters, made if declared["method"] != "GET" else None)
        wire = Wire(self.setup, deadline_seconds=deadline_seconds)
        return declared, wire.call(replace(message, reference=reference), fresh=False)

    def check_health(self, *, deadline_seconds: float) -> Health:
        path = self.setup.options.get("health_path")
        if not path:
            return Health(configured=False, reachable=False, authorised=False, cause="no health_path")
        message = Message(operation="health", method="GET", path=path, headers={"Accept": "application/json"}, record=False)
        began = timezone.now()
        try:
            status = Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=True).status
        except Misconfigured as error:
            return Health(configured=False, reachable=False, authorised=False, cause=error.cause, detail=error.detail)
        except Unavailable as error:
            known = error.cause in {"credentials", "unauthorised"}
            return Health(configured=True, reachable=known, authorised=False, cause=error.cause, detail=error.detail)
        milliseconds = round((timezone.now() - began).total_seconds() * 1000)
        refused = status in {401, 403}
        good = 200 <= status < 300
        cause = "" if good else "unauthorised" if refused else f"status {status}"
        return Health(True, good or refused, good, milliseconds, cause)


checked = spec.checked


def _encoded(
    body: dict[str, Any], declared: Mapping[str, Any], files: tuple[list[dict[str, Any]], tuple[SubmittedFile, ...]]
) -> tuple[str, bytes]:
    """Content type and bytes. Raises Misconfigured when a file is not what was frozen."""
    names, held = declared["files"], files
    match declared["format"]:
        case "form":
            return "application/x-www-form-urlencoded", bodies.form_body(body)
        case "multipart":
            parts = []
            if names["mode"] == "multipart":
                parts = [
                    (names["to"], entry["name"], entry["content_type"], data) for entry, data in envelope.contents(*held)
                ]
            return bodies.multipart_body(body, parts)
    if names["mode"] == "base64":
        put_files(body, held, names)
    return declared.get("content_type") or "application/json", bodies.json_body(body)


def put_files(
    body: dict[str, Any], held: tuple[list[dict[str, Any]], tuple[SubmittedFile, ...]], names: Mapping[str, str]
) -> None:
    """The files as base64 where the operation wants them. Raises Misconfigured when one is not what was frozen."""
    if names["shape"] == "objects":
        put_at(body, names["to"], [_inside(entry, data, names) for entry, data in envelope.contents(*held)])
        return
    texts = [base64.b64encode(data).decode() for _entry, data in envelope.contents(*held)]
    if names["shape"] == "texts":
        put_at(body, names["to"], texts)
    elif texts:
        put_at(body, names["to"], texts[0])


def _inside(entry: Mapping[str, Any], content: bytes, names: Mapping[str, str]) -> dict[str, Any]:
    made = {
        names["question"]: entry["question"],
        names["name"]: entry["name"],
        names["type"]: entry["content_type"],
        names["size"]: entry["size"],
        names["sha256"]: entry["sha256"],
        names["content"]: base64.b64encode(content).decode(),
    }
    made.pop("", None)
    return made


def _results(data: Any, declared: Any) -> dict[str, str]:
    """Name -> short text, for each declared path that leads to one."""
    paths: Mapping[str, str] = declared or {}
    found = {name: envelope.text_of(value_at(data, path))[:MOST_OF_A_RESULT] for name, path in paths.items()}
    return {name: text for name, text in found.items() if text}
