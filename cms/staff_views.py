"""`/petugas/halaman/`: what is wrong with the pages of one's departments."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from wagtail.models import Page

from accounts.models import User
from accounts.requests import SignedInRequest
from cms import feedback, scope, upkeep
from cms.departments import may_write
from cms.models import ServicePage
from services.catalogue.models import Department

PAGES = 25


@login_required
@never_cache
@require_safe
def pages(request: SignedInRequest) -> HttpResponse:
    """Editors, reviewers and managers: their departments' pages. Superusers: all, or one department's by ?dinas=."""
    if not request.user.has_perm("wagtailadmin.access_admin"):
        raise PermissionDenied
    wanted = request.GET.get("dinas", "")
    departments = Department.objects.all() if request.user.is_superuser else scope.departments_of(request.user)
    chosen = departments.filter(code=wanted).first() if wanted else None
    all_pages = upkeep.pages_of(request.user, chosen.code if chosen else "")
    states = upkeep.states(all_pages)
    context = {
        "states": Paginator(states, PAGES).get_page(request.GET.get("hal")),
        "well": len(all_pages) - len(states),
        "departments": departments.order_by("name") if departments.count() > 1 else (),
        "chosen": chosen,
        "open": may_write(request.user, all_pages) | _open_by_page(request.user, states),
        "reads_feedback": feedback.reads_feedback(request.user),
        "nav": "halaman",
    }
    return render(request, "cms/page_states.html", context)


def _open_by_page(user: User, states: Sequence[upkeep.PageState]) -> set[int]:
    """Home and content pages lie in no department's corner: their editors are known page by page."""
    return {state.page.pk for state in states if not isinstance(state.page, ServicePage) and _can_edit(user, state.page)}


def _can_edit(user: User, page: Page) -> bool:
    return bool(page.permissions_for_user(user).can_edit())
