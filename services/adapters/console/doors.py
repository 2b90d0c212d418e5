"""Who may enter: integrators, and only to the connections of their own departments."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.requests import SignedInRequest
from services.adapters.models import Connection
from services.catalogue.integrators import integrated_departments

View = Callable[..., HttpResponse]


def integrators_only(view: View) -> View:
    """Signed in: else to sign-in. Not an integrator anywhere: 403."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not integrated_departments(request.user).exists():
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def of_own_connection(view: View) -> View:
    """The view gets the connection instead of its code; another department's is as absent as none."""

    @integrators_only
    @wraps(view)
    def guarded(request: SignedInRequest, code: str, **kwargs: Any) -> HttpResponse:
        found = Connection.objects.filter(code=code, department__in=integrated_departments(request.user))
        connection = found.select_related("department").first()
        if connection is None:
            raise Http404
        return view(request, connection, **kwargs)

    return guarded


# Keys and what residents meet: a browser that was left open changes none of it.
sure_who_it_is: Callable[[View], View] = reauthentication_required(allow_get=True)
