"""Waking a worker, best effort: the row in the database is the truth, the message only saves waiting for the sweep."""

import logging
import time

from celery import current_app

_log = logging.getLogger(__name__)
_silent_until = 0.0


def wake(task: str, *arguments: int) -> bool:
    """Publish a task by name after commit. Never raises; after a failure no publishing is tried for two seconds."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        current_app.send_task(task, args=list(arguments), retry=False, ignore_result=True)
    except Exception as error:  # the broker's clients raise many kinds; the sweep will find the row
        _silent_until = time.monotonic() + 2.0
        _log.warning("broker not reachable, the sweep will deliver", extra={"task": task, "error": type(error).__name__})
        return False
    return True
