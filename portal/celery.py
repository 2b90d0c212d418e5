"""The Celery application.

A message only wakes a worker: the outbox row in the database is the queue of record, so a lost, doubled or
late message does no harm. With EMBED_BEAT=1 the worker also runs beat in a thread (the embedded default has
one worker process and no broker service).
"""

import logging
import os
import threading
from typing import Any

from celery import Celery
from celery.beat import Scheduler, Service
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="timetable")

_log = logging.getLogger(__name__)
_beat: Service | None = None


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Django's LOGGING is the only logging configuration; Celery must not replace it."""


@worker_init.connect
def _shift_the_clock_of_a_test(**_: Any) -> None:
    from portal.lib.faults import shift_clock

    shift_clock()


@worker_ready.connect
def _watch_for_silence(**_: Any) -> None:
    from portal.watchdog import Watchdog

    Watchdog(app).start()


@worker_ready.connect
def _start_embedded_beat(**_: Any) -> None:
    global _beat
    if os.environ.get("EMBED_BEAT") != "1" or _beat is not None:
        return
    _beat = Service(app, scheduler_cls=Scheduler, max_interval=1)
    threading.Thread(target=_beat.start, kwargs={"embedded_process": False}, daemon=True, name="beat").start()
    _log.info("beat started inside the worker")


@worker_shutting_down.connect
def _stop_embedded_beat(**_: Any) -> None:
    if _beat is not None:
        _beat.stop(wait=False)
