"""What is said of a department's services when its system goes down, and what follows when it is back."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from services.adapters import circuit, standing
from services.adapters.models import Connection
from services.cases.constants import DeliveryPhase, DeliveryState
from services.cases.leases import database_now
from services.cases.models import Delivery

_log = logging.getLogger(__name__)


def tell_down(backend: Connection, now: datetime) -> None:
    """The breaker has opened: services of this connection say that they queue."""
    _log.error("department's system is down", extra={"connection": backend.code})
    standing.settle(backend, now)


def note_success(connection_id: int, *, now: datetime, retry: bool) -> None:
    """A call was answered well: when that closes the breaker, what waited goes. In a transaction of its own."""
    with transaction.atomic():
        if circuit.record_success(connection_id, now=now, retry=retry):
            reopen(Connection.objects.get(pk=connection_id), now)


def reopen(backend: Connection, now: datetime) -> None:
    """A probe got through: say so, and wake what was parked."""
    _log.warning("department's system is back", extra={"connection": backend.code})
    backend.refresh_from_db()
    standing.settle(backend, now)
    Delivery.objects.filter(connection=backend, state=DeliveryState.PENDING, ask=False).update(
        next_try=now, woken_until=None
    )


def park_if_hung(connection_id: int) -> bool:
    """Open the breaker of a system that holds every slot for longer than DELIVERY_HUNG_SECONDS without an answer."""
    with transaction.atomic():
        backend = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
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
            tell_down(backend, now)
        return True


def reopen_if_well(connection_id: int) -> bool:
    """Close the breaker of a system that answers its health question again, when no delivery is left to probe it with.

    While deliveries wait, only a delivery proves that deliveries work.
    """
    with transaction.atomic():
        backend = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        well, ill = backend.last_success_at, backend.last_failure_at
        if not circuit.is_down(backend) or well is None or (ill is not None and well <= ill) or is_awaited(connection_id):
            return False
        now = database_now()
        circuit.record_success(connection_id, now=now, retry=False)
        reopen(backend, now)
        return True


def is_awaited(connection_id: int) -> bool:
    """Are there deliveries on their way to it?"""
    states = (DeliveryState.PENDING, DeliveryState.SENDING)
    return Delivery.objects.filter(connection_id=connection_id, state__in=states).exists()
