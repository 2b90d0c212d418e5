"""The page of a life event's journey: its steps over several departments, and the questions they share."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, HelpPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.journey_blocks import JOURNEY_STEPS, SHARED_PARTS
from cms.models.content import FlatAddress
from cms.models.department import DepartmentPage
from portal.lib.languages import DEFAULT
from services.catalogue.models import LifeEvent


class JourneyPageForm(WagtailAdminPageForm):
    """A draft may be incomplete; publishing asks for everything the gate asks for, each sentence at its field."""

    life_event = forms.ChoiceField(label=_("Peristiwa hidup"), choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "life_event" in self.fields:
            self.fields["life_event"].choices = [("", "–"), *LifeEvent.objects.values_list("slug", "name")]
            if self.instance.is_translation:
                self.fields["life_event"].disabled = True
                self.fields["life_event"].required = False

    def _post_clean(self) -> None:
        from cms.journeys import problems

        super()._post_clean()
        if "action-publish" in self.data or "action-submit" in self.data:
            for problem in problems(self.instance):
                self.add_error(problem.field if problem.field in self.fields else None, problem.text)


class JourneyPage(FlatAddress, Page):
    """Of the department that looks at every first publication (`CITY_DESK`), since a journey is nobody's own.

    A translation says its own title, intro, and the words of steps and parts by their keys; all else follows the Indonesian page.
    """

    life_event = models.SlugField(_("peristiwa hidup"), max_length=60, db_index=True)
    intro = models.CharField(
        _("pengantar"), max_length=400, blank=True, help_text=_("Apa yang dicapai warga di akhir urusan ini.")
    )
    steps = StreamField(JOURNEY_STEPS, verbose_name=_("langkah-langkah"), blank=True)
    shared = StreamField(SHARED_PARTS, verbose_name=_("pertanyaan bersama"), blank=True)
    illustrative = models.BooleanField(_("data contoh"), default=True, help_text=_("Tampilkan tanda “data contoh”."))

    base_form_class = JourneyPageForm
    content_panels = [
        FieldPanel("title", classname="title"),  # not Wagtail's own: there is no address here that would follow the title
        FieldPanel("life_event"),
        FieldPanel("intro"),
        FieldPanel("steps"),
        HelpPanel(
            _(
                "Pertanyaan bersama ditanyakan sekali, di awal, lalu diisikan ke formulir setiap langkah. Yang tidak disebut di sini "
                "ditanyakan di langkahnya sendiri."
            )
        ),
        FieldPanel("shared"),
        FieldPanel("illustrative"),
    ]
    parent_page_types = ["cms.DepartmentPage"]
    subpage_types: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("halaman peristiwa hidup")
        verbose_name_plural = _("halaman peristiwa hidup")

    @classmethod
    def can_create_at(cls, parent: Page) -> bool:
        return super().can_create_at(parent) and _is_the_desk(parent)

    def can_move_to(self, parent: Page) -> bool:
        return super().can_move_to(parent) and _is_the_desk(parent)

    def flat_path(self) -> str:
        return f"/peristiwa/{self.life_event}/"

    @property
    def is_translation(self) -> bool:
        return bool(self.locale_id and self.locale.language_code != DEFAULT)

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        if not self.life_event and (twin := self._twin()):
            self.life_event = twin.life_event
        super().full_clean(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        taken = JourneyPage.objects.filter(life_event=self.life_event, locale_id=self.locale_id, alias_of__isnull=True)
        if self.life_event and taken.exclude(pk=self.pk).exists():
            raise ValidationError({"life_event": _("Peristiwa ini sudah punya halaman urutan langkah.")})

    def save(self, clean: bool = True, user: Any = None, log_action: Any = False, **kwargs: Any) -> Any:
        """Lets nothing live past the gate."""
        from cms.journeys import refuse_incomplete

        if self.live and clean and kwargs.get("update_fields") is None and not self.alias_of_id:
            refuse_incomplete(self)
        return super().save(clean=clean, user=user, log_action=log_action, **kwargs)

    def _twin(self) -> JourneyPage | None:
        return JourneyPage.objects.filter(translation_key=self.translation_key).exclude(pk=self.pk).first()

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from cms.journeys import preview

        return preview(request, self)


def _is_the_desk(parent: Page) -> bool:
    page = parent.specific
    return isinstance(page, DepartmentPage) and page.department == settings.CITY_DESK
