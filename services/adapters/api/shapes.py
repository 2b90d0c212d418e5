"""What connections look like to programs, and what all their views share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api_tokens import consumer_of
from portal.lib.problems import Problem
from portal.lib.readers import spoken_to_reader
from services.adapters import circuit, contract
from services.adapters.connecting import registering
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.models import Binding, Connection, ContractRun, Exchange, Maintenance, Operation
from services.catalogue.integrators import ConnectsDepartments, departments_behind
from services.catalogue.models import Service


class ConnectionsAPI(APIView):
    """Of connections of the departments behind the request."""

    permission_classes = (ConnectsDepartments.of(read="connections:read", write="connections:write"),)

    def connection(self, request: Request, code: str) -> Connection:
        """Raises Problem 404: another department's is as if it were not there."""
        mine = Connection.objects.filter(department__in=departments_behind(request), code=code)
        found = mine.select_related("department").first()
        if found is None:
            raise Problem(404, "not_found", "You have no connection with this code.")
        return found

    def service(self, request: Request, code: str) -> Service:
        """A service of the same departments. Raises Problem 404."""
        mine = Service.objects.filter(department__in=departments_behind(request), code=code)
        found = mine.select_related("department", "form").first()
        if found is None:
            raise Problem(404, "service_not_found", "Your department has no service with this code.")
        return found

    def binding(self, request: Request, code: str, service: str) -> Binding:
        """The newest one. Raises Problem 404."""
        found = work.newest_binding(self.connection(request, code), self.service(request, service))
        if found is None:
            raise Problem(404, "not_found", "This service is not bound to this connection.")
        return found


def by(request: Request) -> str:
    """Who does it, for the log."""
    return getattr(request.user, "public_id", "") or consumer_of(request)


@contextmanager
def judged(request: Request) -> Iterator[None]:
    """What an action refuses becomes 422 with a sentence per field, in the reader's language."""
    with spoken_to_reader(request):
        try:
            yield
        except ConnectionProblem as error:
            errors = [{"field": name, "detail": text} for name, texts in error.errors.items() for text in texts]
            raise Problem(422, "invalid", "Some of it cannot be used; nothing was changed.", errors=errors) from None


def body_of(request: Request, **members: type | tuple[type, ...]) -> dict[str, Any]:
    """The body as an object with only these members, each of its type. Raises Problem 400."""
    data = request.data
    if not isinstance(data, dict):
        raise Problem(400, "invalid", "The body is a JSON object.")
    if unknown := sorted(set(data) - set(members)):
        raise Problem(400, "invalid", f"There is no member {unknown[0]!r}. Known: {', '.join(sorted(members))}.")
    for name, value in data.items():
        given = members[name]
        wanted: tuple[type, ...] = given if isinstance(given, tuple) else (given,)
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise Problem(400, "invalid", f"{name!r} is of the wrong type.")
    return data


def moment(value: datetime | None) -> str | None:
    return timezone.localtime(value).isoformat(timespec="seconds") if value else None


def connection_json(connection: Connection) -> dict[str, Any]:
    down = circuit.is_down(connection)
    return {
        "code": connection.code,
        "department": connection.department.code,
        "label": connection.label,
        "kind": connection.kind,
        **{name: getattr(connection, name) for name in registering.SETTABLE if name != "label"},
        "active": connection.is_active,
        "state": "down" if down else "up" if connection.last_success_at else "unknown",
        "down_since": moment(connection.down_since),
        "last_success_at": moment(connection.last_success_at),
        "last_failure_at": moment(connection.last_failure_at),
        "secrets": registering.secrets_shown(connection),
    }


def operation_json(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "version": operation.version,
        "purpose": operation.purpose,
        "live": operation.live_at is not None,
        "spec": operation.spec,
    }


def binding_json(binding: Binding) -> dict[str, Any]:
    run = contract.last_run(binding)
    return {
        "service": binding.service.code,
        "operation": binding.operation,
        "version": binding.version,
        "live": binding.live_at is not None,
        "mapping": binding.mapping,
        "drift": binding.drift,
        "last_test": run_json(run) if run else None,
        "obstacles": work.obstacles(binding),
    }


def run_json(run: ContractRun) -> dict[str, Any]:
    return {
        "at": moment(run.at),
        "target": run.target,
        "green": run.green,
        "drift": run.drift,
        "nightly": run.nightly,
        "rows": run.rows,
    }


def exchange_json(row: Exchange) -> dict[str, Any]:
    return {
        "at": moment(row.at),
        "direction": row.direction,
        "operation": row.operation,
        "reference": row.reference,
        "status": row.status,
        "cause": row.cause,
        "milliseconds": row.milliseconds,
        "request_bytes": row.request_bytes,
        "response_bytes": row.response_bytes,
        "detail": row.detail,
        "correlation_id": row.correlation_id,
    }


def window_json(row: Maintenance) -> dict[str, Any]:
    return {
        "id": row.pk,
        "starts_at": moment(row.starts_at),
        "ends_at": moment(row.ends_at),
        "pauses": row.pauses,
        "reason": row.reason,
    }


# --- for the OpenAPI document ---

