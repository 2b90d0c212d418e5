"""Carrying one delivery to its department: claim, mark, send, settle.

Promise: every delivery has exactly one effect at a backend that honours our key or can be asked, and at most one
at a backend that can do neither; no delivery is ever lost. Rules and figures: docs/explanation/delivery.md.

Every move of `Delivery.state` is one conditional UPDATE; 0 rows means that the row is not ours any more: stop.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

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
from services.cases.models import Case, Delivery
from services.catalogue.actions import set_availability
from services.catalogue.models import Availability

_log = logging.getLogger(__name__)

MAX_CLOCK_JUMP = timedelta(minutes=31)  # a next try further ahead than twice the longest wait is a jump of the clock
_in_flight: dict[str, float] = {}  # token -> monotonic end of what this process is sending


class LeaseLostError(Exception):
    """The row is not ours any more, or its time is over: nothing may be sent."""


@dataclass(frozen=True)
class Lease:
    """This process may send this delivery until `ends` (monotonic clock)."""

    delivery: Delivery
    token: str
    ends: float
    retry: bool


def database_now() -> datetime:
    """The database's clock: leases are compared on it alone, so a worker with a wrong clock does no harm."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            return moment
    return timezone.now()


def lease_over(now: datetime) -> Q:
    """Filter: SENDING rows whose lease has ended (or lies absurdly far ahead after a jump of the clock)."""
    far = now + 2 * timedelta(seconds=settings.DELIVERY_LEASE_SECONDS) + MAX_CLOCK_JUMP
    return Q(state=DeliveryState.SENDING) & (Q(lease_until__lte=now) | Q(lease_until__gt=far))


def due(now: datetime) -> Q:
    """Filter: rows that a worker should look at."""
    return Q(state=DeliveryState.PENDING) & (Q(next_try__lte=now) | Q(next_try__gt=now + MAX_CLOCK_JUMP)) | lease_over(now)


def deliver(delivery_id: int) -> str:
    """Carry one delivery one step further. Returns what became of it (for the log and for tests)."""
    lease = claim(delivery_id)
    if lease is None:
        return "not now"
    _in_flight[lease.token] = lease.ends
    try:
        with correlated(lease.delivery.correlation_id):
            return _attempt(lease)
    finally:
        _in_flight.pop(lease.token, None)


def claim(delivery_id: int) -> Lease | None:
    """Take the lease in one short transaction, or decide that nothing is to be sent now."""
    with transaction.atomic():
        found = Delivery.objects.filter(pk=delivery_id).values_list("connection_id", flat=True).first()
        if found is None:
            return None
        backend = Connection.objects.select_for_update().get(pk=found)
        delivery = Delivery.objects.select_related("case", "operation").get(pk=delivery_id)
        now = database_now()
        if not Delivery.objects.filter(due(now), pk=delivery_id).exists():
            return None
        if delivery.state == DeliveryState.SENDING and _in_flight.get(delivery.token, 0.0) > time.monotonic():
            return None
        mine = Delivery.objects.filter(pk=delivery_id, token=delivery.token, state=delivery.state)
        if _is_unclear_now(delivery):
            if mine.update(state=DeliveryState.UNCLEAR, last_error="worker lost while sending"):
                _say_unclear(delivery)
            return None
        if _waits_for_earlier(delivery):
            mine.update(next_try=now + timedelta(seconds=5), woken_until=None)
            return None
        if _is_given_up(delivery, now):
            if mine.update(state=DeliveryState.NEEDS_ATTENTION, last_error="72 hours of tries are over"):
                _say_needs_attention(delivery, _("Percobaan 72 jam sudah habis."))
            return None
        interrupted = delivery.state == DeliveryState.SENDING and delivery.phase == DeliveryPhase.WRITING
        if interrupted and delivery.idempotency == Idempotency.LOOKUP:
            # Also when it was asked before: bytes may have left since then, and the settle time starts anew.
            delivery.ask = True
            delivery.ask_after = min(delivery.lease_until or now, now) + timedelta(seconds=backend.settle_seconds)
        if delivery.ask and delivery.ask_after is not None and delivery.ask_after > now:
            mine.update(
                state=DeliveryState.PENDING,
                phase="",
                ask=True,
                ask_after=delivery.ask_after,
                next_try=delivery.ask_after,
                woken_until=None,
            )
            return None
        live = (
            Delivery.objects.filter(connection_id=backend.pk, state=DeliveryState.SENDING, lease_until__gt=now)
            .exclude(pk=delivery_id)
            .count()
        )
        retry = delivery.tries > 0
        admission = circuit.admit(backend, now=now, live=live, retry=retry)
        if not admission.admitted:
            mine.update(state=DeliveryState.PENDING, phase="", ask=delivery.ask, next_try=admission.until, woken_until=None)
            return None
        token = uuid.uuid4().hex
        taken = mine.update(
            state=DeliveryState.SENDING,
            phase=DeliveryPhase.LEASED,
            token=token,
            lease_until=now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS),
            tries=delivery.tries + 1,
            ask=delivery.ask,
            ask_after=delivery.ask_after,
            woken_until=None,
        )
        if not taken:
            return None
        delivery.tries += 1
        ends = time.monotonic() + settings.DELIVERY_CALL_SECONDS
        return Lease(delivery=delivery, token=token, ends=ends, retry=retry)


def _is_unclear_now(delivery: Delivery) -> bool:
    return (
        delivery.state == DeliveryState.SENDING
        and delivery.phase == DeliveryPhase.WRITING
        and delivery.idempotency == Idempotency.NONE
    )


def _waits_for_earlier(delivery: Delivery) -> bool:
    done = (DeliveryState.SENT, DeliveryState.CANCELLED)
    return delivery.number > 0 and (
        Delivery.objects.filter(case_id=delivery.case_id, number__lt=delivery.number).exclude(state__in=done).exists()
    )


def _is_given_up(delivery: Delivery, now: datetime) -> bool:
    old = now - delivery.created_at > timedelta(seconds=settings.DELIVERY_GIVE_UP_SECONDS)
    return old and delivery.tries >= settings.DELIVERY_GIVE_UP_TRIES


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
        data=_("Isian dan berkas permohonan"),
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
        _say_needs_attention(delivery, _("Dinas meminta perbaikan isian."), public=True)
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
            _say_unclear(delivery)
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


def _services_of(backend: Connection) -> list[int]:
    return list(backend.bindings.values_list("service_id", flat=True).distinct())


def _say_unclear(delivery: Delivery) -> None:
    _log.error("delivery unclear, the department must confirm", extra={"delivery": delivery.key})
    timeline.note(
        Case.objects.get(pk=delivery.case_id),
        _("Permohonan sudah diterima portal dan sedang dikonfirmasi oleh dinas. Anda tidak perlu melakukan apa pun."),
        key=f"unclear:{delivery.key}",
        public=True,
        status="UNCLEAR",
    )


def _say_needs_attention(delivery: Delivery, text: str, *, public: bool = False) -> None:
    _log.error("delivery needs attention", extra={"delivery": delivery.key})
    timeline.note(
        Case.objects.get(pk=delivery.case_id),
        text,
        key=f"attention:{delivery.key}:{delivery.tries}",
        public=public,
        status="NEEDS_ATTENTION" if public else "",
    )
