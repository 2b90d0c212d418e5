"""Rows that many requests write at once, committed together: one writer thread a process, at most 50 rows a transaction.

`put` comes back when the row is durable, or raises what kept it from being so; `leave` does not wait and may lose rows with the
process: what nobody waits for is written when somebody's row is, or after LINGER_SECONDS. Without the writer (tests, inside a
transaction) both write at once.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import Model

_log = logging.getLogger(__name__)
MOST_TOGETHER = 50
MOST_WAITING = 5_000
PATIENCE_SECONDS = 20.0
LINGER_SECONDS = 0.1


@dataclass
class _Entry:
    row: Model
    done: threading.Lock | None = (
        None  # held until the row is written, where somebody waits (an Event costs ten times as much)
    )
    error: Exception | None = None


class NotWrittenError(RuntimeError):
    """The row could not be written in time: whatever depends on it must not happen."""


_waiting: queue.SimpleQueue[_Entry] = queue.SimpleQueue()
_lock = threading.Lock()
_pid = 0


def put(row: Model) -> None:
    """Durable when this returns. Raises NotWrittenError, or the database's own error."""
    if _alone():
        row.save(force_insert=True)
        return
    done = threading.Lock()
    done.acquire()
    entry = _Entry(row, done)
    _start()
    _waiting.put(entry)
    if not done.acquire(timeout=PATIENCE_SECONDS):
        raise NotWrittenError
    if entry.error is not None:
        raise entry.error


def leave(row: Model) -> None:
    """Written soon. When too many wait, or the database refuses it, it is lost with a line in the log."""
    if _alone():
        row.save(force_insert=True)
        return
    if _waiting.qsize() > MOST_WAITING:
        _log.warning("a record was dropped: too many wait to be written")
        return
    _start()
    _waiting.put(_Entry(row))


def _alone() -> bool:
    return not settings.GROUP_COMMIT or transaction.get_connection().in_atomic_block


def _start() -> None:
    global _pid
    if _pid == os.getpid():
        return
    with _lock:
        if _pid != os.getpid():
            threading.Thread(target=_work, daemon=True, name="group-commit").start()
            _pid = os.getpid()


def _work() -> None:
    while True:
        _write(_next())


def _next() -> list[_Entry]:
    """The rows of one transaction: those that are there, and while nobody waits for any of them those that come soon."""
    entries = [_waiting.get()]
    until, awaited = time.monotonic() + LINGER_SECONDS, entries[0].done is not None
    while len(entries) < MOST_TOGETHER:
        left = 0.0 if awaited else until - time.monotonic()
        try:
            entries.append(_waiting.get(timeout=left) if left > 0 else _waiting.get_nowait())
        except queue.Empty:
            break
        awaited = awaited or entries[-1].done is not None
    return entries


def _write(entries: Sequence[_Entry]) -> None:
    """All in one transaction; when that fails, each alone, so that one bad row takes no other with it."""
    try:
        _together(entries)
    except Exception:
        close_old_connections()
        for entry in entries:
            _try(entry, lambda entry=entry: _together([entry]))  # type: ignore[misc]
    for entry in entries:
        if entry.done is not None:
            entry.done.release()


def _try(entry: _Entry, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:
        entry.error = error
        _log.exception("a record could not be written")


def _together(entries: Sequence[_Entry]) -> None:
    kinds: dict[type[Model], list[Model]] = {}
    for entry in entries:
        kinds.setdefault(type(entry.row), []).append(entry.row)
    with transaction.atomic():
        for kind, rows in kinds.items():
            kind._default_manager.bulk_create(rows)
