"""What the clock starts: pages that are due each minute; comparing, counting, links, rights and reminders at night."""

from __future__ import annotations

import logging
from pathlib import Path

from celery import shared_task
from django.conf import settings

from cms import figures, links, publishing, reminders, review, schedule, scope

_log = logging.getLogger(__name__)
LINK_SECONDS = 900.0


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


@shared_task(name="cms.timetable.publish_due")
def publish_due() -> int:
    """Publications and expiries whose time has come; returns how many pages changed."""
    outcome = schedule.run()
    return len(outcome.published) + len(outcome.expired)


@shared_task(name="cms.timetable.check_links")
def check_links() -> int:
    """Each hour of the night a while: which links on public pages lead nowhere."""
    return links.check_some(LINK_SECONDS)


@shared_task(name="cms.timetable.keep_rights")
def keep_rights() -> int:
    """Groups, folders and the review as departments and their members say; returns how much had to be mended."""
    found = [*scope.keep(), *review.keep()]
    if found:
        _log.warning("rights in the back office were mended", extra={"differences": found[:20]})
    return len(found)


@shared_task(name="cms.timetable.remind")
def remind() -> int:
    """One mail a person about the pages that nobody has looked at for half a year."""
    return reminders.remind()
