"""What the clock starts: comparing the catalogue with its pages, and counting what was read, every night."""

from __future__ import annotations

import logging
from pathlib import Path

from celery import shared_task
from django.conf import settings

from cms import figures, publishing

_log = logging.getLogger(__name__)


@shared_task(name="cms.timetable.check_catalogue")
def check_catalogue() -> int:
    """Compare, note the result for `/petugas/sistem/` and `/metrics`; returns how many services differ."""
    differing = publishing.note_drift()
    if differing:
        _log.error("the catalogue differs from its pages: run rebuild_catalogue", extra={"services": differing[:20]})
    return len(differing)


@shared_task(name="cms.timetable.count_pages")
def count_pages() -> int:
    """Read the logs named in `PAGE_LOGS`; one that cannot be read keeps no other from being counted."""
    figures.forget_old()
    total = 0
    for name in settings.PAGE_LOGS:
        try:
            total += figures.read_log(Path(name))
        except OSError as error:
            _log.error("a page log cannot be read", extra={"log": name, "error": error.strerror})
    return total
