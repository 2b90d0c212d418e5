"""A connection with its operations and bindings as one document that can be exported, compared and applied.

Applying is idempotent: an operation or mapping that has changed becomes a new version, one that has not stays. Secrets are
written only as `env:ADAPTER_SECRET__<CODE>__<NAME>`, are never exported otherwise, and are kept when the document does not name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from services.adapters import gateway
from services.adapters.connecting.documents import MAIN, digest_of, parse
from services.adapters.connecting.registering import SECRETS, address_problem
from services.adapters.documents.reading import DocumentError
from services.adapters.models import ApiDocument, Binding, Connection, Idempotency, Operation
from services.adapters.setup import CODE, environment_name, environment_prefix
from services.catalogue.models import Department, Service

_PLAIN = (
    *("label", "kind", "base_url", "test_url", "options", "idempotency", "settle_seconds", "ceiling", "is_active"),
    "stand_in",
)


class ManifestError(ValueError):
    """What is wrong, one sentence a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> Any:
    """A manifest from a file; `{file: NAME}` in its documents is the text of a file beside it. Raises OSError, YAMLError."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = document.get("connections") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        for one in (entry.get("documents") or []) if isinstance(entry, dict) else []:
            for name, text in one["files"].items():
                if isinstance(text, dict):
                    one["files"][name] = (path.parent / text["file"]).read_text(encoding="utf-8")
    return document


def problems_of(document: Any, department: Department | None = None) -> list[str]:
    """Everything that keeps a manifest from being applied. department: whose services may be bound; None is any."""
    if not isinstance(document, Mapping) or not isinstance(document.get("connections"), list):
        return ["the document has no list `connections`"]
    problems: list[str] = []
    for entry in document["connections"]:
        name = entry.get("code", "?") if isinstance(entry, Mapping) else "?"
        problems += [f"{name}: {problem}" for problem in _entry_problems(entry, department)]
    return problems


def _entry_problems(entry: Any, department: Department | None) -> list[str]:
    if not isinstance(entry, Mapping) or not all(
        isinstance(entry.get(k), str) for k in ("code", "department", "label", "kind")
    ):
        return ["needs code, department, label and kind"]
    problems = []
    if not CODE.fullmatch(entry["code"]) or len(entry["code"]) > 60:
        problems.append("code is of small letters, digits and single hyphens, at most 60")
    if unknown := sorted(set(entry) - {"code", "department", "secrets", "documents", "operations", "bindings", *_PLAIN}):
        problems.append(f"there is no setting {', '.join(unknown)}")
    if not Department.objects.filter(code=entry["department"]).exists():
        problems.append(f"no department {entry['department']!r}")
    if entry.get("idempotency", Idempotency.NONE) not in Idempotency.values:
        problems.append("idempotency is key, lookup or none")
    secrets = entry.get("secrets") or {}
    if not isinstance(secrets, Mapping):
        return [*problems, "secrets is an object: name -> env:..."]
    for name, value in secrets.items():
        listed = value if isinstance(value, list) and value else [value]
        if name not in SECRETS:
            problems.append(f"there is no secret {name}; there are {', '.join(SECRETS)}")
        elif not all(isinstance(v, str) and environment_name(entry["code"], v) for v in listed):
            problems.append(f"secret {name} must be named as env:{environment_prefix(entry['code'])}...")
    for name in ("base_url", "test_url"):
        if problem := address_problem(entry.get(name)):
            problems.append(f"{name}: {problem}")
    if document_problems := _document_problems(entry.get("documents") or []):
        return [*problems, *document_problems]
    bindings = entry.get("bindings") or []
    if not isinstance(bindings, list) or not all(isinstance(b, Mapping) for b in bindings):
        return [*problems, "bindings is a list of objects"]
    services = Service.objects.filter(code__in=[str(b.get("service")) for b in bindings])
    known = set((services.filter(department=department) if department else services).values_list("code", flat=True))
    problems += [f"no service {b.get('service')!r}" for b in bindings if b.get("service") not in known]
    return problems + gateway.check_settings(
        entry["kind"],
        options=entry.get("options") or {},
        operations=_named_operations(entry),
        mappings={str(b.get("service")): b.get("mapping") or [] for b in bindings},
    )


def _document_problems(documents: Any) -> list[str]:
    if not isinstance(documents, list):
        return ["documents is a list"]
    for one in documents:
        files = one.get("files") if isinstance(one, Mapping) else None
        if not isinstance(files, Mapping) or MAIN not in files or not all(isinstance(text, str) for text in files.values()):
            return ["a document has `format` and `files`: name -> text, one of them `main`"]
        if one.get("format") not in ApiDocument.Format.values:
            return [f"format of a document is {' or '.join(ApiDocument.Format.values)}"]
        try:
            parse(one["format"], files)
        except DocumentError as error:
            return [f"document: {error}"]
    return []


def _named_operations(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The operations, where `document: newest` is the digest of the entry's last document."""
    operations: dict[str, Any] = dict(entry.get("operations") or {})
    documents = entry.get("documents") or []
    newest = digest_of(documents[-1]["files"]) if documents else ""
    for name, spec in operations.items():
        if newest and isinstance(spec, Mapping) and spec.get("document") == "newest":
            operations[name] = {**spec, "document": newest}
    return operations


