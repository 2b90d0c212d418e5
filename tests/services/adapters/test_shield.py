"""One department's trouble stays its own: few calls at once for each connection, and a breaker for its reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from services.adapters.lookups import shield
from services.adapters.values import Unavailable

HUNG, WELL = 1, 2
AT_ONCE = 4


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    shield.forget()
    yield
    shield.forget()


def test_a_hung_department_holds_its_own_slots_and_nobody_elses() -> None:
    release, holding = threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        with shield.slot(HUNG, AT_ONCE):
            holding.release()
            release.wait(10)

    threads = [threading.Thread(target=hang, daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert holding.acquire(timeout=5)
    with pytest.raises(Unavailable) as caught, shield.slot(HUNG, AT_ONCE):
        pass
    assert caught.value.cause == "busy_here" and not caught.value.counts
    for _ in range(20):
        with shield.slot(WELL, AT_ONCE):
            shield.refuse_if_open(WELL)
    release.set()
    for thread in threads:
        thread.join(5)
    with shield.slot(HUNG, AT_ONCE):
        pass


def test_the_breaker_opens_after_five_failures_in_a_row_and_a_success_closes_it() -> None:
    for _ in range(shield.FAILURES_TO_OPEN - 1):
        shield.note(HUNG, well=False)
    shield.refuse_if_open(HUNG)
    shield.note(HUNG, well=True)
    for _ in range(shield.FAILURES_TO_OPEN):
        shield.note(HUNG, well=False)
    with pytest.raises(Unavailable) as caught:
        shield.refuse_if_open(HUNG)
    assert caught.value.cause == "breaker" and caught.value.retry_after
    shield.refuse_if_open(WELL)


def test_another_process_learns_that_it_is_open() -> None:
    for _ in range(shield.FAILURES_TO_OPEN):
        shield.note(HUNG, well=False)
    shield.forget()  # as in a process that has seen nothing
    with pytest.raises(Unavailable):
        shield.refuse_if_open(HUNG)


def test_a_raised_or_lowered_ceiling_holds_from_the_next_call_on() -> None:
    with shield.slot(WELL, 1), shield.slot(WELL, 3), shield.slot(WELL, 3), pytest.raises(Unavailable), shield.slot(WELL, 3):
        pass
    with shield.slot(WELL, 3), pytest.raises(Unavailable), shield.slot(WELL, 1):
        pass
    with shield.slot(WELL, 1), pytest.raises(Unavailable), shield.slot(WELL, 1):
        pass
