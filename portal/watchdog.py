"""A worker that hears nothing any more ends itself; its supervisor starts it again.

After a broken connection to the broker a consumer can fall silent for good. Nothing is lost (leases end, the outbox is
scanned), but nothing moves either.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from portal.health import oldest_due_seconds

_log = logging.getLogger(__name__)


class Watchdog:
    """Ends this process when it has run nothing for WORKER_SILENCE_SECONDS, a delivery is due that long and the broker answers."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.running = 0
        self._lock = threading.Lock()  # tasks begin and end in many threads
        self.heard = time.monotonic()

    def start(self) -> None:
        task_prerun.connect(self._began, weak=False)
        task_postrun.connect(self._ended, weak=False)
        threading.Thread(target=self._watch, daemon=True, name="watchdog").start()

    def _began(self, **_: Any) -> None:
        self._count(1)

    def _ended(self, **_: Any) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self.running += change
            self.heard = time.monotonic()

    def _watch(self) -> None:
        while True:
            time.sleep(min(5.0, settings.WORKER_SILENCE_SECONDS))
            try:
                if self.is_silent() and self._is_broker_reachable():
                    _log.error("no task for too long while deliveries are due: this worker ends itself")
                    os._exit(1)
            except DatabaseError:
                close_old_connections()

    def is_silent(self) -> bool:
        """Has this worker run nothing for WORKER_SILENCE_SECONDS although a delivery waits that long?"""
        if self.running > 0 or time.monotonic() - self.heard < settings.WORKER_SILENCE_SECONDS:
            return False
        close_old_connections()
        return oldest_due_seconds() > settings.WORKER_SILENCE_SECONDS

    def _is_broker_reachable(self) -> bool:
        try:
            with self.app.connection_for_read(connect_timeout=1) as broker:
                broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
                return True
        except Exception:  # the broker's clients raise many kinds
            return False
