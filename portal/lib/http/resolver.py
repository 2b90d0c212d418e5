"""Name resolution that ends: `getaddrinfo` cannot be interrupted, so it runs in threads of its own and is waited for.

One look-up per name at a time, at most 32 at once; answers are kept 30 s, failures 5 s. What came out of the system's
resolver is not judged here (see guard).
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field

from portal.lib.http.causes import CallError, Cause, Sent

MOST_AT_ONCE = 32
KEEP_SECONDS = 30.0
KEEP_FAILURE_SECONDS = 5.0


@dataclass
class _Lookup:
    done: threading.Event = field(default_factory=threading.Event)
    answers: tuple[str, ...] = ()
    until: float = 0.0


_lock = threading.Lock()
_lookups: dict[str, _Lookup] = {}


def _ask(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _work(host: str, lookup: _Lookup) -> None:
    try:
        lookup.answers = _ask(host)
    except (OSError, UnicodeError):
        lookup.answers = ()
    finally:
        lookup.until = time.monotonic() + (KEEP_SECONDS if lookup.answers else KEEP_FAILURE_SECONDS)
        lookup.done.set()


def _running(now: float) -> int:
    for host in [host for host, lookup in _lookups.items() if lookup.done.is_set() and lookup.until < now]:
        del _lookups[host]
    return sum(not lookup.done.is_set() for lookup in _lookups.values())


def resolve(host: str, *, wait_seconds: float) -> tuple[str, ...]:
    """All addresses of a name as text. Raises CallError(DNS or DNS_TIMEOUT, NO)."""
    with _lock:
        running = _running(time.monotonic())
        lookup = _lookups.get(host)
        if lookup is None:
            if running >= MOST_AT_ONCE:
                raise CallError(Cause.DNS_TIMEOUT, Sent.NO, "too many names are being looked up")
            lookup = _lookups[host] = _Lookup()
            threading.Thread(target=_work, args=(host, lookup), daemon=True, name="resolver").start()
    if not lookup.done.wait(max(0.0, wait_seconds)):
        raise CallError(Cause.DNS_TIMEOUT, Sent.NO, "the name server does not answer")
    if not lookup.answers:
        raise CallError(Cause.DNS, Sent.NO, "the name is not known")
    return lookup.answers


def forget() -> None:
    """Drop all kept answers."""
    with _lock:
        _lookups.clear()
