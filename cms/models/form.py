"""The form of a service as its department's editor writes it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.form_builder import gate, keys, starting
from cms.form_builder.blocks import PARTS
from cms.form_builder.documents import document_of
from cms.models.content import FlatAddress
from cms.models.service import ServicePage
from portal.lib.languages import DEFAULT
from services.catalogue.actions import attach_form
from services.catalogue.models import Service
from services.forms.actions import publish_form
from services.forms.documents import Document, digest_of
from services.forms.queries import published_keys

ONCE = ("note", "replaces_drafts", "accept_until")  # decided anew for each publication


class FormField(StreamField):
    """A stream whose migrations do not repeat the blocks: they are code, and the database knows only JSON."""

    def deconstruct(self) -> Any:
        name, path, _args, kwargs = super().deconstruct()
        return name, path, [[]], {key: value for key, value in kwargs.items() if key != "block_lookup"}


class FormPageForm(WagtailAdminPageForm):
    """A new page begins with the form that residents use now. Half a form is saved; publishing asks the gate."""

    def __init__(self, data: Any = None, files: Any = None, parent_page: Any = None, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None and instance.pk is None and parent_page is not None:
            starting.begin(instance, parent_page.specific, with_body=data is None)
        super().__init__(data, files, parent_page, *args, **kwargs)
        if data is None and instance is not None and instance.live and not instance.has_unpublished_changes:
            self.initial.update(note="", replaces_drafts=False, accept_until=None)

    def _post_clean(self) -> None:
        super()._post_clean()
        asked = "action-publish" in self.data or "action-submit" in self.data
        if asked and "body" not in self.errors and (found := gate.problems(self.instance)):
            self.add_error("body", gate.block_errors(found))


class FormPage(FlatAddress, Page):
    """At most one below a service page of the Indonesian tree; its texts hold both languages. It has no address of its own.

    Publishing it freezes the next version of the service's form; what residents have begun stays on theirs, unless it is
    published with `replaces_drafts`. Taking the page offline or deleting it takes nothing from residents.
    """

    title_en = models.CharField(_("judul dalam bahasa Inggris"), max_length=255, blank=True)
    body = FormField(
        PARTS,
        verbose_name=_("bagian dan pertanyaan"),
        blank=True,
        collapsed=True,
        help_text=_("Satu bagian menjadi satu halaman di ponsel, sebaiknya paling banyak 7 pertanyaan."),
    )
    note = models.CharField(
        _("apa yang berubah"), max_length=200, blank=True, help_text=_("Satu kalimat untuk riwayat versi.")
    )
    replaces_drafts = models.BooleanField(
        _("pindahkan isian yang sedang berjalan"),
        default=False,
        help_text=_(
            "Tanpa ini, warga yang sudah mulai mengisi menyelesaikan versi lama. Dengan ini, jawaban yang pertanyaannya tetap "
            "dipindahkan, dan warga diberi tahu apa yang hilang, berubah, dan baru."
        ),
    )
    accept_until = models.DateTimeField(
        _("versi lama diterima sampai"),
        null=True,
        blank=True,
        help_text=_("Hanya bila aturan berubah: sesudah waktu ini isian pada versi lama tidak bisa dikirim."),
    )
    keys = models.JSONField(default=dict, editable=False)  # id of a block -> its key at the last save
    digest = models.CharField(max_length=64, editable=False, blank=True)  # of the document that was handed over last

    base_form_class = FormPageForm
    content_panels = [
        HelpPanel(heading=_("Formulir ini"), template="cms/panels/form_help.html"),
        FieldPanel("title", classname="title"),
        FieldPanel("title_en"),
        FieldPanel("body"),
        MultiFieldPanel(
            [FieldPanel("note"), FieldRowPanel([FieldPanel("replaces_drafts"), FieldPanel("accept_until")])],
            heading=_("Saat diterbitkan"),
        ),
    ]
    promote_panels: ClassVar[list[Any]] = []
    parent_page_types = ["cms.ServicePage"]
    subpage_types: ClassVar[list[str]] = []
    max_count_per_parent = 1
    exclude_fields_in_copy: ClassVar[list[str]] = ["keys", "digest"]

    class Meta:
        verbose_name = _("formulir layanan")
        verbose_name_plural = _("formulir layanan")

    @classmethod
    def can_create_at(cls, parent: Page) -> bool:
        """Not in another language's tree: one form has the words of all languages."""
        return bool(parent.locale.language_code == DEFAULT and super().can_create_at(parent))

    def can_move_to(self, parent: Page) -> bool:
        """A form stays with its service; its document can be exported and imported elsewhere."""
        return bool(self.get_parent() == parent)

    def get_url_parts(self, request: HttpRequest | None = None) -> None:
        return None

    def document(self) -> Document:
        """What the blocks say, finished or not."""
        return document_of(self.title, self.title_en, self.body)

    def code(self) -> str:
        """Of the service, and of its form."""
        parent = self.get_parent() if self.path else None
        return str(parent.specific.code) if parent is not None and isinstance(parent.specific, ServicePage) else ""

    def service(self) -> Service | None:
        return Service.objects.filter(code=self.code() or "-").first()

    def settle_keys(self) -> None:
        self.keys = keys.assign(self.body, self.keys, published_keys(self.code()))

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        self.settle_keys()
        super().full_clean(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.path and not self.alias_of_id:
            twins = FormPage.objects.child_of(self.get_parent()).exclude(pk=self.pk)
            if twins.exists():
                raise ValidationError(_("Layanan ini sudah punya formulir. Ubah yang ada."))

    @transaction.atomic
    def save(self, clean: bool = True, user: Any = None, log_action: Any = False, **kwargs: Any) -> Any:
        """Lets nothing broken live, and hands what is new over to `services.forms`, in the same transaction."""
        if kwargs.get("update_fields") is not None or self.alias_of_id:
            return super().save(clean=clean, user=user, log_action=log_action, **kwargs)
        self.settle_keys()
        document = self.document()
        digest = digest_of(document)
        new = self.live and not self._stands(digest)
        if new:
            gate.refuse_broken(self)
            self.digest = digest
        saved = super().save(clean=clean, user=user, log_action=log_action, **kwargs)
        if new:
            self._freeze(document)
        return saved

    def _stands(self, digest: str) -> bool:
        """Is this publication made already? Saves of a live page that change something else make none."""
        row = FormPage.objects.filter(pk=self.pk, live=True).values("digest", *ONCE).first()
        return row is not None and row == {"digest": digest, **{name: getattr(self, name) for name in ONCE}}

    def _freeze(self, document: Document) -> None:
        revision = self.live_revision
        version = publish_form(
            self.code(),
            document,
            by=revision.user if revision is not None else None,
            note=self.note,
            replaces_drafts=self.replaces_drafts,
            old_until=self.accept_until,
        )
        attach_form(self.code(), version.definition)

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        from cms.form_builder.preview import modes

        return modes(self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from cms.form_builder.preview import render_mode

        return render_mode(self, request, mode_name)
