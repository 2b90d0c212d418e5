"""Whose pages a person writes or reads in the rooms of content at `/petugas/`, and the doors to these rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from wagtail.models import GroupPagePermission, Page

from accounts.permissions import is_operator
from accounts.requests import SignedInRequest
from cms.models import DepartmentPage
from portal.lib.languages import DEFAULT

View = Callable[..., HttpResponse]
_WRITING = ("add_page", "change_page")  # locking alone, as heads of departments do, writes nothing


def _all() -> Any:
    return DepartmentPage.objects.filter(locale__language_code=DEFAULT, alias_of__isnull=True).order_by("title")


def writes_in(user: Any) -> list[DepartmentPage]:
    """The Indonesian pages of the departments whose services this person may write."""
    if not user.has_perm("wagtailadmin.access_admin"):
        return []
    own = GroupPagePermission.objects.filter(group__user=user, permission__codename__in=_WRITING).values("page")
    return list(_all() if user.is_superuser else _all().filter(pk__in=own))


def may_write(user: Any, pages: Iterable[Page]) -> set[int]:
    """Ids of those of these pages whose editor is open to this person by their rights on its department."""
    if user.is_superuser:
        return {page.pk for page in pages}
    corners = GroupPagePermission.objects.filter(group__user=user, permission__codename__in=_WRITING)
    paths = tuple(corners.values_list("page__path", flat=True).distinct())
    return {page.pk for page in pages if page.path.startswith(paths)} if paths else set()


def of_reader(user: Any) -> list[DepartmentPage]:
    """Those whose services this person may take out and look over: the operator everybody's."""
    return list(_all()) if is_operator(user) else writes_in(user)


def _only(may_enter: Callable[[Any], bool]) -> Callable[[View], View]:
    """Signed in: else to sign-in. Not one of them: 403."""

    def mark(view: View) -> View:
        @login_required
        @never_cache
        @wraps(view)
        def guarded(request: SignedInRequest, **kwargs: Any) -> HttpResponse:
            if not may_enter(request.user):
                raise PermissionDenied
            return view(request, **kwargs)

        return guarded

    return mark


writers_only = _only(lambda user: bool(writes_in(user)))
readers_only = _only(lambda user: bool(of_reader(user)))
