"""Whose names the back office's lists offer as a filter: those of one's own departments, and of nobody else."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from wagtail.admin.views.pages.listing import PageFilterSet

from accounts.models import User
from cms import scope


def colleagues_of(user: Any) -> QuerySet[User]:
    """Everybody with a duty in a department of this person, and the person; everybody for a superuser."""
    if user.is_superuser and user.is_active:
        return User.objects.all()
    near = User.objects.filter(memberships__department__in=scope.departments_of(user))
    return User.objects.filter(pk__in=[user.pk, *near.values_list("pk", flat=True)])


def offer_colleagues_only() -> None:
    """Wagtail offers everybody who ever owned or edited a page (`PageFilterSet.owner`, `.edited_by`); its lists take their filters
    from this one class."""
    for name in ("owner", "edited_by"):
        offered = PageFilterSet.declared_filters[name]
        offered.queryset = _among_colleagues(offered.queryset)


def _among_colleagues(everybody: Any) -> Any:
    def offered(request: HttpRequest) -> QuerySet[User]:
        found: QuerySet[User] = everybody(request)
        return found.filter(pk__in=colleagues_of(request.user).values("pk"))

    return offered
