"""`/healthz`: the process answers. `/readyz`: it can do its work, with the reasons.

A department that is down is shown and never fatal. 503 only when the portal itself cannot keep its promises:
no database, no cache, a delivery that is due for too long or whose lease ended long ago (no worker), SQLite that
does not sync to disk.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from portal.lib.cache import is_reachable
from services.adapters import circuit
from services.adapters.models import Connection
from services.cases.constants import DeliveryState
from services.cases.leases import in_turn
from services.cases.models import Delivery

OLDEST_DUE = timedelta(minutes=2)


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    checks = own_checks()
    connections = _connections() if checks["database"]["ok"] else {}
    good = all(check["ok"] for check in checks.values())
    body = {"status": "ok" if good else "unavailable", "checks": checks, "connections": connections}
    response = JsonResponse(body, status=200 if good else 503)
    response["Cache-Control"] = "no-store"
    return response


def own_checks() -> dict[str, dict[str, Any]]:
    """What the portal itself needs to keep its promises: each with `ok`."""
    checks: dict[str, dict[str, Any]] = {"database": _database(), "cache": _cache()}
    if checks["database"]["ok"]:
        checks["deliveries"] = _deliveries()
    return checks


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            if connection.vendor != "sqlite":
                return {"ok": True, "vendor": connection.vendor}
            cursor.execute("PRAGMA synchronous")
            level = cursor.fetchone()[0]
            return {
                "ok": level >= 2,
                "vendor": "sqlite",
                "synchronous": {0: "off", 1: "normal", 2: "full", 3: "extra"}[level],
            }
    except DatabaseError as error:
        return {"ok": False, "cause": type(error).__name__}


def _cache() -> dict[str, Any]:
    return {"ok": is_reachable()}


def oldest_due_seconds() -> float:
    """How long the oldest delivery waits that a worker should have taken (departments that are down are left out)."""
    return float(_deliveries()["oldest_due_seconds"])


def _deliveries() -> dict[str, Any]:
    now = timezone.now()
    waiting, lost = _due(now)
    age = age_of_oldest_due(now, [c for c in Connection.objects.all() if circuit.is_down(c) or not c.is_active])
    attention = Delivery.objects.filter(state__in=(DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION)).count()
    return {
        "ok": age <= OLDEST_DUE.total_seconds(),
        "oldest_due_seconds": round(age, 1),
        "due": waiting.count() + lost.count(),
        "attention": attention,
    }


def _due(now: datetime) -> tuple[QuerySet[Delivery], QuerySet[Delivery]]:
    """Deliveries whose time has come, and those whose lease is over."""
    waiting = Delivery.objects.filter(in_turn(), state=DeliveryState.PENDING, next_try__lte=now)
    return waiting, Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lte=now)


def age_of_oldest_due(now: datetime, unavailable: list[Connection]) -> float:
    """Seconds that the oldest due delivery waits, those for unavailable connections left out. Two queries."""
    age = 0.0
    for rows, field in zip(_due(now), ("next_try", "lease_until"), strict=True):
        moment = rows.exclude(connection__in=unavailable).order_by(field).values_list(field, flat=True).first()
        age = max(age, (now - moment).total_seconds() if moment else 0.0)
    return age


def _connections() -> dict[str, Any]:
    found = {}
    for backend in Connection.objects.order_by("code"):
        state = "paused" if not backend.is_active else "down" if circuit.is_down(backend) else "ok"
        found[backend.code] = {
            "state": state,
            "since": backend.down_since.isoformat() if backend.down_since else None,
            "last_success": backend.last_success_at.isoformat() if backend.last_success_at else None,
        }
    return found
