"""Whose review a page waits for: always people of now, found from the roles in its department."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet
from wagtail.models import Page

from accounts.models import User
from services.catalogue.models import Department, DepartmentMember, DepartmentRole


def department_of(page: Any) -> str:
    """The code of the department whose page this is or lies under; empty when there is none."""
    steps = range(page.steplen, len(page.path) + 1, page.steplen)
    above = apps.get_model("cms", "DepartmentPage").objects.filter(path__in=[page.path[:n] for n in steps])
    return str(above.order_by("-depth").values_list("department", flat=True).first() or "")


def desk() -> str:
    """The code of the department that looks at every first publication (setting CITY_DESK), or into which it was merged."""
    named = Department.objects.filter(code=settings.CITY_DESK).select_related("merged_into").first()
    heir = named.merged_into if named else None
    return heir.code if heir else str(settings.CITY_DESK)


def of_city(*, besides: int | None) -> QuerySet[User]:
    """The reviewers of the city's desk."""
    return _reviewers_of(desk(), besides)


def of_department(department: str, *, besides: int | None) -> QuerySet[User]:
    """Its reviewers; where it has none but `besides` (whoever submitted), the city desk's. Nobody decides on their own work."""
    own = _reviewers_of(department, besides)
    return own if own.exists() else of_city(besides=besides)


def was_public(page: Any) -> bool:
    """Whether this service or page was ever public, in any language."""
    if page.first_published_at is not None:
        return True
    return bool(Page.objects.filter(translation_key=page.translation_key, first_published_at__isnull=False).exists())


def _reviewers_of(department: str, besides: int | None) -> QuerySet[User]:
    members = DepartmentMember.objects.filter(department__code=department, role=DepartmentRole.REVIEWER)
    people = User.objects.filter(is_active=True, pk__in=members.values("user"))
    return people.exclude(pk=besides) if besides else people
