"""JSON over HTTP, with operations declared as data: most departments are connected without a line of Python.

Operations by name: `submit` (and others a binding names), `answer`, `attachment` and `withdraw` write; `reconcile` asks
for our reference; `status` asks for theirs. The frozen body of a delivery is an envelope: the mapped body, the files
without their contents, and the way back from the backend's field names to our questions.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from rest_framework import serializers

from portal.lib import strict_json
from portal.lib.redaction import shape_of
from services.adapters import outcomes
from services.adapters.kinds.base import Adapter, Declared, kinds
from services.adapters.mapping import MappingError, check_rows, put_at, run, sources_of, value_at
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


class AuthOptions(Declared):
    type = serializers.ChoiceField(choices=["none", "api_key", "basic", "bearer", "oauth2"], default="none")
    header = serializers.RegexField(r"^[A-Za-z0-9-]{1,60}$", required=False, help_text="api_key: name of the header")
    username = serializers.CharField(max_length=200, required=False)
    client_id = serializers.CharField(max_length=200, required=False)
    token_path = serializers.RegexField(r"^/[!-~]{0,200}$", required=False)
    scope = serializers.CharField(max_length=200, required=False)


class WebhookOptions(Declared):
    """Dotted paths into a message, and the table of the backend's status words."""

    reference = serializers.CharField(max_length=200, help_text="our reference")
    status = serializers.CharField(max_length=200)
    backend_reference = serializers.CharField(max_length=200, required=False)
    message = serializers.CharField(max_length=200, required=False)
    version = serializers.CharField(max_length=200, required=False)
    at = serializers.CharField(max_length=200, required=False)
    list = serializers.CharField(max_length=200, required=False, help_text="where several updates lie in one message")


class RestOptions(Declared):
    auth = AuthOptions(required=False)
    health_path = serializers.RegexField(r"^/[!-~]{0,200}$", required=False)
    answer_mebibytes = serializers.IntegerField(min_value=1, max_value=10, default=1)
    webhook = WebhookOptions(required=False)
    words = serializers.DictField(
        child=serializers.RegexField(r"^[A-Z_]{1,24}$"), required=False, help_text="their status word -> ours"
    )


class FileSpec(Declared):
    """How files are put into the body; the names of their members are the backend's."""

    mode = serializers.ChoiceField(choices=["base64", "none"], default="none")
    to = serializers.CharField(max_length=200, default="files")
    content = serializers.CharField(max_length=60, default="content")
    name = serializers.CharField(max_length=60, default="name")
    type = serializers.CharField(max_length=60, default="type")
    question = serializers.CharField(max_length=60, default="question")
    size = serializers.CharField(max_length=60, default="size")
    sha256 = serializers.CharField(max_length=60, default="sha256")


class KeySpec(Declared):
    """Where our idempotency key goes."""

    place = serializers.ChoiceField(choices=["header", "field", "none"], default="header")
    name = serializers.CharField(max_length=60, default="Idempotency-Key")


class ErrorSpec(Declared):
    list = serializers.CharField(max_length=200, required=False)
    field = serializers.CharField(max_length=60, default="field")
    text = serializers.CharField(max_length=60, default="message")
    message = serializers.CharField(max_length=200, required=False)


class AbsentSpec(Declared):
    """What a proven "I do not have it" looks like: this status and, in its JSON, this value."""

    status = serializers.IntegerField(min_value=200, max_value=499, default=404)
    path = serializers.CharField(max_length=200)
    equals = serializers.JSONField()


