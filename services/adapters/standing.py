"""How the services of a connection stand: one answer from breaker, switch, maintenance and drift, written to the catalogue."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from services.adapters import circuit
from services.adapters.models import Binding, Connection, Maintenance
from services.catalogue.actions import set_availability
from services.catalogue.models import Availability


def live_bindings() -> Subquery:
    """The newest live binding of the service that the outer query is about."""
    newest = Binding.objects.filter(service=OuterRef("service"), live_at__isnull=False).order_by("-version")
    return Subquery(newest.values("pk")[:1])


def bindings_of(connection: Connection) -> list[Binding]:
    """The bindings of this connection that are in use: those of services that have not moved elsewhere since."""
    return list(Binding.objects.filter(connection=connection, pk=live_bindings()).select_related("service"))


def maintenance_of(connection: Connection, now: datetime) -> Maintenance | None:
    """The window that is open, the pausing one first."""
    running = connection.maintenances.filter(starts_at__lte=now, ends_at__gt=now)
    return running.order_by("-pauses", "-ends_at").first()


def standing(connection: Connection, now: datetime, *, drift: str = "") -> Availability:
    """PAUSED while a pausing maintenance runs; QUEUEING while the system is down, off, in maintenance or has drifted."""
    window = maintenance_of(connection, now)
    if window is not None and window.pauses:
        return Availability.PAUSED
    if window is not None or not connection.is_active or circuit.is_down(connection) or drift:
        return Availability.QUEUEING
    return Availability.AVAILABLE


def settle(connection: Connection, now: datetime | None = None) -> None:
    """Write down how every service of this connection stands."""
    now = now or timezone.now()
    chosen: dict[Availability, list[int]] = {}
    for binding in bindings_of(connection):
        chosen.setdefault(standing(connection, now, drift=binding.drift), []).append(binding.service_id)
    for availability, services in chosen.items():
        set_availability(services, availability, since=now)
