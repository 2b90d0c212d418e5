"""How the whole portal stands, in few indexed queries: what `/metrics` and the operator's page both say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone

from cms.models import CatalogueCheck
from portal.health import age_of_oldest_due
from services.adapters import circuit
from services.adapters.models import Connection
from services.cases.constants import DeliveryState
from services.cases.models import Delivery, InboundEvent
from services.notifications.models import Message

# What is sent or cancelled grows for ever and is never counted here.
OPEN_STATES = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION)
ATTENTION = (DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION)


@dataclass(frozen=True)
class ConnectionState:
    """One department's system and what lies before it: open deliveries by state."""

    connection: Connection
    deliveries: Mapping[str, int]

    @property
    def word(self) -> str:
        """ok, down or paused."""
        if not self.connection.is_active:
            return "paused"
        return "down" if circuit.is_down(self.connection) else "ok"

    @property
    def waiting(self) -> int:
        return self.deliveries[DeliveryState.PENDING] + self.deliveries[DeliveryState.SENDING]

    @property
    def unclear(self) -> int:
        return self.deliveries[DeliveryState.UNCLEAR]

    @property
    def attention(self) -> int:
        return self.deliveries[DeliveryState.NEEDS_ATTENTION]


@dataclass(frozen=True)
class Overview:
    """Ages are seconds; 0 when there is nothing."""

    now: datetime
    connections: list[ConnectionState]
    oldest_due: float
    oldest_attention: float
    messages: Mapping[str, int]
    inbound: int
    oldest_inbound: float
    catalogue: CatalogueCheck | None
    backup: Mapping[str, Any] | None

    def deliveries(self, state: str) -> int:
        return sum(row.deliveries[state] for row in self.connections)


def overview() -> Overview:
    """Seven queries and one file, whatever the portal holds."""
    now = timezone.now()
    connections = list(Connection.objects.select_related("department"))
    counts: dict[int, dict[str, int]] = {row.pk: dict.fromkeys(OPEN_STATES, 0) for row in connections}
    oldest: datetime | None = None
    groups = Delivery.objects.filter(state__in=OPEN_STATES).order_by().values_list("connection_id", "state")
    for pk, state, count, first in groups.annotate(Count("pk"), Min("created_at")):
        counts[pk][state] = count
        if state in ATTENTION:
            oldest = min(first, oldest or first)
    messages: dict[str, int] = dict.fromkeys((Message.State.PENDING, Message.State.FAILED), 0)
    found = Message.objects.filter(state__in=list(messages)).order_by().values_list("state").annotate(Count("pk"))
    messages |= dict(found)
    inbound = InboundEvent.objects.filter(state=InboundEvent.State.STORED).aggregate(n=Count("pk"), first=Min("received_at"))
    unavailable = [row for row in connections if circuit.is_down(row) or not row.is_active]
    return Overview(
        now=now,
        connections=[ConnectionState(row, counts[row.pk]) for row in connections],
        oldest_due=age_of_oldest_due(now, unavailable),
        oldest_attention=_age(now, oldest),
        messages=messages,
        inbound=inbound["n"],
        oldest_inbound=_age(now, inbound["first"]),
        catalogue=CatalogueCheck.objects.first(),
        backup=last_backup(),
    )


def _age(now: datetime, moment: datetime | None) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def last_backup() -> dict[str, Any] | None:
    """What the last `manage.py backup` wrote of itself, `finished_at` as a time; None when there was none."""
    try:
        found: dict[str, Any] = json.loads((settings.VAR_DIR / "backups" / "last.json").read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(found["finished_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found | {"finished_at": moment if moment.tzinfo else timezone.make_aware(moment)}