class RestSpec(Declared):
    method = serializers.ChoiceField(choices=["GET", "POST", "PUT", "PATCH", "DELETE"], default="POST")
    path = serializers.RegexField(r"^/[!-~]{0,300}$")
    query = serializers.DictField(child=serializers.CharField(), required=False)
    headers = serializers.DictField(child=serializers.CharField(), required=False)
    key = KeySpec(required=False)
    files = FileSpec(required=False)
    accepted = serializers.ListField(
        child=serializers.IntegerField(min_value=200, max_value=299), default=lambda: [200, 201, 202]
    )
    receipt = serializers.CharField(max_length=200, default="id")
    rejection = ErrorSpec(required=False)
    absent = AbsentSpec(required=False)
    echo = serializers.CharField(max_length=200, required=False, help_text="where the answer repeats our reference")
    status = serializers.CharField(max_length=200, required=False, help_text="where the answer says how the case stands")
    message = serializers.CharField(max_length=200, required=False)
    version = serializers.CharField(max_length=200, required=False)
    body = serializers.ListField(required=False, help_text="answer, attachment, withdraw: rows like those of a binding")
    idempotency = serializers.ChoiceField(
        choices=["key", "lookup", "none"], required=False, help_text="when this operation can do less than the connection"
    )

    def validate_body(self, rows: list[Any]) -> list[Any]:
        try:
            check_rows(rows)
        except MappingError as error:
            raise serializers.ValidationError(error.problems) from error
        return rows


