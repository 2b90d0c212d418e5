"""Carrying one delivery to its department: claim, mark, send, settle.

Promise: every delivery has exactly one effect at a backend that honours our key or can be asked, and at most one
at a backend that can do neither; no delivery is ever lost. Rules and figures: docs/explanation/delivery.md.

Every move of `Delivery.state` is one conditional UPDATE; 0 rows means that the row is not ours any more: stop.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.utils.translation import gettext_noop

from accounts.access_log import record_access
from portal.lib.faults import reach
from portal.lib.logs import correlated
from portal.lib.redaction import redact_text
from services.adapters import circuit, gateway
from services.adapters.models import Connection, Idempotency
from services.adapters.values import Misconfigured, Outgoing, Receipt, Rejected, Unavailable
from services.cases import timeline
from services.cases.attachments import submitted_files
from services.cases.constants import DeliveryPhase, DeliveryState
from services.cases.leases import Lease, LeaseLostError, claim, database_now, held
from services.cases.models import Delivery
from services.cases.sentences import say
from services.catalogue.actions import set_availability
from services.catalogue.models import Availability

_log = logging.getLogger(__name__)


def deliver(delivery_id: int) -> str:
    """Carry one delivery one step further. Returns what became of it (for the log and for tests)."""
    lease = claim(delivery_id)
    if lease is None:
        return "not now"
    with held(lease), correlated(lease.delivery.correlation_id):
        return _attempt(lease)


def _attempt(lease: Lease) -> str:
    delivery = lease.delivery
    kind = delivery.idempotency
    reach("after_lease", kind)
    try:
        receipt = None
        if delivery.ask:
            receipt = gateway.reconcile(delivery.connection_id, delivery.key)
        if receipt is None:
            receipt = gateway.send(
                Outgoing(
                    connection_id=delivery.connection_id,
                    operation_id=delivery.operation_id,
                    key=delivery.key,
                    act=delivery.act,
                    body=delivery.body,
                    files=submitted_files(delivery.case),
                ),
                on_mark=lambda: mark(lease),
                deadline_seconds=max(0.1, lease.ends - time.monotonic()),
            )
        reach("after_effect", kind)
    except LeaseLostError:
        return "lease lost"
    except Rejected as error:
        return _settle_rejected(lease, error)
    except Unavailable as error:
        return _settle_unavailable(lease, error)
    except Misconfigured as error:
        _log.error(
            "connection misconfigured", extra={"delivery": delivery.key, "cause": error.cause, "detail": error.detail}
        )
        return _settle_unavailable(lease, Unavailable(error.cause, maybe_sent=False, slow=True, detail=error.detail))
    except Exception as error:
        _log.exception("delivery failed in our own code", extra={"delivery": delivery.key})
        written = Delivery.objects.filter(pk=delivery.pk, token=lease.token, phase=DeliveryPhase.WRITING).exists()
        return _settle_unavailable(lease, Unavailable(type(error).__name__, maybe_sent=written, slow=True, counts=False))
    outcome = _settle_sent(lease, receipt)
    reach("after_commit", kind)
    return outcome


def mark(lease: Lease) -> None:
    """Say, before the first byte leaves, that bytes are about to leave, and record who receives the data.

    Raises LeaseLostError; then nothing is sent. The monotonic clock is read once more afterwards: a process that was
    stopped here for longer than its lease must not send (the only hole that fencing in the database cannot close).
    """
    delivery = lease.delivery
    reach("before_mark", delivery.idempotency)
    with transaction.atomic():
        now = database_now()
        marked = Delivery.objects.filter(
            pk=delivery.pk, token=lease.token, state=DeliveryState.SENDING, lease_until__gt=now
        ).update(phase=DeliveryPhase.WRITING, lease_until=now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS))
        if not marked:
            raise LeaseLostError
        _record_release(delivery)
    reach("before_send", delivery.idempotency)
    if time.monotonic() > lease.ends:
        raise LeaseLostError


def _record_release(delivery: Delivery) -> None:
    case = delivery.case
    action = f"delivered:{delivery.number}"
    if case.resident is None or case.resident.access_entries.filter(case_reference=case.reference, action=action).exists():
        return
    record_access(
        case.resident,
        actor=case.department.name,
        actor_department=case.department.code,
        action=action,
        data=gettext_noop("Isian dan berkas permohonan"),
        purpose=case.title,
        case_reference=case.reference,
        legal_basis="UU 25/2009",
    )


def _commit(write: Callable[[], str]) -> str:
    """Write a result, with a new connection at each try, for up to a minute: a restarting database ends in SENT."""
    end = time.monotonic() + 60
    while True:
        try:
            with transaction.atomic():
                return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > end or connection.in_atomic_block:
                raise
            close_old_connections()
            time.sleep(random.uniform(0.2, 1.0))


def _settle_sent(lease: Lease, receipt: Receipt) -> str:
    delivery = lease.delivery

    def write() -> str:
        backend = Connection.objects.select_for_update().get(pk=delivery.connection_id)
        now = database_now()
        sent = {
            "state": DeliveryState.SENT,
            "phase": "",
            "sent_at": now,
            "backend_reference": receipt.backend_reference[:120],
            "ask": False,
            "last_error": "",
        }
        # A receipt that comes after the row became UNCLEAR is the evidence that closes it.
        states = (DeliveryState.SENDING, DeliveryState.UNCLEAR)
        if not Delivery.objects.filter(pk=delivery.pk, token=lease.token, state__in=states).update(**sent):
            return "fenced"
        if circuit.record_success(backend, now=now, retry=lease.retry):
            _reopen(backend, now)
        timeline.record_receipt(timeline.lock_case(delivery.case_id), receipt, key=delivery.key)
        _log.info("delivery sent", extra={"delivery": delivery.key, "tries": delivery.tries})
        return "sent"

    return _commit(write)


def _settle_rejected(lease: Lease, error: Rejected) -> str:
    delivery = lease.delivery

    def write() -> str:
        backend = Connection.objects.select_for_update().get(pk=delivery.connection_id)
        now = database_now()
        problem = {"message": error.message, "fields": error.field_errors}
        changed = Delivery.objects.filter(pk=delivery.pk, token=lease.token, state=DeliveryState.SENDING).update(
            state=DeliveryState.NEEDS_ATTENTION, phase="", problem=problem, last_error=error.cause[:200]
        )
        if not changed:
            return "fenced"
        if circuit.record_success(backend, now=now, retry=lease.retry):
            _reopen(backend, now)
        timeline.say_needs_attention(delivery, say("Dinas meminta perbaikan isian."), public=True)
        timeline.tell_correction(
            delivery.case, "\n".join([error.message, *error.field_errors.values()]).strip(), key=delivery.key
        )
        return "rejected"

    return _commit(write)


def _settle_unavailable(lease: Lease, error: Unavailable) -> str:
    delivery = lease.delivery
    if error.alert or error.slow:
        _log.error(
            "delivery needs the operator's eyes",
            extra={"delivery": delivery.key, "cause": error.cause, "detail": error.detail},
        )

    def write() -> str:
        backend = Connection.objects.select_for_update().get(pk=delivery.connection_id)
        now = database_now()
        mine = Delivery.objects.filter(pk=delivery.pk, token=lease.token, state=DeliveryState.SENDING)
        values: dict[str, Any] = {
            "state": DeliveryState.PENDING,
            "phase": "",
            "last_error": redact_text(f"{error.cause} {error.detail}".strip(), 200),
            "next_try": now + timedelta(seconds=next_wait(delivery.tries, error)),
        }
        if error.maybe_sent and delivery.idempotency == Idempotency.NONE:
            values["state"] = DeliveryState.UNCLEAR
        elif error.maybe_sent and delivery.idempotency == Idempotency.LOOKUP:
            values["ask"] = True
            values["ask_after"] = now + timedelta(seconds=backend.settle_seconds)
            values["next_try"] = max(values["next_try"], values["ask_after"])
        if not mine.update(**values):
            return "fenced"
        if error.counts and circuit.record_failure(backend, now=now):
            _tell_down(backend, now)
        if values["state"] == DeliveryState.UNCLEAR:
            timeline.say_unclear(delivery)
            return "unclear"
        return "again"

    return _commit(write)


def next_wait(tries: int, error: Unavailable) -> float:
    """Seconds to the next try: full jitter up to a cap; Retry-After is a floor plus jitter, bounded by the cap."""
    cap = settings.DELIVERY_BACKOFF_CAP_SECONDS
    if error.slow:
        return random.uniform(cap / 2, cap)
    wait = max(0.5, random.uniform(0, min(cap, 2.0 ** min(tries, 20))))
    if error.retry_after is not None:
        wait = max(wait, min(error.retry_after, cap) + random.uniform(0, 2))
    return wait


def _tell_down(backend: Connection, now: datetime) -> None:
    """The breaker has opened: services of this connection say that they queue."""
    _log.error("department's system is down", extra={"connection": backend.code})
    set_availability(_services_of(backend), Availability.QUEUEING, since=now)


def _reopen(backend: Connection, now: datetime) -> None:
    """A probe got through: say so, and wake what was parked."""
    _log.warning("department's system is back", extra={"connection": backend.code})
    set_availability(_services_of(backend), Availability.AVAILABLE, since=now)
    Delivery.objects.filter(connection=backend, state=DeliveryState.PENDING, ask=False).update(
        next_try=now, woken_until=None
    )


def park_if_hung(connection_id: int) -> bool:
    """Open the breaker of a system that holds every slot for longer than DELIVERY_HUNG_SECONDS without an answer."""
    with transaction.atomic():
        backend = Connection.objects.select_for_update().get(pk=connection_id)
        now = database_now()
        begun = now - timedelta(seconds=settings.DELIVERY_HUNG_SECONDS)
        hung = Delivery.objects.filter(
            connection=backend,
            state=DeliveryState.SENDING,
            phase=DeliveryPhase.WRITING,
            lease_until__lte=begun + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS),
        )
        if circuit.is_down(backend) or hung.count() < backend.ceiling:
            return False
        if circuit.trip(backend, now=now):
            _tell_down(backend, now)
        return True


def reopen_if_well(connection_id: int) -> bool:
    """Close the breaker of a system that answers its health question again, when no delivery is left to probe it with.

    While deliveries wait, only a delivery proves that deliveries work.
    """
    waiting = Delivery.objects.filter(connection_id=connection_id, state__in=(DeliveryState.PENDING, DeliveryState.SENDING))
    with transaction.atomic():
        backend = Connection.objects.select_for_update().get(pk=connection_id)
        well, ill = backend.last_success_at, backend.last_failure_at
        if not circuit.is_down(backend) or well is None or (ill is not None and well <= ill) or waiting.exists():
            return False
        now = database_now()
        circuit.record_success(backend, now=now, retry=False)
        _reopen(backend, now)
        return True


def _services_of(backend: Connection) -> list[int]:
    return list(backend.bindings.values_list("service_id", flat=True).distinct())
