"""What a connection and its operations may declare: the settings that kinds speaking HTTP share. docs/reference/operations.md"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from services.adapters.credentials import SIGNED
from services.adapters.declared.header_names import HeaderField, header_problem
from services.adapters.documents import judging
from services.adapters.kinds.base import Declared
from services.adapters.mapping import MappingError, check_rows, put_at
from services.adapters.values import Misconfigured
from services.adapters.wire import path_problem

_PATH = r"^/[!-~]{0,300}$"
_RESULTS = "name -> path of what the department names besides, such as the number of a certificate"
_INBOUND = r"^[A-Za-z0-9-]{1,60}$"
_ONE_MEDIA = r"[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+(?: *; *[A-Za-z0-9_-]+=[A-Za-z0-9.+_:/-]+)*"
_MEDIA = rf"^{_ONE_MEDIA}\Z"
_MEDIAS = rf"^{_ONE_MEDIA}(?:, *{_ONE_MEDIA})*\Z"


class PathField(serializers.RegexField):
    """A path below the connection's address."""

    def to_internal_value(self, data: Any) -> str:
        path = str(super().to_internal_value(data))
        if (problem := path_problem(path)) is not None:
            raise serializers.ValidationError(problem[:1].upper() + problem[1:] + ".")
        return path


class SigningOptions(Declared):
    """Every request is signed with HMAC and the secret `hmac`; the parts are joined in the order of `signed`."""

    header = HeaderField(but={"authorization"}, help_text="of the signature")
    algorithm = serializers.ChoiceField(choices=["sha256", "sha512"], default="sha256")
    encoding = serializers.ChoiceField(choices=["hex", "base64"], default="hex")
    prefix = serializers.RegexField(r"^[!-~][ -~]{0,59}\Z", required=False, trim_whitespace=False, help_text="before it")
    signed = serializers.ListField(
        child=serializers.ChoiceField(choices=["method", "path", "date", "digest", "body"]),
        min_length=1,
        max_length=5,
        default=lambda: list(SIGNED),
        help_text="path: with its query; digest: of the body, as the signature is written",
    )
    separator = serializers.CharField(
        max_length=3, required=False, trim_whitespace=False, help_text="between the parts; a new line if not given"
    )
    date_header = HeaderField(default="Date")
    date_format = serializers.ChoiceField(choices=["http", "seconds", "iso"], default="http")
    digest_header = HeaderField(required=False, help_text="sends the digest of the body, too")
    digest_prefix = serializers.RegexField(r"^[!-~]{1,20}$", required=False, help_text="before it, e.g. SHA-256=")

    def validate_signed(self, value: list[str]) -> list[str]:
        """What is not signed could be changed on the way."""
        if len(set(value)) != len(value) or not {"digest", "body"} & set(value):
            raise serializers.ValidationError("Each part once, and the body or its digest is among them.")
        return value


