"""What is read of subscriptions: whose they are, which may be sent now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from services.catalogue.models import Department
from services.subscriptions.constants import EventState
from services.subscriptions.models import EventDelivery, Subscription

MAX_CLOCK_JUMP = timedelta(hours=8)  # a next try further ahead than twice the longest wait is a jump of the clock


def subscriptions_in(departments: QuerySet[Department]) -> QuerySet[Subscription]:
    return Subscription.objects.filter(department__in=departments).select_related("department")


def leased(now: datetime) -> Q:
    """Filter: rows that some process is sending at this moment."""
    return Q(lease_until__gt=now)


def due(now: datetime) -> Q:
    """Filter: waiting rows whose time has come and that nobody is sending."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return free & Q(state=EventState.WAITING) & (Q(next_try__lte=now) | Q(next_try__gt=now + MAX_CLOCK_JUMP))


def in_turn() -> Q:
    """Filter: no earlier event of the same case still waits for the same subscription (a test waits for nobody)."""
    earlier = EventDelivery.objects.filter(
        subscription_id=OuterRef("subscription_id"),
        case_reference=OuterRef("case_reference"),
        sequence__lt=OuterRef("sequence"),
        state=EventState.WAITING,
    )
    return Q(case_reference="") | ~Q(Exists(earlier))
