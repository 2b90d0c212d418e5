"""Circuit breaker, ceiling and retry budget of a connection, as columns of its row.

Every function that admits or counts a failure takes a `Connection` that the caller has locked (`select_for_update`; on
SQLite the IMMEDIATE transaction does it), so the figures are exact over all processes and a killed process leaks nothing:
the slots in use are counted from leases, and leases end by themselves. The lock is one for all calls to that system, so
little is done under it: a success is noted after its case, in a transaction of its own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Least

from services.adapters.models import Connection

FAILURES_TO_OPEN = 5
OPEN_SECONDS = (10.0, 15.0)
BUDGET_SIZE = 10.0
BUDGET_PER_SUCCESS = 0.2
BUDGET_SECONDS_PER_POINT = 10.0


@dataclass(frozen=True)
class Admission:
    """May this attempt go now? If not, `until` says when to look again; that is not a try."""

    admitted: bool
    until: datetime | None = None


def is_open(connection: Connection, now: datetime) -> bool:
    """True while nothing may be sent at all."""
    return connection.failures >= FAILURES_TO_OPEN and connection.open_until is not None and now < connection.open_until


def is_down(connection: Connection) -> bool:
    """True from the opening of the breaker until a call succeeds: what residents are told."""
    return connection.failures >= FAILURES_TO_OPEN


def admit(connection: Connection, *, now: datetime, live: int, retry: bool) -> Admission:
    """Decide for one attempt. `live`: leases of this connection that are running. `retry`: not the first try."""
    if not connection.is_active:
        return Admission(False, until=now + timedelta(seconds=30))
    if (ends_at := maintenance_ends(connection, now)) is not None:
        return Admission(False, until=ends_at)
    if connection.failures >= FAILURES_TO_OPEN:
        if is_open(connection, now):
            assert connection.open_until is not None
            return Admission(False, until=connection.open_until + timedelta(seconds=random.uniform(0, 2)))
        if live:  # the probe under way is that lease
            return Admission(False, until=now + timedelta(seconds=random.uniform(1, 3)))
        return Admission(True)  # the one probe; it costs no budget
    if live >= connection.ceiling:
        return Admission(False, until=now + timedelta(seconds=random.uniform(0.5, 1.5)))
    if retry:
        _refill(connection, now)
        if connection.budget < 1:
            return Admission(False, until=now + timedelta(seconds=random.uniform(5, 10)))
        connection.budget -= 1
        connection.save(update_fields=["budget", "budget_at"])
    return Admission(True)


def maintenance_ends(connection: Connection, now: datetime) -> datetime | None:
    """When the maintenance that is going on ends, at most 15 minutes from now so that a shortened one is noticed; else None."""
    running = connection.maintenances.filter(starts_at__lte=now, ends_at__gt=now)
    ends_at = running.order_by("-ends_at").values_list("ends_at", flat=True).first()
    return min(ends_at, now + timedelta(minutes=15)) if ends_at is not None else None


def _refill(connection: Connection, now: datetime) -> None:
    if connection.budget_at is not None:
        gained = max(0.0, (now - connection.budget_at).total_seconds()) / BUDGET_SECONDS_PER_POINT
        connection.budget = min(BUDGET_SIZE, connection.budget + gained)
    connection.budget_at = now


def record_success(connection_id: int, *, now: datetime, retry: bool) -> bool:
    """Note a call that the backend answered well. Returns True when this closed an open breaker.

    Locks the row for itself, as the last thing of its transaction: no other row may be waited for behind it.
    """
    earned = BUDGET_PER_SUCCESS + (1 if retry else 0)
    row = Connection.objects.filter(pk=connection_id)
    well = row.filter(failures=0, open_until=None, down_since=None)
    if well.update(last_success_at=now, budget=Least(Value(BUDGET_SIZE), F("budget") + earned)):
        return False
    connection = row.select_for_update(no_key=True).get()
    was_down = is_down(connection)
    connection.failures = 0
    connection.open_until = None
    connection.down_since = None
    connection.last_success_at = now
    connection.budget = min(BUDGET_SIZE, connection.budget + earned)
    connection.save(update_fields=["failures", "open_until", "down_since", "last_success_at", "budget"])
    return was_down


def record_read_success(connection_id: int, *, now: datetime, settled: bool) -> None:
    """Note a question that was answered well. It ends a row of failures only when no delivery waits to prove more."""
    row = Connection.objects.filter(pk=connection_id)
    row.update(last_success_at=now)
    if settled:
        row.filter(failures__gt=0, failures__lt=FAILURES_TO_OPEN).update(failures=0)


def record_failure(connection: Connection, *, now: datetime) -> bool:
    """Note a call that failed in a way that counts. Returns True when this opened the breaker."""
    return _fail(connection, connection.failures + 1, now)


def trip(connection: Connection, *, now: datetime) -> bool:
    """Open the breaker at once: every slot hangs, waiting for five deadlines would take minutes. True when it was closed."""
    return _fail(connection, max(FAILURES_TO_OPEN, connection.failures), now)


def _fail(connection: Connection, failures: int, now: datetime) -> bool:
    was_down = is_down(connection)
    connection.failures = failures
    connection.last_failure_at = now
    if is_down(connection):
        connection.open_until = now + timedelta(seconds=random.uniform(*OPEN_SECONDS))
        connection.down_since = connection.down_since or now
    connection.save(update_fields=["failures", "open_until", "down_since", "last_failure_at"])
    return is_down(connection) and not was_down