class AuthOptions(Declared):
    """Who we are to the backend. `mutual_tls` goes with every type: the secrets `certificate` and `certificate_key` (PEM)."""

    type = serializers.ChoiceField(choices=["none", "api_key", "basic", "bearer", "oauth2"], default="none")
    header = HeaderField(but={"authorization"}, required=False, help_text="api_key: name of the header")
    query = serializers.RegexField(r"^[A-Za-z0-9_.-]{1,60}$", required=False, help_text="api_key: in the query instead")
    username = serializers.CharField(max_length=200, required=False)
    client_id = serializers.CharField(max_length=200, required=False)
    token_path = PathField(r"^/[!-~]{0,200}$", required=False)
    scope = serializers.CharField(max_length=200, required=False)
    mutual_tls = serializers.BooleanField(default=False)
    sign = SigningOptions(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("header") and attrs.get("query"):
            raise serializers.ValidationError({"query": ["The key goes into the header or into the query."]})
        return attrs


class ProofOptions(Declared):
    """How the backend's messages prove that they are its own, where it does not speak Standard Webhooks."""

    scheme = serializers.ChoiceField(choices=["standard", "hmac", "bearer"], default="standard")
    header = serializers.RegexField(_INBOUND, required=False, help_text="hmac: of the signature; bearer: of the bare token")
    algorithm = serializers.ChoiceField(choices=["sha256", "sha512"], default="sha256")
    encoding = serializers.ChoiceField(choices=["hex", "base64"], default="hex")
    prefix = serializers.RegexField(r"^[!-~]{1,20}$", required=False, help_text="before the signature, e.g. sha256=")
    timestamp_header = serializers.RegexField(_INBOUND, required=False, help_text="seconds since 1970; must be signed too")
    signed = serializers.ListField(
        child=serializers.ChoiceField(choices=["id", "timestamp", "body"]), required=False, min_length=1, max_length=3
    )
    separator = serializers.CharField(max_length=3, required=False, trim_whitespace=False, help_text="between those parts")
    event_id_header = serializers.RegexField(_INBOUND, required=False)
    event_id = serializers.CharField(max_length=200, required=False, help_text="path in the body; neither: its digest")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What is not signed proves nothing: a replay could change it."""
        signed = attrs.get("signed") or ["body"]
        if attrs["scheme"] != "hmac":
            return attrs
        if not attrs.get("header"):
            raise serializers.ValidationError({"header": ["Name the header of the signature."]})
        if "body" not in signed or len(set(signed)) != len(signed):
            raise serializers.ValidationError({"signed": ["The body is among the signed parts, each of them once."]})
        for part, header in (("timestamp", "timestamp_header"), ("id", "event_id_header")):
            if (part in signed) != bool(attrs.get(header)):
                raise serializers.ValidationError(
                    {header: [f"`{part}` is signed, and {header} says where it is; or neither."]}
                )
        return attrs


class WebhookOptions(Declared):
    """Dotted paths into a message, and the table of the backend's status words."""

    reference = serializers.CharField(max_length=200, help_text="our reference")
    status = serializers.CharField(max_length=200)
    backend_reference = serializers.CharField(max_length=200, required=False)
    message = serializers.CharField(max_length=200, required=False)
    version = serializers.CharField(max_length=200, required=False)
    at = serializers.CharField(max_length=200, required=False)
    list = serializers.CharField(max_length=200, required=False, help_text="where several updates lie in one message")
    results = serializers.DictField(child=serializers.CharField(max_length=200), required=False, help_text=_RESULTS)
    proof = ProofOptions(required=False)


class HTTPOptions(Declared):
    """Of a connection of kind rest or openapi."""

    auth = AuthOptions(required=False)
    health_path = PathField(r"^/[!-~]{0,200}$", required=False)
    answer_mebibytes = serializers.IntegerField(min_value=1, max_value=10, default=1)
    webhook = WebhookOptions(required=False)
    words = serializers.DictField(
        child=serializers.RegexField(r"^[A-Z_]{1,24}$"), required=False, help_text="their status word -> ours"
    )


class FileSpec(Declared):
    """How files are sent: inside the body as base64, as parts of multipart/form-data, or not at all. An empty name is left out."""

    mode = serializers.ChoiceField(choices=["base64", "multipart", "none"], default="none")
    shape = serializers.ChoiceField(
        choices=["objects", "text", "texts"],
        default="objects",
        help_text="base64: a list of objects, the one file, or a list",
    )
    to = serializers.CharField(max_length=200, default="files", help_text="path in the body; multipart: name of the part")
    content = serializers.CharField(max_length=60, default="content")
    name = serializers.CharField(max_length=60, default="name", allow_blank=True)
    type = serializers.CharField(max_length=60, default="type", allow_blank=True)
    question = serializers.CharField(max_length=60, default="question", allow_blank=True)
    size = serializers.CharField(max_length=60, default="size", allow_blank=True)
    sha256 = serializers.CharField(max_length=60, default="sha256", allow_blank=True)


class KeySpec(Declared):
    """Where our idempotency key goes."""

    place = serializers.ChoiceField(choices=["header", "field", "none"], default="header")
    name = serializers.CharField(max_length=200, default="Idempotency-Key")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["place"] == "header" and (wrong := header_problem(attrs["name"])) is not None:
            raise serializers.ValidationError({"name": [wrong]})
        return attrs


class ErrorSpec(Declared):
    """Where a refusal lists its field errors, and its sentence for the resident."""

    list = serializers.CharField(max_length=200, required=False)
    field = serializers.CharField(max_length=60, default="field")
    text = serializers.CharField(max_length=60, default="message")
    message = serializers.CharField(max_length=200, required=False)


class AbsentSpec(Declared):
    """What a proven "I do not have it" looks like: this status and, in its JSON, this value."""

    status = serializers.IntegerField(min_value=200, max_value=499, default=404)
    path = serializers.CharField(max_length=200)
    equals = serializers.JSONField()


class ParameterSpec(Declared):
    """How lists and objects are written into a path, a query or a header (OpenAPI's style and explode)."""

    style = serializers.ChoiceField(  # type: ignore[assignment]  # a declared field, not Field's own attribute
        choices=["simple", "form", "spaceDelimited", "pipeDelimited", "deepObject"], required=False
    )
    explode = serializers.BooleanField(required=False)
    json = serializers.BooleanField(default=False)


class RowsField(serializers.ListField):
    """Rows of a mapping."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            check_rows(data)
        except MappingError as error:
            raise serializers.ValidationError(error.problems) from error
        return data


def row_problems(rows: list[Any], spec: Mapping[str, Any]) -> list[str]:
    """Rows that write where the portal itself puts its key, or a header that is the portal's own."""
    key = spec.get("key") or {}
    problems = []
    for row in rows:
        header = row["to"].removeprefix("@header.") if row["to"].startswith("@header.") else ""
        if header and (header.lower() == "content-type" or header_problem(header) is not None):
            problems.append(str(_("%(field)s ditulis portal sendiri. Hapus baris pemetaannya") % {"field": row["to"]}))
        if key.get("place") != "field" or not key.get("name"):
            continue
        trial: dict[str, Any] = {}
        try:
            put_at(trial, row["to"], "")
            put_at(trial, key["name"], "")
        except MappingError:
            said = _("%(field)s sudah diisi portal dengan kunci kirim-ulang (key). Hapus baris pemetaannya")
            problems.append(str(said % {"field": row["to"]}))
    return problems


class HeadersField(serializers.DictField):
    """Fixed headers of an operation: none that the portal writes by itself, none that would change how the message is read."""

    child = serializers.RegexField(r"^[ -~]{0,500}\Z", trim_whitespace=False)

    def to_internal_value(self, data: Any) -> Any:
        for name in map(str, data if isinstance(data, Mapping) else ()):
            if name.lower() == "content-type":
                raise serializers.ValidationError("Write the type of the body as `content_type`.")
            if (wrong := header_problem(name)) is not None:
                raise serializers.ValidationError(f"{name[:60]!r}: {wrong}")
        return super().to_internal_value(data)


class LookupParameter(Declared):
    """What a lookup is asked with: something the asker types, or what the portal knows of a verified resident."""

    name = serializers.RegexField(r"^[a-z][a-z0-9_]{0,39}$")
    source = serializers.ChoiceField(choices=["asked", "nik"], default="asked")  # type: ignore[assignment]
    required = serializers.BooleanField(default=True)  # type: ignore[assignment]
    pattern = serializers.CharField(max_length=200, required=False, help_text="regular expression of the whole value")
    label = serializers.CharField(max_length=120, required=False)  # type: ignore[assignment]
    example = serializers.CharField(max_length=120, required=False)

    def validate_pattern(self, value: str) -> str:
        if not judging.usable({"pattern": value}):
            raise serializers.ValidationError(
                "This regular expression cannot be used (look-around and back references cannot)."
            )
        return value


class LookupSpec(Declared):
    """A declared read. `private`: the answer is about the person who asks and is never given or cached to another."""

    parameters = LookupParameter(many=True, required=False)
    request = RowsField(required=False, help_text="rows: parameters -> the backend's path, query and body")
    answer = RowsField(help_text="rows: the backend's answer -> what is given out; nothing else is")
    purpose = serializers.CharField(
        max_length=200, required=False, help_text="what residents read: what is asked, and what for"
    )
    labels = serializers.DictField(
        child=serializers.CharField(max_length=80), required=False, help_text="member of the answer -> how residents read it"
    )
    money = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, help_text="members of the answer that are rupiah"
    )
    scope = serializers.RegexField(r"^[a-z]+:[a-z]+$", required=False)
    level = serializers.IntegerField(min_value=0, max_value=3, default=0, help_text="assurance level; 0: no sign-in needed")
    consent = serializers.BooleanField(default=False)
    private = serializers.BooleanField(default=True)
    cache_seconds = serializers.IntegerField(min_value=0, max_value=86_400, default=0)
    stale_seconds = serializers.IntegerField(min_value=0, max_value=604_800, default=0, help_text="public answers only")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        personal = any(one["source"] == "nik" for one in attrs.get("parameters", []))
        if personal and (attrs["level"] < 2 or not attrs["private"]):
            raise serializers.ValidationError("A lookup by NIK is private and needs level 2.")
        if attrs["consent"] and attrs["level"] < 1:
            raise serializers.ValidationError("Consent needs somebody who is signed in: level 1.")
        if attrs["private"] and attrs["stale_seconds"]:
            raise serializers.ValidationError("Private answers are never served stale.")
        return attrs