class _DryRun(Exception):
    """Takes back what a dry run has done."""


def apply(document: Any, *, dry_run: bool = False, live: bool = True, department: Department | None = None) -> list[str]:
    """Make the connections say what the document says. Returns what changed, or with `dry_run` what would.

    live: operations and bindings are in service at once; otherwise they are drafts, to be tested and published.
    department: whose services may be bound; None is any. Raises ManifestError, and then nothing did.
    """
    if problems := problems_of(document, department):
        raise ManifestError(problems)
    changes: list[str] = []
    try:
        with transaction.atomic():
            for entry in document["connections"]:
                changes += _applied(entry, timezone.now() if live else None)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return changes


def _applied(entry: Mapping[str, Any], live_at: datetime | None) -> list[str]:
    changes: list[str] = []
    values = {name: entry[name] for name in _PLAIN if name in entry}
    values["department"] = Department.objects.get(code=entry["department"])
    if entry.get("secrets"):
        values["secrets"] = entry["secrets"]
    found = Connection.objects.filter(code=entry["code"]).first()
    if found is None:
        found = Connection.objects.create(code=entry["code"], **values)
        changes.append(f"{found.code}: new")
    else:
        if "secrets" in values:
            values["secrets"] = {**found.secrets, **values["secrets"]}
        different = [name for name, value in values.items() if getattr(found, name) != value]
        for name in different:
            setattr(found, name, values[name])
        if different:
            found.save(update_fields=different)
            changes.append(f"{found.code}: {', '.join(different)}")
    changes += _documents(found, entry.get("documents") or [])
    changes += _operations(found, _named_operations(entry), live_at)
    return changes + _bindings(found, entry.get("bindings") or [], live_at)


def _documents(connection: Connection, wanted: list[Mapping[str, Any]]) -> list[str]:
    changes = []
    for one in wanted:
        _row, made = ApiDocument.objects.get_or_create(
            connection=connection,
            digest=digest_of(one["files"]),
            defaults={"format": one["format"], "files": dict(one["files"])},
        )
        if made:
            changes.append(f"{connection.code}: document {one['format']}")
    return changes


def _operations(connection: Connection, wanted: Mapping[str, Any], live_at: datetime | None) -> list[str]:
    changes = []
    for name, spec in wanted.items():
        newest = connection.operations.filter(name=name).order_by("-version").first()
        if newest is None or newest.spec != spec or newest.retired_at is not None or (live_at and newest.live_at is None):
            version = newest.version + 1 if newest else 1
            Operation.objects.create(connection=connection, name=name, version=version, spec=spec, live_at=live_at)
            changes.append(f"{connection.code}: operation {name} version {version}")
    return changes


def _bindings(connection: Connection, wanted: list[Mapping[str, Any]], live_at: datetime | None) -> list[str]:
    changes = []
    newest: dict[str, Binding] = {}
    codes = [entry["service"] for entry in wanted]
    for binding in Binding.objects.filter(service__code__in=codes).select_related("service").order_by("version"):
        newest[binding.service.code] = binding
    services = Service.objects.in_bulk(codes, field_name="code")
    for entry in wanted:
        last, mapping, operation = newest.get(entry["service"]), entry.get("mapping") or [], entry.get("operation", "submit")
        same = last is not None and (last.connection_id, last.mapping, last.operation) == (connection.pk, mapping, operation)
        if last is not None and same and (last.live_at or live_at is None):
            continue
        version = last.version + 1 if last else 1
        Binding.objects.create(
            service=services[entry["service"]],
            connection=connection,
            operation=operation,
            mapping=mapping,
            version=version,
            live_at=live_at,
        )
        changes.append(f"{connection.code}: binding {entry['service']} version {version}")
    return changes


def export(codes: list[str] | None = None) -> dict[str, Any]:
    """The document of these connections (of all when None), without a secret that is not a name in the environment."""
    chosen = Connection.objects.select_related("department").order_by("code")
    return {"connections": [_exported(c) for c in (chosen.filter(code__in=codes) if codes else chosen)]}


def _exported(connection: Connection) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for operation in connection.operations.order_by("version"):
        operations[operation.name] = operation.spec
    live: dict[str, Binding] = {}
    for binding in Binding.objects.select_related("service").order_by("version"):
        live[binding.service.code] = binding
    named = {}
    for name, value in connection.secrets.items():
        if all(str(v).startswith("env:") for v in (value if isinstance(value, list) else [value])):
            named[name] = value
    return {
        "code": connection.code,
        "department": connection.department.code,
        **{name: getattr(connection, name) for name in _PLAIN},
        "secrets": named,
        "documents": [
            {"format": document.format, "files": document.files}
            for document in connection.documents.order_by("created_at", "pk")
            if any(spec.get("document") == document.digest for spec in operations.values())
        ],
        "operations": operations,
        "bindings": [
            {"service": code, "operation": b.operation, "mapping": b.mapping}
            for code, b in sorted(live.items())
            if b.connection_id == connection.pk
        ],
    }
