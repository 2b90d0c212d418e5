"""A department's own corner of the tree: its services lie under it, and so do its editors' rights."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page

from cms.models.content import FlatAddress


class DepartmentPage(FlatAddress, Page):
    """`department` is the code of the catalogue's department; it is set once, by whoever makes the page."""

    department = models.SlugField(_("kode dinas"), max_length=60, unique=True)
    about = models.TextField(_("tentang dinas"), blank=True, help_text=_("Dua atau tiga kalimat untuk warga."))

    content_panels = [*Page.content_panels, FieldPanel("about")]
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.ServicePage"]
    exclude_fields_in_copy: ClassVar[list[str]] = ["department"]

    class Meta:
        verbose_name = _("halaman dinas")
        verbose_name_plural = _("halaman dinas")

    def flat_path(self) -> str:
        return f"/dinas/{self.department}/"

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return redirect(self.flat_path())
