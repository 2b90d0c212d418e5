"""The portal's own pages (help, privacy, accessibility, open data, about), and what every page of ours has."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.pages import CopyForm
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page, Site

from cms.page_rights import HomeRights, PageRights
from portal.lib import languages
from portal.lib.languages import path_in


class FlatAddress:
    """A page that answers at a flat address instead of its place in the tree, and never by Wagtail's own serving."""

    private_page_options: ClassVar[list[str]] = []

    def flat_path(self) -> str:
        raise NotImplementedError

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        site = Site.find_for_request(request) if request else Site.objects.filter(is_default_site=True).first()
        page: Any = self
        return (site.pk, site.root_url, path_in(page.locale.language_code, self.flat_path())) if site else None

    def permissions_for_user(self, user: Any) -> PageRights:
        return PageRights(user, self)

    def get_admin_display_title(self) -> str:
        """The public title when live: a draft's new title is nobody else's business."""
        page: Any = self
        return page.title if page.live else (page.draft_title or page.title)


class CopyWithoutAlias(CopyForm):
    """An alias would be a second page of the same service: when its original goes it would claim the service's code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("alias", None)


def leads_elsewhere(slug: str) -> bool:
    """Whether `/<slug>/` is a room of the portal and not a page of this kind."""
    if slug in languages.CODES:
        return True
    with translation.override(languages.DEFAULT):
        try:
            return resolve(f"/{slug}/").url_name != "content"
        except Resolver404:
            return True


class ContentPage(FlatAddress, Page):
    """A page of the portal itself at `/<slug>/`."""

    lead = models.CharField(_("ringkasan"), max_length=300, help_text=_("Satu kalimat di bawah judul dan di mesin pencari."))
    body = RichTextField(_("isi"), features=["h2", "h3", "bold", "ol", "ul", "link", "document-link", "hr"])
    reviewed = models.DateField(_("diperiksa terakhir"), null=True, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("lead"), FieldPanel("body"), FieldPanel("reviewed")]
    parent_page_types = ["cms.HomePage"]
    subpage_types: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("halaman isi")
        verbose_name_plural = _("halaman isi")

    def flat_path(self) -> str:
        return f"/{self.slug}/"

    def permissions_for_user(self, user: Any) -> PageRights:
        return HomeRights(user, self)

    def clean(self) -> None:
        """The portal's own rooms come first: a page at the address of one would never be seen."""
        super().clean()
        if self.slug and leads_elsewhere(self.slug):
            words = _("Alamat “%(slug)s” sudah dipakai ruang lain di portal ini. Pilih alamat lain.")
            raise ValidationError({"slug": words % {"slug": self.slug}})

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return TemplateResponse(request, "cms/content.html", {"page": self})
