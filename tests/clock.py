"""The clock that ends a test which hangs (pytest-timeout's) is not for what is made once and for many tests."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def standing_still() -> Iterator[None]:
    """Starting a city takes a minute, and several on a busy machine; the test that happens to come first must not pay for it."""
    left, _interval = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
