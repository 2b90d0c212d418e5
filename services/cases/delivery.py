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
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.utils.translation import gettext_noop

from accounts.access_log import record_access
from portal.lib.faults import reach
from portal.lib.logs import correlated
from portal.lib.redaction import redact_text
from portal.lib.tracing import span
from services.adapters import circuit, gateway
from services.adapters.models import Connection, Idempotency
from services.adapters.values import Misconfigured, Outgoing, Receipt, Rejected, Unavailable
from services.cases import polling, timeline
from services.cases.attachments import submitted_files
from services.cases.constants import Act, DeliveryPhase, DeliveryState, Phase
from services.cases.disturbance import note_success, tell_down
from services.cases.leases import Lease, LeaseLostError, claim, database_now, held, wake_following
from services.cases.models import Delivery

_log = logging.getLogger(__name__)
T = TypeVar("T")
_RELEASED = {  # what a department receives with an act, as the resident's access log says it
    Act.SUBMIT: gettext_noop("Isian dan berkas permohonan"),
    Act.ANSWER: gettext_noop("Jawaban dan berkas"),
    Act.ATTACHMENT: gettext_noop("Berkas tambahan"),
    Act.WITHDRAW: gettext_noop("Permintaan pembatalan"),
}


def deliver(delivery_id: int) -> str:
    """Carry one delivery one step further. Returns what became of it (for the log and for tests)."""
    lease = claim(delivery_id)
    if lease is None:
        return "not now"
    with held(lease), correlated(lease.delivery.correlation_id), span("deliver", "consumer") as current:
        outcome = _attempt(lease)
        current.note(outcome=outcome)
        return outcome


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
                    files=submitted_files(delivery),
                    backend_reference=delivery.case.backend_reference,
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
        ).update(
            phase=DeliveryPhase.WRITING,
            lease_until=now + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS),
            offered_at=delivery.offered_at or now,
        )
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
        data=_RELEASED[Act(delivery.act)],
        purpose=case.title,
        case_reference=case.reference,
        legal_basis="UU 25/2009",
    )


def _commit(write: Callable[[], T]) -> T:
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

    now = _commit(database_now)

    def write() -> str:
        sent = {
            "state": DeliveryState.SENT,
            "phase": "",
            "sent_at": now,
            "backend_reference": receipt.backend_reference[:120],
            "ask": False,
            "last_error": "",
        }
        case = timeline.lock_case(delivery.case_id)
        # A receipt that comes after the row became UNCLEAR is the evidence that closes it.
        states = (DeliveryState.SENDING, DeliveryState.UNCLEAR)
        if not Delivery.objects.filter(pk=delivery.pk, token=lease.token, state__in=states).update(**sent):
            return "fenced"
        timeline.record_receipt(case, receipt, delivery)
        polling.watch(case, delivery.connection, now=now)
        wake_following(delivery)
        _log.info("delivery sent", extra={"delivery": delivery.key, "tries": delivery.tries})
        return "sent"

    outcome = _commit(write)
    _commit(lambda: note_success(delivery.connection_id, now=now, retry=lease.retry))
    return outcome


def _settle_rejected(lease: Lease, error: Rejected) -> str:
    delivery = lease.delivery

    def write() -> str:
        case = timeline.lock_case(delivery.case_id)
        # A department that does not let go, or has closed the case meanwhile, has answered: nothing is left to decide.
        final = delivery.act == Act.WITHDRAW or (delivery.number > 0 and case.phase == Phase.CLOSED)
        changed = Delivery.objects.filter(pk=delivery.pk, token=lease.token, state=DeliveryState.SENDING).update(
            state=DeliveryState.CANCELLED if final else DeliveryState.NEEDS_ATTENTION,
            phase="",
            problem={"message": error.message, "fields": error.field_errors},
            last_error=error.cause[:200],
        )
        if not changed:
            return "fenced"
        words = "\n".join([error.message, *error.field_errors.values()]).strip()
        timeline.record_rejection(case, delivery, words, final=final)
        if final:
            wake_following(delivery)
        return "rejected"

    outcome = _commit(write)
    _commit(lambda: note_success(delivery.connection_id, now=database_now(), retry=lease.retry))
    return outcome


def _settle_unavailable(lease: Lease, error: Unavailable) -> str:
    delivery = lease.delivery
    if error.alert or error.slow:
        _log.error(
            "delivery needs the operator's eyes",
            extra={"delivery": delivery.key, "cause": error.cause, "detail": error.detail},
        )

    def write() -> str:
        backend = Connection.objects.select_for_update(no_key=True).get(pk=delivery.connection_id)
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
            tell_down(backend, now)
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