def _checked(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with its defaults. Raises Misconfigured."""
    serializer = RestSpec(data=dict(spec))
    if not serializer.is_valid():
        raise Misconfigured("operation", detail=f"not valid: {', '.join(serializer.errors)}"[:200])
    checked = dict(serializer.validated_data)
    for name, part in (("key", KeySpec), ("files", FileSpec)):
        if name not in checked:
            filled = part(data={})
            filled.is_valid(raise_exception=True)
            checked[name] = filled.validated_data
    return checked


@kinds.register("rest")
class Rest(Adapter):
    kind = "rest"
    label = "REST (JSON)"
    Options = RestOptions
    Spec = RestSpec
    capabilities = frozenset(
        {
            *(Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW),
            *(Capability.RECONCILE, Capability.STATUS, Capability.WEBHOOK),
        }
    )
    uses_network = True

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        known = {
            "reference": submission.reference,
            "service": submission.service_code,
            "department": submission.department_code,
            "submitted_at": _local(submission.submitted_at),
        }
        return _sealed(submission.reference, run(rows, submission.answers, known), sources_of(rows), submission.files)

    def prepare_act(self, act: LaterAct, spec: Mapping[str, Any]) -> bytes:
        known = {
            "reference": act.reference,
            "key": act.key,
            "service": act.service_code,
            "department": act.department_code,
            "text": act.text,
            "at": _local(act.acted_at),
        }
        return _sealed(act.reference, run(spec.get("body") or [], {}, known), {}, act.files)

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        declared = _checked(spec)
        envelope = _opened(outgoing.body)
        body = dict(envelope["body"])
        headers = {"Content-Type": "application/json", "Accept": "application/json", **declared.get("headers", {})}
        shape = shape_of(body)
        if declared["files"]["mode"] == "base64":
            put_at(body, declared["files"]["to"], _with_contents(envelope["files"], outgoing.files, declared["files"]))
        if declared["key"]["place"] == "header":
            headers[declared["key"]["name"]] = outgoing.key
        elif declared["key"]["place"] == "field":
            put_at(body, declared["key"]["name"], outgoing.key)
        known = {"reference": outgoing.key, "case": envelope["reference"], "number": outgoing.backend_reference}
        message = Message(
            operation=outgoing.act.lower(),
            method=declared["method"],
            path=declared["path"],
            values={name: value for name, value in known.items() if "{" + name + "}" in declared["path"]},
            query=declared.get("query", {}),
            headers=headers,
            body=orjson.dumps(body, option=orjson.OPT_SORT_KEYS),
            reference=outgoing.key,
            shape=shape,
        )
        wire = Wire(self.setup, deadline_seconds=deadline_seconds)
        answer = wire.call(message, fresh=True, on_mark=on_mark)
        receipt = outcomes.judge_write(answer, declared, envelope["fields"])
        if declared.get("status"):
            word = _text(value_at(outcomes.json_of(answer), declared["status"]))
            receipt = replace(receipt, status=self._status_of(word))
        return receipt

    def reconcile(self, reference: str, *, deadline_seconds: float) -> Receipt | None:
        declared, answer = self._read("reconcile", reference, deadline_seconds)
        data = outcomes.judge_read(answer)
        absent = declared.get("absent")
        if absent and answer.status == absent["status"] and value_at(data, absent["path"]) == absent["equals"]:
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
        word = _text(value_at(data, declared.get("status", "status")))
        if answer.status not in declared["accepted"] or not word:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=f"status {answer.status}: no status word")
        return StatusUpdate(
            reference=_text(value_at(data, declared["echo"])) if declared.get("echo") else "",
            word=word[:60],
            status=self._status_of(word),
            backend_reference=backend_reference,
            message=outcomes.sentence(value_at(data, declared["message"])) if declared.get("message") else "",
            version=_text(value_at(data, declared["version"])) if declared.get("version") else "",
        )

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
            return _text(value_at(item, paths[name])) if paths.get(name) else ""

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
            at=_moment(text("at")),
        )

    def _status_of(self, word: str) -> str:
        words: Mapping[str, str] = self.setup.options.get("words") or {}
        return words.get(word, "")

    def _read(self, name: str, reference: str, deadline_seconds: float) -> tuple[dict[str, Any], Any]:
        spec = self.setup.operations.get(name)
        if spec is None:
            raise Unavailable("not_declared", maybe_sent=False, slow=True, alert=True, detail=f"no operation {name!r}")
        declared = _checked(spec)
        message = Message(
            operation=name,
            method=declared["method"],
            path=declared["path"],
            values={"reference": reference},
            query=declared.get("query", {}),
            headers={"Accept": "application/json", **declared.get("headers", {})},
            reference=reference,
        )
        return declared, Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=False)

    def check_health(self, *, deadline_seconds: float) -> Health:
        path = self.setup.options.get("health_path")
        if not path:
            return Health(configured=False, reachable=False, authorised=False, cause="no health_path")
        message = Message(operation="health", method="GET", path=path, headers={"Accept": "application/json"}, record=False)
        began = timezone.now()
        try:
            status = Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=True).status
        except Misconfigured as error:
            return Health(configured=False, reachable=False, authorised=False, cause=error.cause)
        except Unavailable as error:
            known = error.cause in {"credentials", "unauthorised"}
            return Health(configured=True, reachable=known, authorised=False, cause=error.cause)
        milliseconds = round((timezone.now() - began).total_seconds() * 1000)
        refused = status in {401, 403}
        good = 200 <= status < 300
        cause = "" if good else "unauthorised" if refused else f"status {status}"
        return Health(True, good or refused, good, milliseconds, cause)


def _local(moment: datetime) -> str:
    """ISO 8601 in the city's own zone, so that a backend that wants only the day gets the right one."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _sealed(reference: str, body: Any, fields: Mapping[str, str], files: tuple[SubmittedFile, ...]) -> bytes:
    envelope = {
        "v": 1,
        "reference": reference,
        "body": body,
        "fields": fields,
        "files": [
            {
                "ref": file.ref,
                "question": file.question,
                "name": file.name,
                "content_type": file.content_type,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in files
        ],
    }
    return orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS)


def _text(value: Any) -> str:
    """A short text or whole number as text; anything else is nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 <= moment.year <= 2100:  # a clock that far off says nothing, and some dates cannot be converted
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _opened(body: bytes) -> dict[str, Any]:
    envelope = orjson.loads(body)
    if not isinstance(envelope, dict) or envelope.get("v") != 1:
        raise Misconfigured("body", detail="the frozen body is of another version")
    return envelope


def _with_contents(listed: list[Any], files: tuple[SubmittedFile, ...], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The files in the order in which they were frozen. Raises Misconfigured when one is gone or has changed."""
    held = {file.ref: file for file in files}
    made = []
    for entry in listed:
        file = held.get(entry["ref"])
        content = file.read() if file is not None else b""
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise Misconfigured("file_changed", detail=f"file {entry['ref'][:32]} is not what was submitted")
        made.append(
            {
                names["question"]: entry["question"],
                names["name"]: entry["name"],
                names["type"]: entry["content_type"],
                names["size"]: entry["size"],
                names["sha256"]: entry["sha256"],
                names["content"]: base64.b64encode(content).decode(),
            }
        )
    return made