ConnectionShape = inline_serializer(
    "Connection",
    {
        "code": serializers.CharField(),
        "department": serializers.CharField(),
        "label": serializers.CharField(),
        "kind": serializers.CharField(),
        "base_url": serializers.CharField(),
        "test_url": serializers.CharField(),
        "options": serializers.JSONField(),
        "idempotency": serializers.CharField(),
        "settle_seconds": serializers.IntegerField(),
        "ceiling": serializers.IntegerField(),
        "stand_in": serializers.BooleanField(),
        "stand_in_fault": serializers.CharField(),
        "active": serializers.BooleanField(),
        "state": serializers.ChoiceField(choices=["up", "down", "unknown"]),
        "down_since": serializers.DateTimeField(allow_null=True),
        "last_success_at": serializers.DateTimeField(allow_null=True),
        "last_failure_at": serializers.DateTimeField(allow_null=True),
        "secrets": serializers.ListField(child=serializers.JSONField()),
    },
)
ConnectionListShape = inline_serializer(
    "ConnectionList",
    {
        "results": serializers.ListField(child=serializers.JSONField()),
        "next": serializers.CharField(allow_null=True),
        "count": serializers.IntegerField(allow_null=True),
    },
)
ChangeShape = inline_serializer(
    "ConnectionChange",
    {
        "label": serializers.CharField(required=False),
        "base_url": serializers.CharField(required=False),
        "test_url": serializers.CharField(required=False),
        "options": serializers.JSONField(required=False),
        "idempotency": serializers.ChoiceField(choices=["key", "lookup", "none"], required=False),
        "settle_seconds": serializers.IntegerField(required=False),
        "ceiling": serializers.IntegerField(required=False),
        "stand_in": serializers.BooleanField(required=False),
        "stand_in_fault": serializers.CharField(required=False),
    },
)
NewConnectionShape = inline_serializer(
    "NewConnection",
    {
        "code": serializers.CharField(),
        "department": serializers.CharField(required=False),
        "label": serializers.CharField(),
        "kind": serializers.CharField(),
        "base_url": serializers.CharField(required=False),
        "test_url": serializers.CharField(required=False),
        "options": serializers.JSONField(required=False),
        "idempotency": serializers.ChoiceField(choices=["key", "lookup", "none"], required=False),
        "settle_seconds": serializers.IntegerField(required=False),
        "ceiling": serializers.IntegerField(required=False),
        "stand_in": serializers.BooleanField(required=False),
        "stand_in_fault": serializers.CharField(required=False),
    },
)
HopsShape = inline_serializer(
    "ConnectionHops", {"ok": serializers.BooleanField(), "hops": serializers.ListField(child=serializers.JSONField())}
)
OperationShape = inline_serializer(
    "Operation",
    {
        "name": serializers.CharField(),
        "version": serializers.IntegerField(),
        "purpose": serializers.CharField(),
        "live": serializers.BooleanField(),
        "spec": serializers.JSONField(),
    },
)
NewOperationShape = inline_serializer(
    "NewOperation", {"spec": serializers.JSONField(), "purpose": serializers.CharField(required=False)}
)
BindingShape = inline_serializer(
    "Binding",
    {
        "service": serializers.CharField(),
        "operation": serializers.CharField(),
        "version": serializers.IntegerField(),
        "live": serializers.BooleanField(),
        "mapping": serializers.ListField(child=serializers.JSONField()),
        "drift": serializers.CharField(),
        "last_test": serializers.JSONField(allow_null=True),
        "obstacles": serializers.ListField(child=serializers.CharField()),
    },
)
NewBindingShape = inline_serializer(
    "NewBinding",
    {"mapping": serializers.ListField(child=serializers.JSONField()), "operation": serializers.CharField(required=False)},
)
RunShape = inline_serializer(
    "ContractRun",
    {
        "at": serializers.DateTimeField(),
        "target": serializers.ChoiceField(choices=["test", "stand_in"]),
        "green": serializers.BooleanField(),
        "drift": serializers.CharField(),
        "nightly": serializers.BooleanField(),
        "rows": serializers.ListField(child=serializers.JSONField()),
    },
)
DocumentShape = inline_serializer(
    "ApiDocument",
    {
        "digest": serializers.CharField(),
        "version": serializers.CharField(),
        "title": serializers.CharField(),
        "servers": serializers.ListField(child=serializers.CharField()),
        "warnings": serializers.ListField(child=serializers.CharField()),
        "options": serializers.JSONField(),
        "roles": serializers.JSONField(),
        "words": serializers.JSONField(),
        "operations": serializers.ListField(child=serializers.JSONField()),
    },
)
ProposalShape = inline_serializer(
    "Proposal",
    {
        "role": serializers.CharField(),
        "operation_id": serializers.CharField(),
        "spec": serializers.JSONField(),
        "mapping": serializers.ListField(child=serializers.JSONField()),
        "form": serializers.JSONField(allow_null=True),
        "samples": serializers.JSONField(),
        "notes": serializers.ListField(child=serializers.CharField()),
        "open": serializers.ListField(child=serializers.CharField()),
    },
)
WindowShape = inline_serializer(
    "Maintenance",
    {
        "id": serializers.IntegerField(),
        "starts_at": serializers.DateTimeField(),
        "ends_at": serializers.DateTimeField(),
        "pauses": serializers.BooleanField(),
        "reason": serializers.CharField(),
    },
)
NewWindowShape = inline_serializer(
    "NewMaintenance",
    {
        "starts_at": serializers.DateTimeField(),
        "ends_at": serializers.DateTimeField(),
        "pauses": serializers.BooleanField(required=False),
        "reason": serializers.CharField(required=False),
    },
)
SecretShape = inline_serializer(
    "NewSecret",
    {
        "value": serializers.CharField(required=False, help_text="webhook: without it one is made, and shown this once"),
        "testing": serializers.BooleanField(required=False),
        "expires_on": serializers.DateField(
            required=False, help_text="its integrators are told before; a certificate says it"
        ),
        "keep_old": serializers.BooleanField(required=False, help_text="the old one is tried where the new is refused"),
    },
)
SecretSetShape = inline_serializer(
    "SecretSet", {"name": serializers.CharField(), "value": serializers.CharField(allow_null=True, help_text="shown once")}
)
