"""The second line of the department scope: which back office address shows a page of which department.

Wagtail's permission checks hold for changing; several of its addresses still *show* another department's page
(move dialogue, chooser parent, history). This middleware answers 404 for a page that is not one's own, whatever the view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from cms import scope

_PAGE_ARGUMENTS = ("page_id", "parent_page_id", "page_to_move_id", "destination_id", "parent_id")
_ONLY_OPERATORS = (
    "wagtailadmin_reports:site_history",
    "wagtailadmin_reports:page_types_usage",
    "wagtailadmin_reports:locked_pages",
    "wagtailadmin_reports:workflow",
    "wagtailadmin_reports:workflow_tasks",
    "wagtailadmin_reports:aging_pages",
)


class DepartmentWall:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not request.path.startswith("/kelola/") or not request.user.is_authenticated or request.user.is_superuser:
            return
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.path != "/kelola/logout/" and not request.user.has_perm("wagtailadmin.access_admin"):
            raise PermissionDenied  # Wagtail would send them to the sign-in, which sends them back, without an end
        if name.startswith(_ONLY_OPERATORS):
            raise Http404
        if name.startswith("wagtailadmin_explore"):
            return  # the ancestors lead to one's own pages; what is listed there is filtered by the explorer hook
        for argument in _PAGE_ARGUMENTS:
            if argument in kwargs and not scope.may_see(request.user, int(kwargs[argument])):
                raise Http404
        if name.startswith("wagtailadmin_pages:") and "pk" in kwargs and not scope.may_see(request.user, int(kwargs["pk"])):
            raise Http404
        if request.path.startswith("/kelola/bulk/wagtailcore/page/"):
            ids = request.GET.getlist("id")
            # "all" and "childOf" choose pages by themselves: only pages that are named one by one can be judged.
            if "childOf" in request.GET or not all(v.isdigit() and scope.may_see(request.user, int(v)) for v in ids):
                raise Http404
