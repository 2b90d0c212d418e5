"""Where the applications of an online service go: said and, for a department without a system of its own, chosen here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from wagtail import hooks
from wagtail.admin import widgets
from wagtail.models import Page

from cms.models import ServicePage
from cms.publishing import department_of
from services.adapters import gateway
from services.adapters.connecting import worklist
from services.adapters.connecting.problems import ConnectionProblem
from services.catalogue.actions import ensure_service
from services.catalogue.models import Channel, Service


def register() -> None:
    hooks.register("register_admin_urls", _addresses)
    hooks.register("register_page_header_buttons", _button)


def _addresses() -> list[URLPattern]:
    return [path("layanan/<int:page_id>/tujuan/", destination, name="service-destination")]


def _button(page: Page, user: Any, view_name: str, next_url: str | None = None) -> Iterator[widgets.Button]:
    if (
        page.specific_class is ServicePage
        and _takes_applications(page.specific)
        and page.permissions_for_user(user).can_edit()
    ):
        address = reverse("service-destination", args=[page.pk])
        yield widgets.Button(gettext_lazy("Tujuan permohonan"), address, icon_name="mail", priority=6)


def _takes_applications(page: ServicePage) -> bool:
    """By the newest draft: the way people apply may have been chosen a moment ago."""
    latest: ServicePage = page.get_latest_revision_as_object()
    return latest.channel == Channel.FORM and not latest.is_translation


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def destination(request: HttpRequest, page_id: int) -> HttpResponse:
    """POST: from now on the department's own work list. It counts when the page is public, which its reviewers decide."""
    page = ServicePage.objects.filter(pk=page_id).first()
    if page is None or not _takes_applications(page):
        raise Http404
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    if request.method == "POST":
        department = department_of(page)
        if not page.code or not department:
            raise Http404
        try:
            worklist.take_in_here(ensure_service(page.code, department), by=str(getattr(request.user, "public_id", "")))
        except ConnectionProblem as error:
            messages.error(request, " ".join(text for texts in error.errors.values() for text in texts))
            return redirect("service-destination", page_id)
        messages.success(request, _("Permohonan layanan ini akan masuk ke daftar kerja dinas Anda."))
        return redirect("wagtailadmin_pages:edit", page_id)
    service = Service.objects.filter(code=page.code or "-").first()
    binding = gateway.binding_for(service) if service is not None else None
    shown = {
        "page": page,
        "binding": binding,
        "work_list": binding is not None and binding.connection.kind == worklist.KIND,
        "prepared": worklist.being_connected(service) if service is not None else None,
    }
    return render(request, "cms/destination.html", shown)
