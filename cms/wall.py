"""The second line of the department scope: which back office address shows a page of which department.

Wagtail's permission checks hold for changing; several of its addresses still *show* another department's page
(move dialogue, chooser parent, history). This middleware answers 404 for a page that is not one's own, whatever the view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.datastructures import MultiValueDictKeyError

from cms import scope

_PAGE_ARGUMENTS = ("page_id", "parent_page_id", "page_to_move_id", "destination_id", "parent_id")
_ONLY_SUPERUSERS = (
    "wagtailusers_",
    "wagtailadmin_reports:site_history",
    "wagtailadmin_reports:page_types_usage",
    "wagtailadmin_reports:locked_pages",
    "wagtailadmin_reports:workflow",
    "wagtailadmin_reports:workflow_tasks",
    "wagtailadmin_reports:aging_pages",
)


# Roles and accounts are changed at /petugas/, one by one and with a record.
_NOBODY = ("/kelola/bulk/accounts/user/", "/kelola/users/delete/")


# Fields without which these forms of Wagtail's break; a browser always sends them.
_NEEDED = {
    "wagtailadmin_choose_page_external_link": "external-link-chooser-url",
    "wagtailredirects:process_import": "import_file_name",
}


class DepartmentWall:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Others break so too, with an error of their own."""
        if request.path.startswith("/kelola/") and isinstance(exception, MultiValueDictKeyError):
            return render(request, "400.html", status=400)
        return None

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not request.path.startswith("/kelola/") or not request.user.is_authenticated:
            return
        if request.path != "/kelola/logout/" and not request.user.has_perm("wagtailadmin.access_admin"):
            raise PermissionDenied  # Wagtail would send them to the sign-in, which sends them back, without an end
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.method == "POST" and name in _NEEDED and _NEEDED[name] not in request.POST:
            raise BadRequest
        if not str(kwargs.get("object_id", "1")).isdigit():
            raise Http404  # every table of ours counts its rows
        if request.user.is_superuser:
            if request.path.startswith(_NOBODY):
                raise Http404
            return
        if name.startswith(_ONLY_SUPERUSERS):
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
