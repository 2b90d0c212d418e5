"""`/petugas/`: the work list for whoever decides cases, for other staff their roles and rooms; and one's own roles."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.factors.rules import is_staff
from accounts.requests import SignedInRequest
from portal.staff.history import history_of_person, roles_in_words
from services.cases.queries import clerk_departments
from services.cases.staff_views import inbox
from services.catalogue import invitations
from services.catalogue.models import Invitation


@login_required
@never_cache
@require_safe
def front(request: SignedInRequest) -> HttpResponse:
    """A resident: 403."""
    if clerk_departments(request.user):
        return inbox(request)
    if not is_staff(request.user):
        raise PermissionDenied
    return render(request, "staff/front.html", {"roles": roles_in_words(request.user), "nav": "petugas"})


@login_required
@never_cache
@require_safe
def own_roles(request: SignedInRequest) -> HttpResponse:
    context = {"roles": roles_in_words(request.user), "history": history_of_person(request.user), "nav": "akun"}
    return render(request, "staff/own_roles.html", context)


@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in an invitation opens. The roles are given by signing in with the confirmed address, never by the link."""
    found = Invitation.objects.filter(token=token).select_related("department", "invited_by").first()
    if found is None or not invitations.is_worth_something(found):
        return render(request, "staff/invitation_gone.html", status=404)
    return render(request, "staff/invitation.html", {"invitation": found, "here": request.path})
