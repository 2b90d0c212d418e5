"""A connection with its operations and bindings as one document that can be exported, compared and applied.

Applying is idempotent: an operation or mapping that has changed becomes a new version, one that has not stays. Secrets are
written only as `env:ADAPTER_SECRET_...`, are never exported otherwise, and are kept when the document does not name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from services.adapters import gateway
from services.adapters.models import Binding, Connection, Idempotency, Operation
from services.catalogue.models import Department, Service

_PLAIN = ("label", "kind", "base_url", "test_url", "options", "idempotency", "settle_seconds", "ceiling", "is_active")


class ManifestError(ValueError):
    """What is wrong, one sentence a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def problems_of(document: Any) -> list[str]:
    """Everything that keeps a manifest from being applied."""
    if not isinstance(document, Mapping) or not isinstance(document.get("connections"), list):
        return ["the document has no list `connections`"]
    problems: list[str] = []
    for entry in document["connections"]:
        name = entry.get("code", "?") if isinstance(entry, Mapping) else "?"
        problems += [f"{name}: {problem}" for problem in _entry_problems(entry)]
    return problems


def _entry_problems(entry: Any) -> list[str]:
    if not isinstance(entry, Mapping) or not all(
        isinstance(entry.get(k), str) for k in ("code", "department", "label", "kind")
    ):
        return ["needs code, department, label and kind"]
    problems = []
    if unknown := sorted(set(entry) - {"code", "department", "secrets", "operations", "bindings", *_PLAIN}):
        problems.append(f"there is no setting {', '.join(unknown)}")
    if not Department.objects.filter(code=entry["department"]).exists():
        problems.append(f"no department {entry['department']!r}")
    if entry.get("idempotency", Idempotency.NONE) not in Idempotency.values:
        problems.append("idempotency is key, lookup or none")
    for name, value in (entry.get("secrets") or {}).items():
        if not all(isinstance(v, str) and v.startswith("env:") for v in (value if isinstance(value, list) else [value])):
            problems.append(f"secret {name} must be named as env:ADAPTER_SECRET_...")
    bindings = entry.get("bindings") or []
    known = set(Service.objects.filter(code__in=[b.get("service") for b in bindings]).values_list("code", flat=True))
    problems += [f"no service {b.get('service')!r}" for b in bindings if b.get("service") not in known]
    return problems + gateway.check_settings(
        entry["kind"],
        options=entry.get("options") or {},
        operations=entry.get("operations") or {},
        mappings={str(b.get("service")): b.get("mapping") or [] for b in bindings},
    )


@transaction.atomic
def apply(document: Any) -> list[str]:
    """Make the connections say what the document says. Returns what changed. Raises ManifestError, and then nothing did."""
    if problems := problems_of(document):
        raise ManifestError(problems)
    changes: list[str] = []
    for entry in document["connections"]:
        values = {name: entry[name] for name in _PLAIN if name in entry}
        values["department"] = Department.objects.get(code=entry["department"])
        if entry.get("secrets"):
            values["secrets"] = entry["secrets"]
        found = Connection.objects.filter(code=entry["code"]).first()
        if found is None:
            found = Connection.objects.create(code=entry["code"], **values)
            changes.append(f"{found.code}: new")
        else:
            different = [name for name, value in values.items() if getattr(found, name) != value]
            for name in different:
                setattr(found, name, values[name])
            if different:
                found.save(update_fields=different)
                changes.append(f"{found.code}: {', '.join(different)}")
        changes += _operations(found, entry.get("operations") or {}) + _bindings(found, entry.get("bindings") or [])
    return changes


def _operations(connection: Connection, wanted: Mapping[str, Any]) -> list[str]:
    changes = []
    for name, spec in wanted.items():
        newest = connection.operations.filter(name=name).order_by("-version").first()
        if newest is None or newest.spec != spec:
            version = newest.version + 1 if newest else 1
            Operation.objects.create(connection=connection, name=name, version=version, spec=spec)
            changes.append(f"{connection.code}: operation {name} version {version}")
    return changes


def _bindings(connection: Connection, wanted: list[Mapping[str, Any]]) -> list[str]:
    changes = []
    newest: dict[str, Binding] = {}
    codes = [entry["service"] for entry in wanted]
    for binding in Binding.objects.filter(service__code__in=codes).select_related("service").order_by("version"):
        newest[binding.service.code] = binding
    services = Service.objects.in_bulk(codes, field_name="code")
    for entry in wanted:
        last, mapping, operation = newest.get(entry["service"]), entry.get("mapping") or [], entry.get("operation", "submit")
        if last and (last.connection_id, last.mapping, last.operation) == (connection.pk, mapping, operation):
            continue
        version = last.version + 1 if last else 1
        Binding.objects.create(
            service=services[entry["service"]], connection=connection, operation=operation, mapping=mapping, version=version
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
        "operations": operations,
        "bindings": [
            {"service": code, "operation": b.operation, "mapping": b.mapping}
            for code, b in sorted(live.items())
            if b.connection_id == connection.pk
        ],
    }
