"""The one door to departments' systems. What it raises is always one of the three errors of values.py."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from portal.lib import strict_json
from portal.lib.logs import correlation_id
from services.adapters import circuit, envelope, signatures
from services.adapters.kinds.base import Adapter, kinds
from services.adapters.mapping import MappingError, check_rows, value_at
from services.adapters.models import Binding, Connection, Exchange, Operation
from services.adapters.setup import Setup, plain_secrets, setup_of
from services.adapters.values import (
    Capability,
    Health,
    InvalidWebhook,
    LaterAct,
    Misconfigured,
    Outgoing,
    Prepared,
    Receipt,
    StatusUpdate,
    Submission,
    Unavailable,
)
from services.adapters.wire import Mark, refuse_open_transaction
from services.catalogue.models import Service

__all__ = ["Adapter", "kinds"]  # beside what is defined here
_log = logging.getLogger(__name__)
READ_SECONDS = 10.0


def load_kinds() -> None:
    """Import every module of `settings.ADAPTER_MODULES`, so that its kinds are known."""
    for name in settings.ADAPTER_MODULES:
        importlib.import_module(name)


def kind_of(name: str) -> type[Adapter]:
    """The class of an adapter kind. Raises Misconfigured."""
    load_kinds()
    try:
        return kinds.get(name)
    except KeyError as error:
        raise Misconfigured("kind", detail=f"there is no adapter kind {name[:40]!r}") from error


def check_settings(kind: str, *, options: Any, operations: Mapping[str, Any], mappings: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a connection's data, as sentences: what a manifest or a form is judged by."""
    try:
        adapter = kind_of(kind)
    except Misconfigured as error:
        return [error.detail]
    problems: list[str] = []
    judged = adapter.Options(data=options)
    if not judged.is_valid():
        problems.extend(f"options: {text}" for text in said(judged.errors))
    for operation, spec in operations.items():
        judged_spec = adapter.Spec(data=spec)
        if not judged_spec.is_valid():
            problems.extend(f"operation {operation}: {text}" for text in said(judged_spec.errors))
    for service, rows in mappings.items():
        try:
            check_rows(rows)
        except MappingError as error:
            problems.extend(f"binding {service}: {problem}" for problem in error.problems)
    return problems


def said(errors: Any, at: str = "") -> list[str]:
    """A serializer's errors as sentences: `auth.sign.header: ...`."""
    if isinstance(errors, Mapping):
        return [
            text
            for name, inner in errors.items()
            for text in said(inner, at if name == "non_field_errors" else f"{at}.{name}")
        ]
    if isinstance(errors, list):
        inside = [isinstance(one, Mapping | list) for one in errors]
        found = [said(one, f"{at}.{n}" if inside[n] else at) for n, one in enumerate(errors)]
        return [text for texts in found for text in texts]
    return [f"{at.lstrip('.')}: {errors}" if at else str(errors)]


def binding_for(service: Service) -> Binding | None:
    """The newest live binding of a service, or None when nobody has connected it."""
    live = Binding.objects.filter(service=service, live_at__isnull=False)
    return live.select_related("connection").order_by("-version").first()


def prepare(binding: Binding, submission: Submission) -> Prepared:
    """Freeze what will be sent. Pure apart from reading the operation; called inside the transaction of the submit.

    Raises Misconfigured when the mapping cannot be used on these answers.
    """
    connection = binding.connection
    adapter = kind_of(connection.kind)
    operation = _live(connection, binding.operation)
    if operation is None and adapter.uses_network:
        raise Misconfigured("operation", detail=f"{connection.code} has no operation {binding.operation!r}")
    setup = _bare_setup(connection)
    try:
        body = adapter(setup).prepare(submission, operation.spec if operation else {}, binding.mapping)
    except MappingError as error:
        raise Misconfigured("mapping", detail="; ".join(error.problems)[:500]) from error
    return Prepared(
        connection_id=connection.pk,
        operation_id=operation.pk if operation else None,
        idempotency=adapter.idempotency
        or (operation.spec.get("idempotency") if operation else "")
        or connection.idempotency,
        body=body,
    )


def can(connection: Connection, act: str) -> bool:
    """May a resident do this later act (ANSWER, ATTACHMENT, WITHDRAW) by this connection?"""
    try:
        adapter = kind_of(connection.kind)
    except Misconfigured:
        return False
    needed = Capability.ATTACHMENTS if act == "ATTACHMENT" else Capability(act)
    declared = not adapter.uses_network or _live(connection, act.lower()) is not None
    return needed in adapter.capabilities and declared


