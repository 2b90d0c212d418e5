"""The door of what is to be translated."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import is_operator
from accounts.requests import SignedInRequest
from cms.departments import of_reader, readers_only
from cms.page_rights import rights_at_home
from cms.translating import todo_of, todo_of_the_portal


@readers_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    """One's own departments (`?dinas=` one of them), the portal's own pages for the city's desk; the operator's list has all of
    them and the portal's own pages."""
    departments = of_reader(request.user)
    wanted = request.GET.get("dinas", "")
    chosen = [d for d in departments if d.department == wanted] or departments
    todo = todo_of(chosen)
    if (is_operator(request.user) and len(chosen) == len(departments)) or rights_at_home(request.user):
        todo = [*todo_of_the_portal(), *todo]
    context = {
        "page": Paginator(todo, 50).get_page(request.GET.get("hal")),
        "total": len(todo),
        "departments": departments,
        "wanted": wanted if len(chosen) < len(departments) else "",
        "nav": "terjemahan",
    }
    return render(request, "staff/translations.html", context)
