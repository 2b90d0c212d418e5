"""Taking the lease of a delivery: one short transaction that decides whether anything is sent now.

The connection's row is locked first, so ceiling, breaker and retry budget are exact over all processes; it is one lock
for all deliveries to that system, so what can be decided before is decided before, and few rows are read behind it.
Leases are compared on the database's clock, read before the wait for the lock: never later than the truth.
Rules: docs/explanation/delivery.md.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.lib.waking import wake
from services.adapters import circuit
from services.adapters.models import Connection, Idempotency
from services.cases import timeline
from services.cases.constants import DeliveryPhase, DeliveryState
from services.cases.models import Delivery, Poll
from services.cases.sentences import say

FINISHED = (DeliveryState.SENT, DeliveryState.CANCELLED)
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


@contextlib.contextmanager
def held(lease: Lease) -> Iterator[None]:
    """While it lasts, this process does not take the same row over, whatever happens to the host's clock."""
    _in_flight[lease.token] = lease.ends
    try:
        yield
    finally:
        _in_flight.pop(lease.token, None)


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


def in_turn() -> Q:
    """Filter: every earlier act of the same case has arrived or was settled. Part of the UPDATE that takes the lease."""
    earlier = Delivery.objects.filter(case_id=OuterRef("case_id"), number__lt=OuterRef("number"))
    return ~Q(Exists(earlier.exclude(state__in=FINISHED)))


def live_calls(backend: Connection, now: datetime, *, besides: int = 0) -> int:
    """How many calls to this system are under way in all processes; `besides`: a delivery that does not count."""
    sending = Delivery.objects.filter(connection=backend, state=DeliveryState.SENDING, lease_until__gt=now)
    asking = Poll.objects.filter(connection=backend, lease_until__gt=now)
    return len(sending.exclude(pk=besides).values_list("pk").union(asking.values_list("pk"), all=True))


def wake_following(delivery: Delivery) -> None:
    """An act has arrived or was settled: the next one of its case may go at once. In the caller's transaction."""
    waiting = Delivery.objects.filter(case_id=delivery.case_id, number__gt=delivery.number, state=DeliveryState.PENDING)
    following = waiting.order_by("number").values_list("pk", flat=True).first()
    if following is not None:
        waiting.filter(pk=following).update(next_try=timezone.now(), woken_until=None)
        transaction.on_commit(lambda: wake("services.cases.tasks.deliver_case", following))


def claim(delivery_id: int) -> Lease | None:
    """Take the lease in one short transaction, or decide that nothing is to be sent now."""
    with transaction.atomic():
        now = database_now()
        wanted = Delivery.objects.filter(due(now), pk=delivery_id)
        found = wanted.values_list("connection_id", flat=True).first()
        if found is None:
            return None
        backend = Connection.objects.select_for_update(no_key=True).get(pk=found)
        delivery = wanted.select_related("case__department", "case__resident").annotate(is_in_turn=in_turn()).first()
        if delivery is None:
            return None
        delivery.connection = backend
        if delivery.state == DeliveryState.SENDING and _in_flight.get(delivery.token, 0.0) > time.monotonic():
            return None
        mine = Delivery.objects.filter(pk=delivery_id, token=delivery.token, state=delivery.state)
        if _is_unclear_now(delivery):
            if mine.update(state=DeliveryState.UNCLEAR, last_error="worker lost while sending"):
                timeline.say_unclear(delivery)
            return None
        if not delivery.is_in_turn:
            mine.update(next_try=now + timedelta(seconds=30), woken_until=None)
            return None
        if _is_given_up(delivery, now):
            if mine.update(state=DeliveryState.NEEDS_ATTENTION, last_error="72 hours of tries are over"):
                timeline.say_needs_attention(delivery, say("Percobaan 72 jam sudah habis."))
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
        live = live_calls(backend, now, besides=delivery_id)
        retry = delivery.tries > 0
        admission = circuit.admit(backend, now=now, live=live, retry=retry)
        if not admission.admitted:
            mine.update(state=DeliveryState.PENDING, phase="", ask=delivery.ask, next_try=admission.until, woken_until=None)
            return None
        token = uuid.uuid4().hex
        taken = mine.filter(in_turn()).update(
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


def _is_given_up(delivery: Delivery, now: datetime) -> bool:
    old = now - delivery.created_at > timedelta(seconds=settings.DELIVERY_GIVE_UP_SECONDS)
    return old and delivery.tries >= settings.DELIVERY_GIVE_UP_TRIES
