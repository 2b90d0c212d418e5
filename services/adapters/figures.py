"""How a connection has done: what its page says in four numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from services.adapters.models import Connection, Exchange

DAYS = 30
MOST_ROWS = 2_000


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
    since = timezone.now() - timedelta(days=DAYS)
    rows = Exchange.objects.filter(connection=connection, direction=Exchange.Direction.OUT, at__gte=since)
    rows = rows.exclude(detail__has_key="target")
    failed = Q(status__gte=500) | ~Q(cause="")
    counts = rows.aggregate(calls=Count("pk"), failed=Count("pk", filter=failed))
    times = sorted(rows.order_by("-at", "-pk").values_list("milliseconds", flat=True)[:MOST_ROWS])
    calls = counts["calls"]
    return Figures(
        calls=calls,
        failed=counts["failed"],
        good_percent=round(100 * (calls - counts["failed"]) / calls, 1) if calls else None,
        p95=times[min(len(times) - 1, int(len(times) * 0.95))] if times else None,
    )
