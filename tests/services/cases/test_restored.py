"""After a restore each delivery on its way is decided by what its backend can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.adapters.models import Idempotency
from services.cases.constants import DeliveryState
from services.cases.models import Case, Delivery
from services.cases.restored import distrust_unfinished
from tests.services.cases.conftest import delivery_of


@pytest.mark.parametrize(
    ("kind", "idempotency", "state", "asks", "counted"),
    [
        ("demo", Idempotency.KEY, DeliveryState.PENDING, False, "again"),
        ("demo", Idempotency.LOOKUP, DeliveryState.PENDING, True, "asked"),
        ("demo", Idempotency.NONE, DeliveryState.UNCLEAR, False, "unclear"),
        ("inbox", Idempotency.NONE, DeliveryState.PENDING, False, "again"),
    ],
)
def test_what_was_on_its_way_is_decided_by_what_its_backend_can_do(
    connect: Callable[..., Any],
    submit: Callable[..., Case],
    kind: str,
    idempotency: str,
    state: str,
    asks: bool,
    counted: str,
) -> None:
    connect(kind)
    delivery = delivery_of(submit())
    Delivery.objects.update(state=DeliveryState.SENDING, idempotency=idempotency, token="x")
    found = distrust_unfinished()
    delivery.refresh_from_db()
    assert (delivery.state, bool(delivery.ask), delivery.token) == (state, asks, "")
    assert found[counted] == 1 and sum(found[name] for name in ("again", "asked", "unclear")) == 1
