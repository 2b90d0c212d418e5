"""Pages that nobody has looked at for half a year: one mail a person and day, and a page is named again after a month."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from cms import reviewers
from cms.models import PageUpkeep, ServicePage
from portal.lib.languages import DEFAULT
from services.catalogue.models import DepartmentMember, DepartmentRole
from services.notifications.actions import notify

HALF_A_YEAR = timedelta(days=183)
AGAIN = timedelta(days=30)
_NAMED = 20  # titles in one mail


def due_on(page: ServicePage) -> date | None:
    """The day from which this page waits for a look: as its people said, else half a year after the last one."""
    if page.next_review:
        return page.next_review
    last = page.reviewed or (page.last_published_at and timezone.localdate(page.last_published_at))
    return last + HALF_A_YEAR if last else None


def due(today: date) -> list[ServicePage]:
    """Live Indonesian pages that wait for a look (a translation follows its original)."""
    pages = ServicePage.objects.live().filter(alias_of__isnull=True, locale__language_code=DEFAULT).order_by("title")
    return [page for page in pages if (day := due_on(page)) and day <= today]


@transaction.atomic
def remind(today: date | None = None) -> int:
    """Write the messages of today. Returns how many people are told. Safe to run again."""
    today = today or timezone.localdate()
    fresh = set(PageUpkeep.objects.filter(reminded_on__gt=today - AGAIN).values_list("page", flat=True))
    waiting: dict[int, list[ServicePage]] = defaultdict(list)
    for page in due(today):
        if page.pk in fresh:
            continue
        for user in _owners(page):
            waiting[user].append(page)
        PageUpkeep.objects.update_or_create(page_id=page.pk, defaults={"reminded_on": today})
    for user, pages in waiting.items():
        context: dict[str, Any] = {"titles": [page.title for page in pages[:_NAMED]], "count": len(pages)}
        notify(user, template="pages_to_review", key=f"pages_to_review:{today:%Y%m%d}:{user}", context=context)
    return len(waiting)


def _owners(page: ServicePage) -> list[int]:
    """Who wrote the page, while they are an editor there; else all editors of the department, else its managers."""
    members = DepartmentMember.objects.filter(department__code=reviewers.department_of(page), user__is_active=True)
    editors = members.filter(role=DepartmentRole.EDITOR)
    for rows in (editors.filter(user=page.owner_id), editors, members.filter(role=DepartmentRole.MANAGER)):
        if found := sorted(set(rows.values_list("user", flat=True))):
            return found
    return []