def prepare_act(connection: Connection, act: LaterAct) -> Prepared:
    """Freeze a later act, as `prepare` does for a submission. Raises Misconfigured."""
    adapter = kind_of(connection.kind)
    operation = _live(connection, act.act.lower())
    if operation is None and adapter.uses_network:
        raise Misconfigured("operation", detail=f"{connection.code} has no operation {act.act.lower()!r}")
    spec = operation.spec if operation else {}
    try:
        body = adapter(_bare_setup(connection)).prepare_act(act, spec)
    except MappingError as error:
        raise Misconfigured("mapping", detail="; ".join(error.problems)[:500]) from error
    return Prepared(
        connection_id=connection.pk,
        operation_id=operation.pk if operation else None,
        idempotency=adapter.idempotency or spec.get("idempotency") or connection.idempotency,
        body=body,
    )


def works_here(connection: Connection) -> bool:
    """Do the department's staff confirm and answer its cases in the portal, because no system of theirs does?"""
    try:
        return kind_of(connection.kind).works_here
    except Misconfigured:
        return False


def stays_here(connection: Connection) -> bool:
    """Does nothing of its deliveries leave the portal?"""
    try:
        return kind_of(connection.kind).stays_here
    except Misconfigured:
        return False


def is_polled(connection: Connection) -> bool:
    """Does this connection declare a status question and no webhook, so that we have to ask?"""
    try:
        adapter = kind_of(connection.kind)
    except Misconfigured:
        return False
    live = connection.operations.filter(live_at__isnull=False, retired_at=None).values_list("name", flat=True)
    names = live if adapter.uses_network else ()
    return adapter(replace(_bare_setup(connection), operations={name: {} for name in names})).is_polled()


def send(outgoing: Outgoing, *, on_mark: Mark, deadline_seconds: float) -> Receipt:
    """One attempt. `on_mark` runs after the connection stands and before the first byte; what it raises comes through.

    Raises Unavailable, Rejected, Misconfigured by the outcome table; RuntimeError inside a database transaction.
    """
    refuse_open_transaction()
    connection = _connection(outgoing.connection_id)
    spec: Mapping[str, Any] = {}
    if outgoing.operation_id is not None:
        operation = Operation.objects.filter(pk=outgoing.operation_id, connection=connection).first()
        if operation is None:
            raise Misconfigured("operation", detail="the operation of this delivery is gone")
        spec = operation.spec
    return _adapter(connection).submit(outgoing, spec, on_mark=on_mark, deadline_seconds=deadline_seconds)


def reconcile(connection_id: int, reference: str, *, deadline_seconds: float = READ_SECONDS) -> Receipt | None:
    """Does the backend have our reference? None only for a proven no.

    Raises Unavailable when it cannot be asked or is not understood, Misconfigured when the kind cannot be asked at all.
    """
    refuse_open_transaction()
    adapter = _adapter(_connection(connection_id), Capability.RECONCILE)
    return adapter.reconcile(reference, deadline_seconds=deadline_seconds)


def fetch_status(connection_id: int, backend_reference: str, *, deadline_seconds: float = READ_SECONDS) -> StatusUpdate:
    """Where a case stands at the backend. Raises Unavailable, Misconfigured."""
    refuse_open_transaction()
    adapter = _adapter(_connection(connection_id), Capability.STATUS)
    return adapter.fetch_status(backend_reference, deadline_seconds=deadline_seconds)


@dataclass(frozen=True)
class ReadyLookup:
    """A declared read with everything that asking it needs, so that the next question costs no query."""

    adapter: Adapter
    spec: Mapping[str, Any]
    is_down: bool
    at_once: int

    def ask(self, values: Mapping[str, Any], *, deadline_seconds: float) -> Any:
        """The answer as JSON values; None for a proven "there is none". Raises Unavailable, Rejected, Misconfigured."""
        refuse_open_transaction()
        return self.adapter.lookup(self.spec, values, deadline_seconds=deadline_seconds)