class OperationSpec(Declared):
    """One thing that a backend can do."""

    method = serializers.ChoiceField(choices=["GET", "POST", "PUT", "PATCH", "DELETE"], default="POST")
    path = PathField(_PATH)
    query = serializers.DictField(child=serializers.CharField(), required=False)
    headers = HeadersField(required=False)
    format = serializers.ChoiceField(choices=["json", "form", "multipart", "none"], default="json")
    content_type = serializers.RegexField(
        _MEDIA, max_length=120, required=False, help_text="of a JSON body, where not application/json"
    )
    accept = serializers.RegexField(_MEDIAS, max_length=200, required=False, help_text="application/json unless given")
    parameters = serializers.DictField(child=ParameterSpec(), required=False, help_text="place.name -> how it is written")
    key = KeySpec(required=False)
    files = FileSpec(required=False)
    accepted = serializers.ListField(
        child=serializers.IntegerField(min_value=200, max_value=299), default=lambda: [200, 201, 202]
    )
    receipt = serializers.CharField(
        max_length=200, default="id", allow_blank=True, help_text="path of their number; empty: the answer carries none"
    )
    rejection = ErrorSpec(required=False)
    absent = AbsentSpec(required=False)
    echo = serializers.CharField(max_length=200, required=False, help_text="where the answer repeats our reference")
    status = serializers.CharField(max_length=200, required=False, help_text="where the answer says how the case stands")
    message = serializers.CharField(max_length=200, required=False)
    version = serializers.CharField(max_length=200, required=False)
    results = serializers.DictField(child=serializers.CharField(max_length=200), required=False, help_text=_RESULTS)
    body = RowsField(required=False, help_text="answer, attachment, withdraw: rows like those of a binding")
    lookup = LookupSpec(required=False)
    idempotency = serializers.ChoiceField(
        choices=["key", "lookup", "none"], required=False, help_text="when this operation can do less than the connection"
    )
    document = serializers.RegexField(
        r"^[0-9a-f]{64}$", required=False, help_text="digest of the API document it comes from"
    )
    operation_id = serializers.CharField(max_length=120, required=False)
    request_schema = serializers.JSONField(required=False, help_text="JSON Schema 2020-12 of the body, with its $defs")
    answer_schema = serializers.JSONField(required=False, help_text="JSON Schema 2020-12 of a good answer, with its $defs")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        files = (attrs.get("files") or {}).get("mode")
        if files == "multipart" and attrs["format"] != "multipart":
            raise serializers.ValidationError({"files": ["mode multipart needs format multipart."]})
        if files == "base64" and attrs["format"] not in {"json"}:
            raise serializers.ValidationError({"files": ["mode base64 needs format json."]})
        if attrs.get("content_type") and attrs["format"] != "json":
            raise serializers.ValidationError(
                {"content_type": ["Only a JSON body has one of its own; others have that of their format."]}
            )
        if attrs["format"] == "none" and (attrs.get("key") or {}).get("place") == "field":
            raise serializers.ValidationError({"key": ["There is no body that could carry it."]})
        problems = row_problems(attrs.get("body") or [], attrs)
        if problems:
            raise serializers.ValidationError({"body": problems})
        return attrs


class Checked(dict[str, Any]):
    """A spec that was judged already."""


def checked(spec: Mapping[str, Any]) -> Checked:
    """The spec with its defaults. Raises Misconfigured."""
    if isinstance(spec, Checked):
        return spec
    serializer = OperationSpec(data=dict(spec))
    if not serializer.is_valid():
        raise Misconfigured("operation", detail=f"not valid: {', '.join(map(str, serializer.errors))}"[:200])
    found = Checked(serializer.validated_data)
    for name, part in (("key", KeySpec), ("files", FileSpec)):
        if name not in found:
            filled = part(data={})
            filled.is_valid(raise_exception=True)
            found[name] = filled.validated_data
    return found
