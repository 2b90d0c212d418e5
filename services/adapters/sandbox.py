"""A pretend backend in the portal itself, made from a connection's own operations and document, with faults to switch.

It stands in for the test address: judges what we send by the document's schema, honours our key, remembers numbers only, and
answers with sample values. Nothing of it leaves the process.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib import strict_json
from portal.lib.http import Answer, CallError, Cause, Request, Sent
from services.adapters.documents import judging, samples
from services.adapters.documents.budget import Budget
from services.adapters.mapping import MappingError, put_at, split_path, value_at
from services.adapters.models import Connection, SandboxEntry
from services.adapters.setup import newest_specs

MOST_ENTRIES = 500
JSON = {"content-type": "application/json"}


class Fault(models.TextChoices):
    """What the pretend backend does wrong."""

    NONE = "", _("Berjalan biasa")
    SLOW = "slow", _("Tidak menjawab sampai batas waktu")
    DOWN = "down", _("Mati (503)")
    CUT_AFTER = "cut_after", _("Sambungan putus sesudah mencatat")
    FAIL_AFTER = "fail_after", _("Gagal sesudah mencatat (500)")
    HALF = "half", _("Jawaban terpotong sesudah mencatat")
    HTML = "html", _("Jawaban HTML sesudah mencatat")
    SHAPE = "shape", _("Jawaban tanpa nomor sesudah mencatat")
    REJECT = "reject", _("Menolak semua isian (422)")
    UNAUTHORISED = "unauthorised", _("Menolak kredensial (401)")
    BUSY = "busy", _("Sibuk (429)")


class StandIn:
    """Answers requests of one connection. Raises CallError where a network would fail."""

    def __init__(self, connection: Connection, operations: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.connection = connection
        self.specs = newest_specs(connection) if operations is None else operations
        self.fault = connection.stand_in_fault
        self.cut = False  # a schema stands for more values than a sample is made of
        self.health = (connection.options.get("health_path") or "").split("?", 1)[0]

    def __call__(self, request: Request) -> Answer:
        path = urlsplit(request.url).path
        match self.fault:
            case Fault.SLOW:
                raise CallError(Cause.TIMEOUT, Sent.MAYBE, "the stand-in is set to be slow")
            case Fault.DOWN:
                return _answer(503, {"error": "down"})
            case Fault.UNAUTHORISED:
                return _answer(401, {"error": "unauthorised"})
            case Fault.BUSY:
                return Answer(429, {**JSON, "retry-after": "5"}, b"{}")
        if request.method == "POST" and path == (
            (self.connection.options.get("auth") or {}).get("token_path") or "/oauth/token"
        ):
            return _answer(200, {"access_token": "stand-in", "token_type": "Bearer", "expires_in": 300})
        if request.method == "GET" and path == self.health:
            return _answer(200, {"status": "ok"})
        return self._routed(request, path)

    def _routed(self, request: Request, path: str) -> Answer:
        for name, spec in sorted(self.specs.items(), key=lambda item: str(item[1].get("path", "")).count("{")):
            found = _match(str(spec.get("path", "")), path)
            if found is None or spec.get("method", "POST") != request.method:
                continue
            if spec.get("lookup"):
                return self._lookup(spec)
            if name in {"reconcile", "status"}:
                return self._asked(spec, found, request)
            return self._write(name, spec, found, request)
        return _answer(404, {"error": "no such operation", "path": path[:200]})

    def _sample(self, schema: Mapping[str, Any]) -> Any:
        budget = Budget()
        made = samples.sample(schema, schema.get("$defs", {}), budget)
        self.cut = self.cut or budget.spent
        return made

    # --- writes ---

    def _write(self, name: str, spec: Mapping[str, Any], found: Mapping[str, str], request: Request) -> Answer:
        body = _body_of(request)
        if body is None:
            return _answer(400, {"error": "the body cannot be read"})
        wrong = judging.mismatches(body, spec.get("request_schema"))
        if spec.get("format") in {"form", "multipart"}:  # everything is text there, so only what is missing can be judged
            wrong = [one for one in wrong if one.rule == "required"]
        if self.fault == Fault.REJECT:
            wrong = wrong or [judging.Mismatch(_first_path(body), "reject")]
        if wrong:
            return _answer(422, _rejection(spec, wrong))
        key = self._key(spec, body, request)
        entry = self._record(key)
        if name == "withdraw":
            SandboxEntry.objects.filter(connection=self.connection, number__in=found.values()).update(withdrawn=True)
        match self.fault:
            case Fault.CUT_AFTER:
                raise CallError(Cause.CONNECTION, Sent.MAYBE, "the stand-in cut the connection after its work")
            case Fault.FAIL_AFTER:
                return _answer(500, {"error": "failed after the work"})
            case Fault.HALF:
                raise CallError(Cause.TRUNCATED, Sent.MAYBE, "the stand-in sent half an answer")
            case Fault.HTML:
                return Answer(200, {"content-type": "text/html"}, b"<html>Sukses</html>")
            case Fault.SHAPE:
                return _answer(_accepted(spec), {})
        return _answer(_accepted(spec), self._shaped(spec, entry))

    def _key(self, spec: Mapping[str, Any], body: Any, request: Request) -> str:
        key = spec.get("key") or {"place": "header", "name": "Idempotency-Key"}
        given = ""
        if key.get("place", "header") == "header":
            headers = {name.lower(): value for name, value in request.headers.items()}
            given = headers.get(str(key.get("name", "Idempotency-Key")).lower(), "")
        elif key["place"] == "field":
            given = str(value_at(body, key.get("name", "")) or "")
        return given or _reference_in(body) or hashlib.sha256(request.body or request.url.encode()).hexdigest()[:40]

    def _record(self, key: str) -> SandboxEntry:
        digits = int(hashlib.sha256(f"{self.connection.pk}:{key}".encode()).hexdigest()[:12], 16) % 10**8
        entry, made = SandboxEntry.objects.get_or_create(
            connection=self.connection, key=key[:120], defaults={"number": f"{digits:08d}"}
        )
        if made:
            old = SandboxEntry.objects.filter(connection=self.connection).order_by("-pk")[MOST_ENTRIES:]
            SandboxEntry.objects.filter(pk__in=[one.pk for one in old]).delete()
        return entry

    def _shaped(self, spec: Mapping[str, Any], entry: SandboxEntry) -> Any:
        """A sample of the declared answer with our number, reference and a status word in their places."""
        schema = spec.get("answer_schema")
        body = self._sample(schema) if isinstance(schema, Mapping) else None
        body = body if isinstance(body, dict) else {}
        receipt = spec.get("receipt") or "id"
        number: str | int = int(entry.number) if isinstance(value_at(body, receipt), int) else f"UJI-{entry.number}"
        for candidate in (number, entry.number, int(entry.number)):
            _overwrite(body, receipt, candidate)
            if not judging.mismatches(body, schema):
                break
        if spec.get("echo"):
            _overwrite(body, spec["echo"], entry.key)
        if spec.get("status"):
            _overwrite(body, spec["status"], self._word(entry, value_at(body, spec["status"])))
        return body

    def _word(self, entry: SandboxEntry, default: Any) -> Any:
        """A status word that the connection's table knows."""
        words = self.connection.options.get("words") or {}
        wanted = "WITHDRAWN" if entry.withdrawn else "RECEIVED"
        word = next((theirs for theirs, ours in words.items() if ours == wanted), None)
        word = word if word is not None else next(iter(words), default if default is not None else "diterima")
        return int(word) if isinstance(default, int) and str(word).isdecimal() else word

    # --- reads ---

    def _asked(self, spec: Mapping[str, Any], found: Mapping[str, str], request: Request) -> Answer:
        asked = {*found.values(), *(value for _name, value in parse_qsl(urlsplit(request.url).query))}
        plain = asked | {value.removeprefix("UJI-") for value in asked}
        plain |= {value.zfill(8) for value in plain if value.isdecimal()}
        mine = SandboxEntry.objects.filter(connection=self.connection)
        entry = mine.filter(models.Q(key__in=asked) | models.Q(number__in=plain)).first()
        if entry is not None:
            return _answer(_accepted(spec), self._shaped({**spec, "receipt": spec.get("receipt") or "id"}, entry))
        absent = spec.get("absent")
        if absent:
            body: dict[str, Any] = {}
            _overwrite(body, absent["path"], absent["equals"])
            return _answer(absent.get("status", 404), body)
        return _answer(404, {"error": "not found"})

    def _lookup(self, spec: Mapping[str, Any]) -> Answer:
        schema = spec.get("answer_schema")
        if not isinstance(schema, Mapping):
            body: dict[str, Any] = {}
            for row in spec["lookup"].get("answer", []):
                if "from" in row:
                    _overwrite(body, row["from"].replace(".*", ""), "contoh")
            return _answer(_accepted(spec), body)
        return _answer(_accepted(spec), self._sample(schema))


