"""Where the form builder meets the back office: addresses, buttons, its script, and doors that show no form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import widgets
from wagtail.models import Page

from cms.form_builder import gate, views
from cms.models import FormPage, ServicePage
from services.forms.queries import newest_of


def register() -> None:
    hooks.register("register_admin_urls", addresses)
    hooks.register("insert_editor_js", script)
    hooks.register("register_page_header_buttons", buttons)
    hooks.register("before_bulk_action", publish_only_whole_forms)
    hooks.register("after_unpublish_page", residents_keep_their_form)
    hooks.register("after_delete_page", residents_keep_their_form)


def addresses() -> list[URLPattern]:
    return [
        path("formulir/<int:page_id>/coba/", views.try_tasks, name="form-try"),
        path("formulir/<int:page_id>/coba/ulang/", views.try_again, name="form-try-again"),
        path("formulir/<int:page_id>/coba/periksa/", views.try_check, name="form-try-check"),
        path("formulir/<int:page_id>/coba/bagian/<slug:key>/", views.try_part, name="form-try-part"),
        path("formulir/<int:page_id>/uji/", views.try_connection, name="form-try-connection"),
        path("formulir/<int:page_id>/ekspor/", views.export, name="form-export"),
        path("formulir/<int:page_id>/impor/", views.import_, name="form-import"),
    ]


def script() -> SafeString:
    words = (_("Ya"), _("Tidak"))
    return format_html('<script src="{}" data-yes="{}" data-no="{}" defer></script>', static("portal/penyusun.js"), *words)


def buttons(page: Page, user: Any, view_name: str, next_url: str | None = None) -> Iterator[widgets.Button]:
    """On a service page the way to its form, on a form what can be done with it besides editing."""
    kind = page.specific_class
    if kind is ServicePage and page.specific.channel == "FORM" and not page.specific.is_translation:
        form = FormPage.objects.child_of(page).first()
        if form is not None:
            address = reverse("wagtailadmin_pages:edit", args=[form.pk])
        elif page.permissions_for_user(user).can_add_subpage():
            address = reverse("wagtailadmin_pages:add", args=["cms", "formpage", page.pk])
        else:
            return
        yield widgets.Button(_("Formulir"), address, icon_name="form", priority=5)
    if kind is FormPage and page.permissions_for_user(user).can_edit():
        for number, (word, name, icon) in enumerate(
            (
                (_("Coba isi"), "form-try", "mobile-alt"),
                (_("Uji ke sistem dinas"), "form-try-connection", "resubmit"),
                (_("Ekspor"), "form-export", "download"),
                (_("Impor"), "form-import", "upload"),
            )
        ):
            yield widgets.Button(word, reverse(name, args=[page.pk]), icon_name=icon, priority=60 + number)


def publish_only_whole_forms(request: HttpRequest, action_type: str, objects: Any, action: Any) -> HttpResponse | None:
    """Bulk publishing in words instead of an error page."""
    if action_type != "publish":
        return None
    pages = [one.specific.get_latest_revision_as_object() for one in objects]
    broken = [one.title for one in pages if isinstance(one, FormPage) and gate.problems(one)]
    if not broken:
        return None
    messages.error(request, _("Formulir belum lengkap, jadi tidak ada yang diterbitkan: %s") % ", ".join(broken))
    return redirect("wagtailadmin_explore_root")


def residents_keep_their_form(request: HttpRequest, page: Page) -> None:
    """What is frozen stays in use: said at the moment when somebody may think otherwise."""
    if not isinstance(page, FormPage):
        return
    code = page.code()
    newest = newest_of(code) if code else None
    if newest is not None:
        messages.info(
            request,
            _("Warga tetap memakai formulir versi %(n)d. Untuk menghentikannya, tarik halaman layanannya dari terbitan.")
            % {"n": newest.number},
        )
