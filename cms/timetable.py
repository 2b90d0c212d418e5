"""What the clock starts: pages that are due each minute; comparing, links, rights and reminders at night."""

from __future__ import annotations

import logging

from celery import shared_task

from cms import links, publishing, reminders, review, schedule, scope

_log = logging.getLogger(__name__)
LINK_SECONDS = 900.0


@shared_task(name="cms.timetable.check_catalogue")
def check_catalogue() -> int:
    """Compare, note the result for `/petugas/sistem/` and `/metrics`; returns how many services differ."""
    differing = publishing.note_drift()
    if differing:
        _log.error("the catalogue differs from its pages: run rebuild_catalogue", extra={"services": differing[:20]})
    return len(differing)


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
