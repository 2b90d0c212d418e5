"""What the clock starts: asking the departments' systems how they are, and warning of secrets that end."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from services.adapters import expiry, gateway, keeping
from services.adapters.models import Connection
from services.adapters.values import Misconfigured

CALL_SECONDS = 3.0
RUN_SECONDS = 25.0
CONTRACT_SECONDS = 600.0


@shared_task(name="services.adapters.timetable.check_connections")
def check_connections() -> None:
    """Note of every active connection with a network when it was last well or unwell; the breaker is not touched.

    Those looked at longest ago come first, so a run that is cut short gets to all of them in the end.
    """
    end = time.monotonic() + RUN_SECONDS
    moments = {
        row.pk: max(filter(None, (row.last_success_at, row.last_failure_at)), default=None)
        for row in Connection.objects.filter(is_active=True)
    }
    never = timezone.now().replace(year=2000)
    for pk in sorted(moments, key=lambda pk: moments[pk] or never):
        connection = Connection.objects.filter(pk=pk, is_active=True).first()
        if connection is None or not _uses_network(connection):
            continue
        if time.monotonic() + CALL_SECONDS > end:
            return
        health = gateway.check_health(connection, deadline_seconds=CALL_SECONDS)
        if not health.configured:
            continue
        well = health.reachable and health.authorised
        Connection.objects.filter(pk=pk).update(**{"last_success_at" if well else "last_failure_at": timezone.now()})


@shared_task(name="services.adapters.timetable.keep_contracts")
def keep_contracts() -> None:
    """At night, each hour a while: contract tests of what is in service, at its test address or stand-in."""
    end = time.monotonic() + CONTRACT_SECONDS
    for binding in keeping.watched():
        if time.monotonic() > end:
            return
        keeping.test_again(binding)


@shared_task(name="services.adapters.timetable.settle_windows")
def settle_windows() -> None:
    """Maintenance begins and ends on time."""
    keeping.settle_windows()


@shared_task(name="services.adapters.timetable.forget_old")
def forget_old() -> None:
    keeping.forget_old()


@shared_task(name="services.adapters.timetable.warn_of_expiring_secrets")
def warn_of_expiring_secrets() -> None:
    """Tell integrators which secrets of their connections end soon."""
    expiry.warn()


def _uses_network(connection: Connection) -> bool:
    try:
        return gateway.kind_of(connection.kind).uses_network
    except Misconfigured:
        return False