def ready_lookup(connection_id: int, operation_id: int) -> ReadyLookup:
    """Raises Unavailable while the connection is switched off, Misconfigured."""
    connection = _connection(connection_id)
    operation = Operation.objects.filter(pk=operation_id, connection=connection).first()
    if operation is None or "lookup" not in operation.spec:
        raise Misconfigured("operation", detail="this lookup is gone")
    adapter = _adapter(connection, Capability.LOOKUP)
    return ReadyLookup(adapter, adapter.ready(operation.spec), circuit.is_down(connection), connection.ceiling)


def answer_schema(connection_id: int, operation_id: int) -> Mapping[str, Any]:
    """What a lookup's system answers, as JSON Schema; {} where nothing says it. No network, no secret."""
    operation = Operation.objects.filter(pk=operation_id, connection_id=connection_id).select_related("connection").first()
    if operation is None:
        return {}
    try:
        return kind_of(operation.connection.kind)(_bare_setup(operation.connection)).answer_schema(operation.spec) or {}
    except Misconfigured:
        return {}


def check_health(connection: Connection, *, deadline_seconds: float = READ_SECONDS) -> Health:
    """Configured, reachable, credentials good? Changes nothing at the backend; raises nothing of its own."""
    refuse_open_transaction()
    try:
        return _adapter(connection).check_health(deadline_seconds=deadline_seconds)
    except Misconfigured as error:
        return Health(configured=False, reachable=False, authorised=False, cause=error.cause)


def read_webhook(connection: Connection, headers: Mapping[str, str], body: bytes) -> list[StatusUpdate]:
    """The updates of a genuine message, which all carry its event id. Raises InvalidWebhook (401 or 400)."""
    try:
        adapter_class = kind_of(connection.kind)
        secrets = plain_secrets(connection.code, {"webhook": connection.secrets.get("webhook", [])})["webhook"]
    except Misconfigured as error:
        raise InvalidWebhook("not_configured") from error
    if Capability.WEBHOOK not in adapter_class.capabilities or not secrets:
        raise InvalidWebhook("not_configured")
    declared = connection.options.get("webhook")
    proof = (declared.get("proof") if isinstance(declared, dict) else None) or {}
    event_id = signatures.prove(proof, [secrets] if isinstance(secrets, str) else secrets, headers, body)
    try:
        data = strict_json.loads(body)
    except strict_json.InvalidJSON as error:
        raise InvalidWebhook("json", status=400) from error
    if not event_id:
        path = proof.get("event_id")
        named = envelope.text_of(value_at(data, path)) if path else ""
        if path and not named:
            raise InvalidWebhook("event_id", status=400)
        event_id = signatures.event_id_in(named, body)
    updates = adapter_class(_bare_setup(connection)).read_webhook(data, event_id=event_id)
    _record_inbound(connection, updates, body)
    return updates


def _record_inbound(connection: Connection, updates: list[StatusUpdate], body: bytes) -> None:
    try:
        Exchange.objects.create(
            connection=connection,
            direction=Exchange.Direction.IN,
            operation="webhook",
            reference=updates[0].reference[:60],
            request_bytes=len(body),
            detail={"updates": len(updates), "words": sorted({update.word for update in updates})[:10]},
            correlation_id=correlation_id()[:32],
        )
    except DatabaseError:
        _log.exception("an exchange could not be recorded", extra={"connection": connection.code})


def _connection(connection_id: int) -> Connection:
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        raise Misconfigured("connection", detail="the connection is gone")
    if not connection.is_active:
        raise Unavailable("switched_off", maybe_sent=False, counts=False, slow=True)
    now = timezone.now()
    if (ends_at := circuit.maintenance_ends(connection, now)) is not None:
        left = (ends_at - now).total_seconds()
        raise Unavailable("maintenance", maybe_sent=False, counts=False, slow=True, retry_after=left)
    return connection


def _live(connection: Connection, name: str) -> Operation | None:
    return connection.operations.filter(name=name, live_at__isnull=False, retired_at=None).order_by("-version").first()


def _bare_setup(connection: Connection) -> Setup:
    """A setup without secrets: for what needs no network."""
    return Setup(connection.pk, connection.code, connection.base_url, connection.idempotency, connection.options, {})


def _adapter(connection: Connection, needed: Capability = Capability.SUBMIT) -> Adapter:
    adapter = kind_of(connection.kind)
    if needed not in adapter.capabilities:
        raise Misconfigured("capability", detail=f"kind {connection.kind} cannot {needed.value.lower()}")
    return adapter(setup_of(connection))
