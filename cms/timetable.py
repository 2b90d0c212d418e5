"""What the clock starts: comparing the catalogue with its pages, every night."""

from __future__ import annotations

import logging

from celery import shared_task

from cms import publishing

_log = logging.getLogger(__name__)


@shared_task(name="cms.timetable.check_catalogue")
def check_catalogue() -> int:
    """Compare, note the result for `/petugas/sistem/` and `/metrics`; returns how many services differ."""
    differing = publishing.note_drift()
    if differing:
        _log.error("the catalogue differs from its pages: run rebuild_catalogue", extra={"services": differing[:20]})
    return len(differing)
