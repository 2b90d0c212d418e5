"""Publications and expiries that are due: one page at a time, so that one that is refused stops no other.

A refused publication is taken off the clock and whoever asked for it is told; the page keeps its text and what was public.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from wagtail.models import Page, Revision, WorkflowState

from accounts.models import User
from cms import checks, review, reviewers
from cms.models import ServicePage
from services.catalogue.models import DepartmentRole

_log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """Titles of pages, as the operator reads them."""

    published: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # left on the clock: tried again at the next run


def due(now: datetime) -> tuple[list[int], list[int]]:
    """Ids of pages that expire, ids of revisions that go live; the oldest first."""
    pages = Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at", "pk")
    revisions = Revision.page_revisions.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at", "pk")
    return list(pages.values_list("pk", flat=True)), list(revisions.values_list("pk", flat=True))


def run() -> Outcome:
    """Do what is due now. Safe to run twice, and beside itself."""
    outcome = Outcome()
    pages, revisions = due(timezone.now())
    for pk in pages:
        _alone(_expire, pk, outcome)
    for pk in revisions:
        _alone(_publish, pk, outcome)
    return outcome


def _alone(act: Callable[[int, Outcome], None], pk: int, outcome: Outcome) -> None:
    try:
        act(pk, outcome)
    except Exception:  # whatever is wrong with this page, the others are due, too
        _log.exception("a page on the clock failed", extra={"id": pk})
        outcome.failed.append(str(pk))


@transaction.atomic
def _expire(pk: int, outcome: Outcome) -> None:
    page = Page.objects.select_for_update().filter(pk=pk, live=True).first()
    if page is None:
        return
    page = page.specific
    page.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
    outcome.expired.append(page.title)


def _publish(pk: int, outcome: Outcome) -> None:
    try:
        with transaction.atomic():
            revision = Revision.objects.select_for_update().filter(pk=pk, approved_go_live_at__isnull=False).first()
            if revision is None:
                return
            revision.publish(log_action="wagtail.publish.scheduled")
        outcome.published.append(revision.object_str)
    except ValidationError as refused:
        _take_off_the_clock(pk, refused, outcome)


@transaction.atomic
def _take_off_the_clock(pk: int, refused: ValidationError, outcome: Outcome) -> None:
    revision = Revision.objects.filter(pk=pk).first()
    if revision is None:
        return
    Revision.objects.filter(pk=pk).update(approved_go_live_at=None)
    page = Page.objects.get(pk=revision.object_id).specific
    outcome.refused.append(revision.object_str)
    _log.warning("a scheduled page was refused", extra={"page": page.pk, "problems": refused.messages[:20]})
    words = {language: _problems(revision, language) or refused.messages for language, _name in settings.LANGUAGES}
    review.tell_of_refusal(_owners(page, revision), page, revision.pk, words)


def _problems(revision: Revision, language: str) -> list[str]:
    with translation.override(language):
        page = revision.as_object()
        return [problem.text for problem in checks.problems(page)] if isinstance(page, ServicePage) else []


def _owners(page: Page, revision: Revision) -> list[User]:
    """Who asked for it; if they have left, the editors of the department."""
    state = (
        WorkflowState.objects.filter(object_id=str(page.pk), status=WorkflowState.STATUS_APPROVED).order_by("-pk").first()
    )
    asked = state.requested_by if state else revision.user
    if asked is not None and asked.is_active and review.may_see(asked, page.pk):
        return [asked]
    code = reviewers.department_of(page)
    editors = User.objects.filter(is_active=True, memberships__department__code=code)
    return list(editors.filter(memberships__role=DepartmentRole.EDITOR).distinct())
