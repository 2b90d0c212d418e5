"""The second line of the department scope: which address of the back office shows what to whom.

Wagtail's permission checks hold for changing; several of its addresses still *show* another department's page (move dialogue,
chooser parent, history). This middleware answers 404 for what is not one's own, whatever the view, and 403 at an address that
the table (`cms.wall_rules`) does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import ResolverMatch
from django.utils.datastructures import MultiValueDictKeyError

from cms.wall_rules import RULES, goes_to_own

# Roles and accounts are changed at /petugas/, one by one and with a record; tags would be seen by all departments.
_NOBODY = (
    "/kelola/bulk/accounts/user/",
    "/kelola/users/delete/",
    "/kelola/bulk/wagtailimages/image/add_tags/",
    "/kelola/bulk/wagtaildocs/document/add_tags/",
)


# Fields without which these forms of Wagtail's break; a browser always sends them.
_NEEDED = {
    "wagtailadmin_choose_page_external_link": "external-link-chooser-url",
    "wagtailredirects:process_import": "import_file_name",
}


def row_of(match: ResolverMatch | None) -> str:
    """Under which name the table knows an address: that of its view, or where that has none its pattern."""
    if match is None:
        return ""
    return match.view_name if match.url_name else match.route


class DepartmentWall:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Others break so too, with an error of their own; rich text that is none breaks where it is read."""
        if request.path.startswith("/kelola/") and isinstance(exception, MultiValueDictKeyError | JSONDecodeError):
            return render(request, "400.html", status=400)
        return None

    def process_view(self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not request.path.startswith("/kelola/") or not request.user.is_authenticated:
            return
        if request.path != "/kelola/logout/" and not request.user.has_perm("wagtailadmin.access_admin"):
            raise PermissionDenied  # Wagtail would send them to the sign-in, which sends them back, without an end
        name = row_of(request.resolver_match)
        if request.method == "POST" and name in _NEEDED and _NEEDED[name] not in request.POST:
            raise BadRequest
        if not str(kwargs.get("object_id", "1")).isdigit():
            raise Http404  # every table of ours counts its rows
        if request.user.is_superuser:
            if request.path.startswith(_NOBODY):
                raise Http404
            return
        rule = RULES.get(name)
        if rule is None:
            raise PermissionDenied
        rule(request, kwargs)
        if request.method == "POST":
            goes_to_own(request)
