"""The department's own API document: kept as it came, read, and turned into proposals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.documents import openapi, proposals, reading, recognition, wsdl
from services.adapters.documents.proposals import Proposal
from services.adapters.documents.reading import DocumentError
from services.adapters.documents.values import Api
from services.adapters.models import ApiDocument, Connection
from services.catalogue.models import Service
from services.forms.queries import current_version

MAIN = "main"
MOST_KEPT = 20


def store(connection: Connection, files: Mapping[str, bytes]) -> tuple[ApiDocument, Api]:
    """Keep a document (`main`, and what it imports) that can be read. The same again is the same row, and is the
    newest again.

    Raises ConnectionProblem with the line.
    """
    kind = ApiDocument.Format.WSDL if connection.kind == "soap" else ApiDocument.Format.OPENAPI
    try:
        texts = {name: _text_of(raw) for name, raw in files.items()}
        api = parse(kind, texts)
        report(api)  # what cannot be shown must not be kept: every page of the connection shows it
    except DocumentError as error:
        raise ConnectionProblem({"document": [str(error)]}) from error
    document, made = ApiDocument.objects.get_or_create(
        connection=connection, digest=digest_of(texts), defaults={"format": kind, "files": texts}
    )
    if not made and document != newest(connection):  # an earlier one again: it is the one that counts now
        document.created_at = timezone.now()
        document.save(update_fields=["created_at"])
    return document, api


def digest_of(files: Mapping[str, str]) -> str:
    """By which operations name the document."""
    return hashlib.sha256(json.dumps(files, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _text_of(raw: bytes) -> str:
    if len(raw) > reading.MAX_BYTES:
        raise DocumentError(_("Dokumen lebih besar dari 2 MiB. Kirim hanya bagian API yang dipakai"))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(_("Dokumen bukan UTF-8. Simpan ulang sebagai UTF-8")) from error


def parse(kind: str, files: Mapping[str, str]) -> Api:
    """What a document says. Raises DocumentError."""
    if MAIN not in files:
        raise DocumentError(_("Dokumen utama belum dikirim"))
    if kind == ApiDocument.Format.WSDL:
        return wsdl.parse(files)
    return openapi.parse(reading.read(files[MAIN].encode()))


def newest(connection: Connection) -> ApiDocument | None:
    """The document that was uploaded last."""
    return connection.documents.order_by("-created_at", "-pk").first()


def api_of(document: ApiDocument) -> Api:
    """What the document says. Raises ConnectionProblem."""
    try:
        return _api(document.pk, document.digest)
    except DocumentError as error:
        raise ConnectionProblem({"document": [str(error)]}) from error


@lru_cache(maxsize=8)
def _api(pk: int, digest: str) -> Api:
    document = ApiDocument.objects.get(pk=pk)
    return parse(document.format, document.files)


def propose(document: ApiDocument, operation_id: str, role: str, *, service: Service | None = None) -> Proposal:
    """Operation, mapping and form from the document. A service that has a form already keeps it: rows lead to its questions.

    Raises ConnectionProblem.
    """
    api = api_of(document)
    try:
        made = proposals.propose(api, operation_id, role, title=_title(service), keys=_keys(service))
    except KeyError as error:
        raise ConnectionProblem({"operation_id": [_("Dokumen tidak punya operasi ini.")]}) from error
    except ValueError as error:
        raise ConnectionProblem(
            {"role": [_("Pilih salah satu: %(kinds)s.") % {"kinds": ", ".join(proposals.ROLES)}]}
        ) from error
    made.spec["document"] = document.digest
    return made


def _title(service: Service | None) -> str:
    if service is None:
        return ""
    text = service.texts.filter(language="id").values_list("name", flat=True).first()
    return str(text or service.code)


def _keys(service: Service | None) -> dict[str, str] | None:
    if service is None or service.form is None or not service.form.versions.exists():
        return None
    found: dict[str, str] = {}
    for part in current_version(service.form).document["parts"]:
        for question in part["questions"]:
            found[question["key"]] = question["label"].get("id", "")
    return found


def report(api: Api) -> dict[str, Any]:
    """What the integrator reads after an upload."""
    options, notes = recognition.options_of(api)
    roles = recognition.guess(api)
    return {
        "version": api.version,
        "title": api.title,
        "servers": list(api.servers),
        "warnings": [*api.warnings, *notes],
        "options": options,
        "roles": roles,
        "words": recognition.status_words(api, roles["status"]) if "status" in roles else {},
        "operations": [
            {
                "operation_id": one.name,
                "method": one.method,
                "path": one.path,
                "summary": one.summary,
                "tags": list(one.tags),
                "deprecated": one.deprecated,
            }
            for one in api.operations
        ],
    }
