"""A department's own corner of the tree: its services lie under it, and so do its editors' rights."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page

from cms.models.content import CopyWithoutAlias, FlatAddress


class DepartmentPage(FlatAddress, Page):
    """`department` is the code of the catalogue's department: set once, by whoever makes the page; a translation has it too."""

    department = models.SlugField(_("kode dinas"), max_length=60, db_index=True)
    about = models.TextField(_("tentang dinas"), blank=True, help_text=_("Dua atau tiga kalimat untuk warga."))

    content_panels = [*Page.content_panels, FieldPanel("about")]
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.ServicePage", "cms.JourneyPage"]
    copy_form_class = CopyWithoutAlias
    exclude_fields_in_copy: ClassVar[list[str]] = ["department"]

    class Meta:
        verbose_name = _("halaman dinas")
        verbose_name_plural = _("halaman dinas")

    def clean(self) -> None:
        super().clean()
        twins = DepartmentPage.objects.filter(department=self.department, locale_id=self.locale_id, alias_of__isnull=True)
        if self.department and not self.alias_of_id and twins.exclude(pk=self.pk).exists():
            raise ValidationError({"department": _("Dinas ini sudah punya halaman.")})

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        if not self.department:
            twin = DepartmentPage.objects.filter(translation_key=self.translation_key).exclude(pk=self.pk).first()
            self.department = twin.department if twin else self.slug
        super().full_clean(*args, **kwargs)

    def flat_path(self) -> str:
        return f"/dinas/{self.department}/"

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return redirect(self.flat_path())
