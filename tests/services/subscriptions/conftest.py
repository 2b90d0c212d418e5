"""A department with a service, a case, a subscription at a scripted receiver, and its integrator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from services.cases import timeline
from services.cases.models import Case
from services.catalogue import members
from services.catalogue.models import Department, DepartmentRole
from services.subscriptions import actions, delivery, reading
from services.subscriptions.constants import EventType
from services.subscriptions.models import EventDelivery, Subscription
from tests.services.cases.conftest import connect, department, service, submit

__all__ = ["connect", "department", "service", "submit"]

Subscribe = Callable[..., Subscription]


@pytest.fixture
def case(connect: Any, submit: Any) -> Case:
    connect("inbox")
    made: Case = submit()
    return made


@pytest.fixture
def subscribe(department: Department) -> Subscribe:
    """`subscribe(url)`: to everything; the secret lies in `.secrets[0]`."""

    def make(url: str = "http://127.0.0.1:9/", types: Any = EventType.values, of: Department | None = None) -> Subscription:
        made, _secret = actions.create_subscription(
            of or department, label="Sistem uji", url=url, event_types=types, by=None
        )
        return made

    return make


@pytest.fixture
def ivan(department: Department) -> User:
    user = User.objects.create_user("ivan.uji@example.org", "x", name="Ivan Uji")
    members.set_roles(user, department=department, roles=[DepartmentRole.INTEGRATOR], by=None)
    return user


@pytest.fixture
def stranger(db: None) -> User:
    """The integrator of another department."""
    other = Department.objects.create(code="dinas-lain", name="Dinas Lain", short_name="Lain", kind="dinas")
    user = User.objects.create_user("lain.uji@example.org", "x", name="Lain Uji")
    members.set_roles(user, department=other, roles=[DepartmentRole.INTEGRATOR], by=None)
    return user


def move(case: Case, status: str, **more: Any) -> None:
    assert timeline.set_status(timeline.lock_case(case.pk), status, actor="department", **more)


def read_all() -> list[EventDelivery]:
    while reading.read_timelines()[1]:
        pass
    return list(EventDelivery.objects.order_by("pk"))


def tell_all() -> list[str]:
    """One attempt at everything that waits, the oldest first."""
    return [delivery.deliver(pk) for pk in EventDelivery.objects.order_by("pk").values_list("pk", flat=True)]


def body_of(row: EventDelivery) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.body)
    return found
