"""SOAP 1.1 and 1.2, document/literal, its operations made from the department's own WSDL: docs/how-to/connect-a-soap-backend.md

Operations by name as for `rest`. What is frozen is the mapped body as JSON; the envelope is written while sending, from the
WSDL that the operation names by its digest, so a newer document does not change what is waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from portal.lib import strict_json
from portal.lib.http import Answer
from portal.lib.redaction import shape_of
from services.adapters import envelope, mapping, outcomes
from services.adapters.credentials import secret_of
from services.adapters.declared.adapter import put_files
from services.adapters.declared.spec import AuthOptions, ErrorSpec, FileSpec, LookupSpec, PathField, RowsField, row_problems
from services.adapters.documents.wsdl import Call, Description
from services.adapters.kinds.base import Adapter, Declared, kinds
from services.adapters.mapping import MappingError, put_at, value_at
from services.adapters.soap import messages
from services.adapters.soap.contents import ContentError
from services.adapters.soap.descriptions import description_of, schema_of
from services.adapters.soap.outcomes import opened_read, opened_write
from services.adapters.values import (
    Capability,
    Health,
    LaterAct,
    Misconfigured,
    Outgoing,
    Receipt,
    StatusUpdate,
    Submission,
    Unavailable,
)
from services.adapters.wire import Mark, Message, Wire


class SoapAuth(AuthOptions):
    """Beside what every kind can: `wsse`, WS-Security UsernameToken, the password as text or as a digest (secret `password`)."""

    type = serializers.ChoiceField(choices=["none", "basic", "api_key", "bearer", "oauth2", "wsse"], default="none")
    password_type = serializers.ChoiceField(choices=["text", "digest"], default="digest")
    timestamp = serializers.BooleanField(default=False, help_text="wsse: an expiry beside the token")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["type"] == "wsse" and "sign" in attrs:
            raise serializers.ValidationError({"sign": ["The token of wsse proves it already."]})
        return super().validate(attrs)


class SoapOptions(Declared):
    auth = SoapAuth(required=False)
    path = PathField(r"^/[!-~]{0,300}$", default="/", help_text="of the service, after the connection's address")
    port = serializers.CharField(max_length=120, required=False, help_text="where the WSDL has several")
    health_path = PathField(r"^/[!-~]{0,200}$", required=False, help_text="asked with GET, for instance /?wsdl")
    answer_mebibytes = serializers.IntegerField(min_value=1, max_value=10, default=1)
    words = serializers.DictField(
        child=serializers.RegexField(r"^[A-Z_]{1,24}$"), required=False, help_text="their status word -> ours"
    )


class SoapKey(Declared):
    """Where our key goes: a field of the body, or nowhere."""

    place = serializers.ChoiceField(choices=["field", "none"], default="none")
    name = serializers.CharField(max_length=200, required=False)


class Good(Declared):
    """For backends that say no inside a good answer: what stands at `path` when it is a yes, and when it is a refusal."""

    path = serializers.CharField(max_length=200)
    equals = serializers.ListField(child=serializers.JSONField(), min_length=1, max_length=50)
    refused = serializers.ListField(child=serializers.JSONField(), required=False, max_length=200)


class SoapAbsent(Declared):
    """What proves that there is none: the element in a fault's detail, or a value in the answer."""

    fault = serializers.CharField(max_length=120, required=False)
    path = serializers.CharField(max_length=200, required=False)
    equals = serializers.JSONField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("fault" in attrs) == ("path" in attrs) or ("path" in attrs) != ("equals" in attrs):
            raise serializers.ValidationError("Either `fault`, or `path` with `equals`.")
        return attrs


