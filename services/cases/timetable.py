"""Work on a clock: finding what a lost message, a killed worker or a closed breaker left behind."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from portal.lib.waking import wake
from services.adapters import circuit, gateway
from services.adapters.models import Connection
from services.cases import polling
from services.cases.attachments import delete_files_of_drafts, delete_held_before
from services.cases.constants import DeliveryState, Phase
from services.cases.disturbance import park_if_hung, reopen_if_well
from services.cases.journeys import runs
from services.cases.leases import database_now, due, in_turn
from services.cases.models import Delivery, Draft, InboundEvent, Poll

ROWS_PER_SLOT = 8
ADOPTED = 1_000
HELD = timedelta(days=2)
EVENT_TRIES = timedelta(days=1)
_log = logging.getLogger(__name__)


@shared_task(name="services.cases.timetable.sweep_deliveries")
def sweep_deliveries() -> int:
    """Wake due deliveries, at most eight a slot of each connection, none while its breaker is open."""
    now, woken = database_now(), 0
    for backend in Connection.objects.filter(is_active=True):
        if circuit.is_down(backend):
            reopen_if_well(backend.pk)
        elif park_if_hung(backend.pk):
            continue
        if circuit.is_open(backend, now):
            continue
        rows = Delivery.objects.filter(
            due(now), in_turn(), Q(woken_until=None) | Q(woken_until__lte=now), connection=backend
        )
        limit = 1 if circuit.is_down(backend) else ROWS_PER_SLOT * backend.ceiling
        ids = list(rows.order_by("next_try").values_list("pk", flat=True)[:limit])
        Delivery.objects.filter(pk__in=ids).update(
            woken_until=now + timedelta(seconds=settings.DELIVERY_WAKE_SILENCE_SECONDS)
        )
        for delivery_id in ids:
            wake("services.cases.tasks.deliver_case", delivery_id)
        woken += len(ids)
    return woken


@shared_task(name="services.cases.timetable.sweep_inbound_events")
def sweep_inbound_events() -> int:
    given_up = InboundEvent.objects.filter(state=InboundEvent.State.STORED, received_at__lte=timezone.now() - EVENT_TRIES)
    if count := given_up.update(state=InboundEvent.State.IGNORED, reason="could not be applied for a day"):
        _log.error("events given up", extra={"count": count})
    stale = timezone.now() - timedelta(seconds=5)
    waiting = InboundEvent.objects.filter(state=InboundEvent.State.STORED, received_at__lte=stale)
    ids = list(waiting.order_by("received_at").values_list("pk", flat=True)[:100])
    for event_id in ids:
        wake("services.cases.tasks.apply_inbound_event", event_id)
    return len(ids)


@shared_task(name="services.cases.timetable.sweep_polls")
def sweep_polls() -> int:
    """Wake due polls, a bounded number of each connection, none while its breaker is open."""
    now, woken = database_now(), 0
    for backend in Connection.objects.filter(is_active=True):
        if circuit.is_down(backend):
            continue
        rows = Poll.objects.filter(polling.due(now), Q(woken_until=None) | Q(woken_until__lte=now), connection=backend)
        ids = list(rows.order_by("next_at").values_list("pk", flat=True)[: settings.POLL_ROWS])
        Poll.objects.filter(pk__in=ids).update(woken_until=now + timedelta(seconds=settings.DELIVERY_WAKE_SILENCE_SECONDS))
        for poll_id in ids:
            wake("services.cases.tasks.ask_status", poll_id)
        woken += len(ids)
    return woken


@shared_task(name="services.cases.timetable.adopt_polls")
def adopt_polls() -> int:
    """Begin to ask about cases whose department told us by itself before and does so no more."""
    now, adopted = database_now(), 0
    for backend in Connection.objects.filter(is_active=True):
        if not gateway.is_polled(backend):
            continue
        lonely = Delivery.objects.filter(connection=backend, number=0, state=DeliveryState.SENT, case__poll=None)
        for delivery in lonely.exclude(case__phase=Phase.CLOSED).select_related("case").defer("body")[:ADOPTED]:
            polling.watch(delivery.case, backend, now=now)
            adopted += 1
    return adopted


@shared_task(name="services.cases.timetable.expire_drafts")
def expire_drafts() -> int:
    """Delete drafts whose 30 days are over, with their files (a sent draft's files belong to its case), and idle walks' answers."""
    expired = Draft.objects.filter(expires_at__lte=timezone.now())
    delete_files_of_drafts(expired)
    count, _ = expired.delete()
    delete_held_before(timezone.now() - HELD)
    return count + runs.expire(timezone.now())
