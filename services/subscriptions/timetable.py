"""Work on a clock: reading the timelines, waking what is due, giving up, forgetting what was told long ago."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from portal.lib.waking import wake
from services.cases.leases import database_now
from services.subscriptions import delivery, reading
from services.subscriptions.constants import EventState
from services.subscriptions.models import EventDelivery, Subscription
from services.subscriptions.queries import due, in_turn

MOST_BATCHES = 20
KEPT = timedelta(days=30)


@shared_task(name="services.subscriptions.timetable.read_timelines")
def read_timelines() -> int:
    """Write down new events, then wake what is due."""
    made = 0
    for _ in range(MOST_BATCHES):
        count, more = reading.read_timelines()
        made += count
        if not more:
            break
    wake_due()
    return made


def wake_due() -> int:
    """Of each subscription a few of those due, one where the address failed last; none of one that is off or quiet."""
    now, woken = database_now(), 0
    for subscription in Subscription.objects.select_related("department"):
        delivery.give_up(subscription, now)
        if not subscription.is_active or (subscription.quiet_until and subscription.quiet_until > now):
            continue
        silent = Q(woken_until=None) | Q(woken_until__lte=now)
        rows = EventDelivery.objects.filter(due(now), in_turn(), silent, subscription=subscription)
        limit = 1 if subscription.failures else subscription.ceiling  # each goes on with the next by itself
        ids = list(rows.order_by("next_try", "sequence").values_list("pk", flat=True)[:limit])
        EventDelivery.objects.filter(pk__in=ids).update(
            woken_until=now + timedelta(seconds=settings.DELIVERY_WAKE_SILENCE_SECONDS)
        )
        for delivery_id in ids:
            wake("services.subscriptions.tasks.send_event", delivery_id)
        woken += len(ids)
    return woken


@shared_task(name="services.subscriptions.timetable.forget_old_events")
def forget_old_events() -> int:
    """What was told or given up 30 days ago is deleted."""
    old = EventDelivery.objects.exclude(state=EventState.WAITING).filter(created_at__lte=timezone.now() - KEPT)
    count, _ = old.delete()
    return count