class SoapSpec(Declared):
    """`operation_id` is the operation's name in the WSDL; `number`: where a later act names the department's number."""

    operation_id = serializers.CharField(max_length=120)
    document = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="digest of the WSDL")
    key = SoapKey(required=False)
    number = serializers.CharField(max_length=200, required=False)
    files = FileSpec(required=False)
    receipt = serializers.CharField(max_length=200, default="id")
    good = Good(required=False)
    rejection = ErrorSpec(required=False)
    refusals = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        max_length=20,
        help_text="elements in a fault's detail that are a refusal also under faultcode Server",
    )
    absent = SoapAbsent(required=False)
    echo = serializers.CharField(max_length=200, required=False, help_text="where the answer repeats our reference")
    status = serializers.CharField(max_length=200, required=False)
    message = serializers.CharField(max_length=200, required=False)
    version = serializers.CharField(max_length=200, required=False)
    body = RowsField(required=False, help_text="rows of a later act or a question; `@reference` is what is asked for")
    lookup = LookupSpec(required=False)
    idempotency = serializers.ChoiceField(choices=["key", "lookup", "none"], required=False)
    request_schema = serializers.JSONField(required=False)
    answer_schema = serializers.JSONField(required=False)
    # As the importer proposes them for every document; SOAP has one address and one format.
    method = serializers.ChoiceField(choices=["POST"], required=False)
    path = serializers.CharField(max_length=200, required=False)
    format = serializers.ChoiceField(choices=["json", "none"], required=False)
    accepted = serializers.ListField(child=serializers.IntegerField(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("key") or {}).get("place") == "field" and not attrs["key"].get("name"):
            raise serializers.ValidationError({"key": ["place field needs a name."]})
        if (attrs.get("files") or {}).get("mode") == "multipart":
            raise serializers.ValidationError({"files": ["SOAP carries files as base64."]})
        if problems := row_problems(attrs.get("body") or [], attrs):
            raise serializers.ValidationError({"body": problems})
        return attrs


def checked(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with its defaults. Raises Misconfigured."""
    serializer = SoapSpec(data=dict(spec))
    if not serializer.is_valid():
        raise Misconfigured("operation", detail=f"not valid: {', '.join(map(str, serializer.errors))}"[:200])
    return dict(serializer.validated_data)


@kinds.register("soap")
class Soap(Adapter):
    kind = "soap"
    label = "SOAP (WSDL)"
    Options = SoapOptions
    Spec = SoapSpec
    capabilities = frozenset(
        {
            *(Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW),
            *(Capability.RECONCILE, Capability.STATUS, Capability.LOOKUP),
        }
    )
    uses_network = True

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        return envelope.of_submission(submission, rows)

    def prepare_act(self, act: LaterAct, spec: Mapping[str, Any]) -> bytes:
        return envelope.of_act(act, spec.get("body") or [])

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        declared, held = checked(spec), envelope.opened(outgoing.body)
        body = dict(held.body)
        shape = shape_of(body)
        try:
            if (key := declared.get("key") or {}).get("place") == "field":
                put_at(body, key["name"], outgoing.key)
            if declared.get("number"):
                put_at(body, declared["number"], outgoing.backend_reference)
            if (declared.get("files") or {}).get("mode") == "base64" and held.files:
                put_files(body, (held.files, outgoing.files), declared["files"])
        except MappingError as error:
            raise Misconfigured("mapping", detail="; ".join(error.problems)[:300]) from error
        found, call = self._call(declared)
        message = self._message(outgoing.act.lower(), found, call, body)
        wire = Wire(self.setup, deadline_seconds=deadline_seconds)
        answer = wire.call(replace(message, reference=outgoing.key, shape=shape), fresh=True, on_mark=on_mark)
        data = opened_write(found, call, answer, declared, held.fields)
        try:
            receipt = outcomes.receipt_of(data, declared["receipt"])
        except strict_json.InvalidJSON as error:
            raise Unavailable("shape", maybe_sent=True, alert=True, detail=str(error)) from error
        if declared.get("status"):
            receipt = replace(receipt, status=self._status_of(envelope.text_of(value_at(data, declared["status"]))))
        return receipt

    def reconcile(self, reference: str, *, deadline_seconds: float) -> Receipt | None:
        declared, data = self._ask("reconcile", reference, deadline_seconds)
        if data is None:
            return None
        if declared.get("echo") and value_at(data, declared["echo"]) != reference:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail="the answer is about another reference")
        try:
            return outcomes.receipt_of(data, declared["receipt"])
        except strict_json.InvalidJSON as error:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail=str(error)) from error

    def is_polled(self) -> bool:
        return "status" in self.setup.operations

    def fetch_status(self, backend_reference: str, *, deadline_seconds: float) -> StatusUpdate:
        declared, data = self._ask("status", backend_reference, deadline_seconds)
        if data is None:
            raise Unavailable("not_found", maybe_sent=False, counts=False, detail="the backend does not know this case")
        word = envelope.text_of(value_at(data, declared.get("status", "status")))
        if not word:
            raise Unavailable("shape", maybe_sent=False, alert=True, detail="no status word")
        return StatusUpdate(
            reference=envelope.text_of(value_at(data, declared["echo"])) if declared.get("echo") else "",
            word=word[:60],
            status=self._status_of(word),
            backend_reference=backend_reference,
            message=outcomes.sentence(value_at(data, declared["message"])) if declared.get("message") else "",
            version=envelope.text_of(value_at(data, declared["version"]))[:60] if declared.get("version") else "",
        )

    def values_of(self, answer: Answer, spec: Mapping[str, Any]) -> Any:
        found, call = self._call(checked(spec))
        return messages.opened(found, call, answer.body, answer.headers.get("content-type", ""))

    def answer_schema(self, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The operation's own, or else that of its answer in the WSDL."""
        return super().answer_schema(spec) or schema_of(self._call(checked(spec))[1].answered)

    def lookup(self, spec: Mapping[str, Any], values: Mapping[str, Any], *, deadline_seconds: float) -> Any:
        declared = checked(spec)
        rows = (declared.get("lookup") or {}).get("request") or []
        return self._read("lookup", declared, rows, values, {}, "", deadline_seconds)

    def _ask(self, name: str, reference: str, deadline_seconds: float) -> tuple[dict[str, Any], Any]:
        found = self.setup.operations.get(name)
        if found is None:
            raise Unavailable("not_declared", maybe_sent=False, slow=True, alert=True, detail=f"no operation {name!r}")
        declared = checked(found)
        known, rows = {"reference": reference}, declared.get("body") or []
        return declared, self._read(name, declared, rows, {}, known, reference, deadline_seconds)

    def _read(
        self,
        name: str,
        declared: Mapping[str, Any],
        rows: list[Any],
        values: Mapping[str, Any],
        known: Mapping[str, Any],
        reference: str,
        deadline_seconds: float,
    ) -> Any:
        try:
            body = mapping.run(rows, values, known)
        except MappingError as error:
            raise Misconfigured("mapping", detail="; ".join(error.problems)[:300]) from error
        found, call = self._call(declared)
        message = replace(self._message(name, found, call, body), reference=reference)
        answer = Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=False)
        return opened_read(found, call, answer, declared)

    def _call(self, declared: Mapping[str, Any]) -> tuple[Description, Call]:
        port = self.setup.options.get("port") or ""
        found = description_of(self.setup.connection_id, declared["document"], port, self.setup.document)
        call = found.calls.get(declared["operation_id"])
        if call is None:
            raise Misconfigured("operation", detail=f"the WSDL has no {declared['operation_id'][:60]!r} that can be spoken")
        return found, call

    def _message(self, name: str, found: Description, call: Call, body: Mapping[str, Any]) -> Message:
        """Raises Misconfigured: what does not fit the WSDL is not sent."""
        token = self._token()
        try:
            raw = messages.written(found, call, body, token)
        except ContentError as error:
            raise Misconfigured("body", detail=str(error)[:300]) from error
        return Message(
            operation=name,
            method="POST",
            path=self.setup.options.get("path") or "/",
            headers=messages.headers(found, call),
            body=raw,
            anonymous=token is not None,
        )

    def _token(self) -> messages.Token | None:
        auth: Mapping[str, Any] = self.setup.options.get("auth") or {}
        if auth.get("type") != "wsse":
            return None
        if not auth.get("username"):
            raise Misconfigured("secret_missing", detail="username")
        password = secret_of(self.setup, "password")
        digest = auth.get("password_type", "digest") == "digest"
        return messages.Token(auth["username"], password, digest, bool(auth.get("timestamp")))

    def _status_of(self, word: str) -> str:
        words: Mapping[str, str] = self.setup.options.get("words") or {}
        return words.get(word, "")

    def check_health(self, *, deadline_seconds: float) -> Health:
        """By the operation `health` where one is declared, which proves the credentials too, else by `health_path`."""
        if "health" not in self.setup.operations and not self.setup.options.get("health_path"):
            return Health(configured=False, reachable=False, authorised=False, cause="no health_path")
        began = timezone.now()
        try:
            if "health" in self.setup.operations:
                self._ask("health", "", deadline_seconds)
            else:
                self._knock(deadline_seconds)
        except Misconfigured as error:
            return Health(configured=False, reachable=False, authorised=False, cause=error.cause, detail=error.detail)
        except Unavailable as error:
            known = error.cause == "unauthorised"
            return Health(configured=True, reachable=known, authorised=False, cause=error.cause, detail=error.detail)
        return Health(True, True, True, round((timezone.now() - began).total_seconds() * 1000))

    def _knock(self, deadline_seconds: float) -> None:
        path = self.setup.options["health_path"]
        anonymous = (self.setup.options.get("auth") or {}).get("type") == "wsse"
        message = Message(operation="health", method="GET", path=path, record=False, anonymous=anonymous)
        status = Wire(self.setup, deadline_seconds=deadline_seconds).call(message, fresh=True).status
        if status in {401, 403}:
            raise Unavailable("unauthorised", maybe_sent=False)
        if not 200 <= status < 300:
            raise Unavailable(f"status {status}", maybe_sent=False)
