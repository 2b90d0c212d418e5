"""The root of the portal: blocks that the city desk orders and fills."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.home_blocks import HomeBlocks
from cms.models.content import FlatAddress
from cms.page_rights import HomeRights
from cms.panels import WordPanel
from portal.lib.languages import DEFAULT


class HomePage(FlatAddress, Page):
    """A translation says its words block by block; order and choices follow the Indonesian page (`cms.home`)."""

    body = StreamField(HomeBlocks(), verbose_name=_("isi"), blank=True)

    content_panels = [
        FieldPanel("title", classname="title"),  # not Wagtail's own: there is no address here that would follow the title
        HelpPanel(
            _(
                "Susun bagian beranda. Urutan, pilihan, dan alamat mengikuti halaman Indonesia; halaman Inggris hanya memberi "
                "kata-katanya. Kata yang dikosongkan diisi portal dalam kedua bahasa."
            )
        ),
        WordPanel("body"),
    ]
    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["cms.ContentPage", "cms.DepartmentPage"]
    # It is the home page wherever it stands; its slug is never seen.
    promote_panels: ClassVar[list[Any]] = []

    class Meta:
        verbose_name = _("beranda")

    @property
    def is_translation(self) -> bool:
        return bool(self.locale_id and self.locale.language_code != DEFAULT)

    def flat_path(self) -> str:
        return "/"

    def permissions_for_user(self, user: Any) -> HomeRights:
        return HomeRights(user, self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from cms.views import preview_home

        return preview_home(request, self)
