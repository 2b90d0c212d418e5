"""Asking which lines of the timelines are new, and writing each down for whoever subscribed to it: once.

The cursor and the rows made of a batch are one transaction: a process killed at any moment loses nothing, and reading the
same batch again makes no second row.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from services.cases.constants import PHASE_OF
from services.cases.models import Case, CaseEvent
from services.subscriptions.constants import OF_ACT, OF_STATUS, EventType
from services.subscriptions.events import event_of
from services.subscriptions.models import EventDelivery, Reading, Subscription

BATCH = 500
LATE = timedelta(minutes=15)  # no transaction of ours is open so long
MOST_GAPS = 10_000
_log = logging.getLogger(__name__)


def cursor() -> Reading:
    """The one row, locked until the transaction ends; made where the timelines end at this moment."""
    found = Reading.objects.select_for_update().filter(pk=1).first()
    if found is not None:
        return found
    Reading.objects.bulk_create([Reading(pk=1, through=newest_line())], ignore_conflicts=True)
    return Reading.objects.select_for_update().get(pk=1)


def newest_line() -> int:
    return CaseEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0


@transaction.atomic
def read_timelines() -> tuple[int, bool]:
    """How many rows were written, and whether there may be more to read at once."""
    place = cursor()
    now = timezone.now()
    gaps = {int(number): datetime.fromisoformat(seen) for number, seen in place.gaps.items()}
    fresh = list(_lines(Q(pk__gt=place.through))[:BATCH])
    lines = sorted([*_lines(Q(pk__in=list(gaps))), *fresh], key=lambda line: line.pk) if gaps else fresh
    made = _write_down(lines, now)
    there = {line.pk for line in lines}
    if fresh:
        missing = (
            set(range(place.through + 1, fresh[-1].pk)) - there if fresh[-1].pk - place.through < 10 * MOST_GAPS else set()
        )
        gaps |= dict.fromkeys(missing, now)
        place.through = fresh[-1].pk
    kept = sorted(number for number, seen in gaps.items() if number not in there and now - seen < LATE)[-MOST_GAPS:]
    place.gaps = {str(number): gaps[number].isoformat() for number in kept}
    place.read_at = now
    place.save()
    return made, len(fresh) == BATCH


def _lines(which: Q) -> QuerySet[CaseEvent, Any]:
    """Lines with the status that the case had then; `is_history` marks those written down after what followed them."""
    statuses = CaseEvent.objects.filter(case_id=OuterRef("case_id"), kind=CaseEvent.Kind.STATUS, pk__lt=OuterRef("pk"))
    return (
        CaseEvent.objects.filter(which)
        .annotate(
            then=Subquery(statuses.order_by("-at", "-pk").values("status")[:1]),
            is_history=Exists(statuses.filter(at__gt=OuterRef("at"))),
            reference=F("case__reference"),
            case_kind=F("case__kind"),
            department_id=F("case__department_id"),
            service_code=F("case__service__code"),
            department_code=F("case__department__code"),
        )
        .order_by("pk")
    )


def type_of(line: Any) -> EventType | None:
    """The type of event a line is, or None for what is told to nobody: notes, messages, complaints, late history."""
    if not line.public or line.case_kind != Case.Kind.APPLICATION or line.is_history:
        return None
    if line.kind == CaseEvent.Kind.STATUS:
        return OF_STATUS.get(line.status)
    return OF_ACT.get(line.status) if line.kind == CaseEvent.Kind.ACT else None


def _write_down(lines: list[Any], now: datetime) -> int:
    told = [(line, kind) for line in lines if (kind := type_of(line)) is not None]
    subscriptions: dict[int, list[Subscription]] = {}
    for one in Subscription.objects.filter(department_id__in={line.department_id for line, _kind in told}):
        subscriptions.setdefault(one.department_id, []).append(one)
    rows = [
        _row(subscription, line, kind, now)
        for line, kind in told
        for subscription in subscriptions.get(line.department_id, ())
        if kind.value in subscription.event_types and line.pk > subscription.first_event
    ]
    EventDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    return len(rows)


def _row(subscription: Subscription, line: Any, kind: EventType, now: datetime) -> EventDelivery:
    event_id = f"{line.reference}.{line.pk}"
    status = line.status if line.kind == CaseEvent.Kind.STATUS else line.then or "SUBMITTED"
    data = {
        "reference": line.reference,
        "service": line.service_code,
        "department": line.department_code,
        "status": status,
        "phase": PHASE_OF[status].value,
        "at": timezone.localtime(line.at).isoformat(),
    }
    return EventDelivery(
        subscription=subscription,
        event_id=event_id,
        event_type=kind.value,
        case_reference=line.reference,
        sequence=line.pk,
        body=event_of(
            event_id=event_id, event_type=kind.value, at=line.at, data=data, subject=line.reference, sequence=line.pk
        ),
        next_try=now,
        gives_up_at=now + timedelta(seconds=settings.EVENT_GIVE_UP_SECONDS),
    )
