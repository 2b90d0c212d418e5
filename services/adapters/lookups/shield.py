"""What keeps one department's trouble away from everybody else: few at a time for each connection (its ceiling), and a breaker
for reads.

Per process; that the breaker is open is shared through the cache, and the breaker of deliveries counts too. While the cache is away
each process decides for itself.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.cache import cache

from services.adapters.values import Unavailable

WAIT_SECONDS = 0.25
FAILURES_TO_OPEN = 5
OPEN_SECONDS = 10
LOOK_SECONDS = 1.0


@dataclass
class _State:
    # As many as may call at once. A semaphore of the standard library costs as much as the call when many wait for it.
    slots: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)
    made: int = 0
    failures: int = 0
    open_until: float = 0.0
    looked_at: float = 0.0


_lock = threading.Lock()
_states: dict[int, _State] = {}


def _state(connection_id: int) -> _State:
    with _lock:
        return _states.setdefault(connection_id, _State())


def _key(connection_id: int) -> str:
    return f"lookups-open:{connection_id}"


def refuse_if_open(connection_id: int) -> None:
    """Raises Unavailable("breaker") without a call while the connection is not to be asked."""
    state, now = _state(connection_id), time.monotonic()
    if now < state.open_until:
        raise Unavailable("breaker", maybe_sent=False, counts=False, retry_after=max(1.0, state.open_until - now))
    if now - state.looked_at >= LOOK_SECONDS:
        state.looked_at = now
        until = cache.get(_key(connection_id))
        left = float(until) - time.time() if isinstance(until, int | float) else 0.0
        if left > 0 and state.failures < FAILURES_TO_OPEN:
            state.open_until = now + min(left, OPEN_SECONDS)
            raise Unavailable("breaker", maybe_sent=False, counts=False, retry_after=max(1.0, left))


@contextmanager
def slot(connection_id: int, at_once: int) -> Iterator[None]:
    """One of the `at_once` calls of this process. Raises Unavailable("busy_here") when none gets free in a quarter of a second."""
    state = _state(connection_id)
    if state.made != at_once:
        _fit(state, at_once)
    try:
        state.slots.get(timeout=WAIT_SECONDS)
    except queue.Empty:
        raise Unavailable("busy_here", maybe_sent=False, counts=False, retry_after=1.0) from None
    try:
        yield
    finally:
        state.slots.put(None)


def _fit(state: _State, at_once: int) -> None:
    """After the connection's ceiling has changed. A slot that is in use is taken away by a later call, when it is free."""
    with _lock:
        while state.made < at_once:
            state.slots.put(None)
            state.made += 1
        while state.made > at_once:
            try:
                state.slots.get_nowait()
            except queue.Empty:
                return
            state.made -= 1


def note(connection_id: int, *, well: bool) -> None:
    """Count an answer or a failure; the fifth failure in a row opens the breaker for ten seconds, then one call may try."""
    state = _state(connection_id)
    with _lock:
        if well:
            reopened, state.failures, state.open_until = state.failures >= FAILURES_TO_OPEN, 0, 0.0
        else:
            state.failures += 1
            reopened = False
            if state.failures >= FAILURES_TO_OPEN:
                state.open_until = time.monotonic() + OPEN_SECONDS
    if well and reopened:
        cache.delete(_key(connection_id))
    elif not well and state.failures >= FAILURES_TO_OPEN:
        cache.set(_key(connection_id), time.time() + OPEN_SECONDS, OPEN_SECONDS)


def forget() -> None:
    """Begin anew (tests)."""
    with _lock:
        _states.clear()