def stand_in_for(connection: Connection, operations: Mapping[str, Mapping[str, Any]] | None = None) -> StandIn:
    """The pretend backend of a connection, by its kind; of the newest operations unless given."""
    if connection.kind == "soap":
        from services.adapters.soap.stand_in import SoapStandIn

        return SoapStandIn(connection, operations)
    return StandIn(connection, operations)


def _answer(status: int, value: Any) -> Answer:
    return Answer(status, JSON, orjson.dumps(value))


def _accepted(spec: Mapping[str, Any]) -> int:
    given: list[int] = spec.get("accepted") or [200]
    return given[0]


def _match(template: str, path: str) -> dict[str, str] | None:
    """The values of a path template's parts, or None when the path is another."""
    names = re.findall(r"\{([^{}]+)\}", template)
    pattern = "".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^{}]+\})", template))
    found = re.fullmatch(pattern, path)
    return None if found is None else dict(zip(names, map(unquote, found.groups()), strict=True))


def _body_of(request: Request) -> Any:
    """The body as values; {} when there is none; None when it cannot be read."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    kind = headers.get("content-type", "").split(";", 1)[0]
    raw = request.body or b""
    if not raw:
        return {}
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    if kind == "multipart/form-data":
        names = re.findall(rb'form-data; name="([^"\r\n]*)"', raw)
        return {name.decode("utf-8", "replace"): "" for name in names}
    try:
        return strict_json.loads(raw)
    except strict_json.InvalidJSON:
        return None


_REFERENCE = re.compile(r"UJI-[A-Z0-9-]{6,40}")


def _reference_in(body: Any) -> str:
    """Our test reference, wherever a mapping has put it."""
    waiting = [body]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and _REFERENCE.fullmatch(one):
            return one
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
    return ""


def _first_path(body: Any, prefix: str = "") -> str:
    if isinstance(body, dict) and body:
        name, value = next(iter(body.items()))
        return _first_path(value, f"{prefix}.{name}" if prefix else name)
    return prefix


def _rejection(spec: Mapping[str, Any], wrong: list[judging.Mismatch]) -> dict[str, Any]:
    """Field errors where the operation declares them."""
    declared = spec.get("rejection") or {"list": "errors", "message": "message"}
    field, text = declared.get("field", "field"), declared.get("text", "message")
    body: dict[str, Any] = {}
    if declared.get("message"):
        _overwrite(body, declared["message"], "Isian tidak sesuai.")
    if declared.get("list"):
        _overwrite(body, declared["list"], [{field: one.path, text: f"Tidak sesuai aturan {one.rule}."} for one in wrong])
    return body


def _overwrite(body: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path, over what a sample had there; a path through a list leads to its first item."""
    parts = split_path(path)
    target: Any = body
    for part in parts[:-1]:
        if isinstance(target, list):
            target = target[0] if target else {}
            continue
        if not isinstance(target.get(part), dict | list):
            target[part] = {}
        target = target[part]
    if isinstance(target, dict):
        target.pop(parts[-1], None)
        try:
            put_at(target, parts[-1].replace(".", "\\."), value)
        except MappingError:
            return
