"""Notices: the only writer, and what the public reads of them."""

from __future__ import annotations

from datetime import datetime

from django.db import Error as DatabaseError
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portal.lib import editions
from services.catalogue import indexing
from services.catalogue.models import Department, Notice

_State = Notice.State


def showing(department: Department | None = None) -> QuerySet[Notice]:
    """What is to be read now: of the whole city, or of one department."""
    return Notice.objects.filter(state=_State.SHOWING, department=department)


def city_wide() -> list[Notice]:
    """The banners of every page. None where the database does not answer: the page that says so must stand."""
    try:
        return list(showing())
    except DatabaseError:
        return []


def all_showing() -> QuerySet[Notice]:
    """What is to be read now, of the city and of its departments."""
    return Notice.objects.filter(state=_State.SHOWING).select_related("department")


def planned() -> QuerySet[Notice]:
    """What has been announced and has not begun."""
    return Notice.objects.filter(state=_State.PLANNED).select_related("department")


@transaction.atomic
def announce(
    *,
    kind: str,
    title: str,
    text: str,
    title_en: str = "",
    text_en: str = "",
    department: Department | None = None,
    starts_at: datetime,
    ends_at: datetime | None,
    by: User,
) -> Notice:
    """A new notice; it shows, and is found, at once when its time has come. Raises IntegrityError when it ends before it starts."""
    notice = Notice.objects.create(
        kind=kind,
        title=title,
        text=text,
        title_en=title_en,
        text_en=text_en,
        department=department,
        starts_at=starts_at,
        ends_at=ends_at,
        made_by=by,
    )
    turn()
    notice.refresh_from_db()
    return notice


@transaction.atomic
def take_back(notice: Notice) -> bool:
    """From now on nobody reads or finds it. False: it was over already."""
    open_ones = Notice.objects.filter(pk=notice.pk).exclude(state=_State.OVER)
    changed = open_ones.update(state=_State.OVER, taken_back_at=timezone.now())
    indexing.index_notices([notice.pk])
    editions.announce()
    return bool(changed)


@transaction.atomic
def turn() -> int:
    """Brings every notice's state, and what search finds of it, in line with the clock. Returns how many changed."""
    now = timezone.now()
    begun = Q(starts_at__lte=now)
    over = Q(ends_at__lte=now)
    open_ones = Notice.objects.exclude(state=_State.OVER)
    due = open_ones.filter(over | begun & Q(state=_State.PLANNED)).order_by("pk")
    ids = list(due.select_for_update().values_list("pk", flat=True))
    if not ids:
        return 0
    changed = open_ones.filter(over, pk__in=ids).update(state=_State.OVER)
    changed += open_ones.filter(begun, pk__in=ids, state=_State.PLANNED).update(state=_State.SHOWING)
    indexing.index_notices(ids)
    editions.announce()
    return changed


def kept(limit: int = 50) -> models.QuerySet[Notice]:
    """The newest past ones, for whoever looks up what was announced."""
    return Notice.objects.filter(state=_State.OVER).select_related("department").order_by("-starts_at")[:limit]
