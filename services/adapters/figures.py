"""How a connection has done: what its page says in four numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from services.adapters.models import Connection, Exchange

DAYS = 30
MOST_ROWS = 2_000


_FAILED = Q(status__gte=500) | ~Q(cause="")


@dataclass(frozen=True)
class Day:
    """slowest: of that day, in milliseconds."""

    day: date
    calls: int
    failed: int
    slowest: int


@dataclass(frozen=True)
class Figures:
    """good_percent and p95: None when nothing was exchanged. Over `days`; p95 of the newest calls, in milliseconds."""

    calls: int
    failed: int
    good_percent: float | None
    p95: int | None
    days: int = DAYS


def of_connection(connection: Connection) -> Figures:
    """Tests and the stand-in do not count."""
    rows = _real(connection)
    counts = rows.aggregate(calls=Count("pk"), failed=Count("pk", filter=_FAILED))
    times = sorted(rows.order_by("-at", "-pk").values_list("milliseconds", flat=True)[:MOST_ROWS])
    calls = counts["calls"]
    return Figures(
        calls=calls,
        failed=counts["failed"],
        good_percent=round(100 * (calls - counts["failed"]) / calls, 1) if calls else None,
        p95=times[min(len(times) - 1, int(len(times) * 0.95))] if times else None,
    )


def by_day(connection: Connection) -> list[Day]:
    """The days of the last 30 on which something was exchanged, newest first."""
    rows = _real(connection).annotate(day=TruncDate("at")).values("day")
    counted = rows.annotate(calls=Count("pk"), failed=Count("pk", filter=_FAILED), slowest=Max("milliseconds"))
    return [Day(**row) for row in counted.order_by("-day")]


def _real(connection: Connection) -> QuerySet[Exchange]:
    since = timezone.now() - timedelta(days=DAYS)
    rows = Exchange.objects.filter(connection=connection, direction=Exchange.Direction.OUT, at__gte=since)
    return rows.exclude(detail__has_key="target")
