"""The page of one service, field by field in the order in which residents read it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import FieldRowPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from cms import blocks
from cms.models.content import CopyWithoutAlias, FlatAddress
from cms.panels import FactPanel, TitlePanel, WordPanel
from portal.lib.languages import DEFAULT
from services.catalogue.models import Category, Channel, Dimension, LifeEvent, Service, ServicePoint

TIME_UNITS = [
    ("langsung", _("langsung")),
    ("menit", _("menit")),
    ("jam", _("jam")),
    ("hari_kerja", _("hari kerja")),
    ("hari_kalender", _("hari kalender")),
]


# What a translation takes over from the Indonesian page, whatever its own fields say.
FACTS = frozenset(
    (
        "slug kind channel app app_url hotline place queue fee_free fee_amount time_value time_unit fill_minutes category "
        "life_events dimension confidential min_level illustrative complaint_category complaint_channels decree_number decree_date "
        "reviewed next_review sources places contacts"
    ).split()
)


# A page is no book: the most characters of its long texts.
LONGEST = {"late": 2000, "other_ways": 2000, "pledge": 4000, "synonyms": 4000, "sources": 4000}


class ServicePageForm(WagtailAdminPageForm):
    """A draft may be incomplete; publishing asks for everything the gate asks for, each error at its field."""

    life_events = forms.MultipleChoiceField(
        label=_("Peristiwa hidup"), required=False, choices=[], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "life_events" in self.fields:
            self.fields["life_events"].choices = list(LifeEvent.objects.values_list("slug", "name"))
        for name, most in LONGEST.items():
            if name in self.fields:
                self.fields[name].validators.append(MaxLengthValidator(most))
        if "place" in self.fields:
            self.fields["place"].widget = forms.Select(choices=self._places())
            self.fields["place"].help_text = _("Ke mana warga datang. Untuk beberapa tempat atau jam buka, isi di bawah.")
        if self.instance.is_translation:
            for name, field in self.fields.items():
                if name in FACTS:
                    field.disabled, field.required = True, False

    def _places(self) -> list[tuple[str, Any]]:
        """The department's office, one's own kelurahan or kecamatan, the city's service points, and what stands there now."""
        units = [
            ("office", _("Kantor dinas")),
            ("kelurahan", _("Kantor kelurahan warga")),
            ("kecamatan", _("Kantor kecamatan warga")),
        ]
        known = [("", "---------"), *units, *ServicePoint.objects.order_by("name").values_list("code", "name")]
        here = self.instance.place
        return known if here in dict(known) else [*known, (here, here)]

    def _post_clean(self) -> None:
        from cms.checks import problems

        super()._post_clean()
        approves = "action-workflow-action" in self.data and self.data.get("workflow-action-name") == "approve"
        if approves or {"action-publish", "action-submit", "action-restart-workflow"} & set(self.data):
            for problem in problems(self.instance):
                self.add_error(problem.field if problem.field in self.fields else None, problem.text)


class ServicePage(FlatAddress, Page):
    """`code` is the service's stable name: set at the first save, never changed by rename, move, translation or revert."""

    code = models.SlugField(max_length=80, editable=False, db_index=True)
    kind = models.CharField(_("jenis"), max_length=12, choices=Service.Kind.choices, default=Service.Kind.REQUEST)
    summary = models.CharField(
        _("ringkasan"), max_length=400, help_text=_("Satu atau dua kalimat: apa yang warga dapatkan.")
    )
    fee_free = models.BooleanField(_("gratis"), default=False)
    fee_amount = models.PositiveBigIntegerField(
        _("tarif (rupiah)"), null=True, blank=True, help_text=_("Kosongkan bila tarif bergantung pada hal lain.")
    )
    fee_note = models.CharField(_("keterangan biaya"), max_length=300, blank=True)
    time_value = models.PositiveSmallIntegerField(_("selesai dalam"), null=True, blank=True)
    time_unit = models.CharField(_("satuan waktu"), max_length=16, choices=TIME_UNITS, blank=True)
    fill_minutes = models.PositiveSmallIntegerField(_("lama mengisi (menit)"), null=True, blank=True)

    channel = models.CharField(_("cara mengurus"), max_length=8, choices=Channel.choices, default=Channel.OFFICE)
    app = models.CharField(_("nama aplikasi"), max_length=120, blank=True)
    app_url = models.URLField(
        _("alamat aplikasi"),
        max_length=300,
        blank=True,
        validators=[blocks.WEB_ADDRESS],
        help_text=_("Hanya alamat resmi yang sudah diperiksa. Kosongkan bila belum tahu."),
    )
    hotline = models.CharField(_("nomor telepon layanan"), max_length=20, blank=True)
    hours = models.CharField(_("jam layanan"), max_length=80, blank=True)
    place = models.SlugField(
        _("tempat"),
        max_length=60,
        blank=True,
        help_text=_("Kode titik layanan, atau: office, kelurahan, kecamatan."),
    )
    queue = models.BooleanField(_("memakai nomor antrean"), default=False)

    who = StreamField(blocks.ITEMS, max_num=blocks.MOST_ROWS, verbose_name=_("siapa yang bisa mengajukan"), blank=True)
    requirements = StreamField(
        blocks.REQUIREMENTS, max_num=blocks.MOST_ROWS, verbose_name=_("yang perlu disiapkan"), blank=True
    )
    exceptions = StreamField(blocks.RARE_CASES, max_num=blocks.MOST_ROWS, verbose_name=_("keadaan khusus"), blank=True)
    fees = StreamField(blocks.FEES, max_num=blocks.MOST_ROWS, verbose_name=_("biaya menurut keadaan"), blank=True)
    steps = StreamField(blocks.STEPS, max_num=blocks.MOST_ROWS, verbose_name=_("langkahnya"), blank=True)
    product = models.CharField(_("hasil layanan"), max_length=400, blank=True)
    late = models.TextField(_("kalau kami terlambat"), blank=True)
    other_ways = models.TextField(_("cara lain mengurus"), blank=True)
    ways = StreamField(blocks.OTHER_WAYS, max_num=blocks.MOST_ROWS, verbose_name=_("cara lain, satu per satu"), blank=True)
    places = StreamField(blocks.PLACES, max_num=blocks.MOST_ROWS, verbose_name=_("tempat dan jam buka"), blank=True)
    contacts = StreamField(blocks.CONTACT_LIST, max_num=blocks.MOST_ROWS, verbose_name=_("kontak layanan ini"), blank=True)
    complaint_category = models.SlugField(_("kategori aduan"), max_length=60, blank=True)
    complaint_channels = models.CharField(
        _("saluran aduan"), max_length=200, blank=True, help_text=_("Dipisah koma. Contoh: lapor, loket")
    )
    legal = StreamField(blocks.LEGAL, max_num=blocks.MOST_ROWS, verbose_name=_("dasar hukum"), blank=True)
    decree_number = models.CharField(_("nomor SK standar pelayanan"), max_length=120, blank=True)
    decree_date = models.DateField(_("tanggal SK"), null=True, blank=True)
    pledge = models.TextField(
        _("maklumat pelayanan"),
        blank=True,
        help_text=_("Janji dinas dengan kata-katanya sendiri, seperti yang dipasang di loket (UU 25/2009 pasal 22)."),
    )
    reviewed = models.DateField(_("diperiksa terakhir"), null=True, blank=True)
    next_review = models.DateField(_("diperiksa lagi"), null=True, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, verbose_name=_("kategori"), null=True, related_name="+")
    life_events = models.JSONField(_("peristiwa hidup"), default=list, blank=True)
    dimension = models.ForeignKey(
        Dimension, on_delete=models.PROTECT, verbose_name=_("dimensi kota cerdas"), null=True, blank=True, related_name="+"
    )
    synonyms = models.TextField(
        _("kata lain"),
        blank=True,
        help_text=_("Satu per baris: kata warga untuk layanan ini, termasuk bahasa Jawa dan salah eja."),
    )
    confidential = models.BooleanField(
        _("rahasia"), default=False, help_text=_("Layanan yang menyangkut keselamatan pelapor.")
    )
    min_level = models.PositiveSmallIntegerField(
        _("kepastian akun"),
        choices=[
            (1, _("Cukup masuk dengan akun")),
            (2, _("NIK terverifikasi")),
            (3, _("NIK terverifikasi dan masuk ulang yang kuat")),
        ],
        default=1,
        help_text=_("Seberapa pasti pemohon harus dikenal saat mengirim permohonan daring."),
    )
    illustrative = models.BooleanField(_("data contoh"), default=True, help_text=_("Tampilkan tanda “data contoh”."))
    sources = models.TextField(_("sumber"), blank=True, help_text=_("Alamat sumber resmi, satu per baris."))
    base_form_class = ServicePageForm
    copy_form_class = CopyWithoutAlias
    # In the order of the published page: lead, facts, start, who, what you need, steps, lateness, other ways, law, review.
    content_panels = [
        TitlePanel("title"),
        WordPanel(
            "summary",
            help_text=_(
                "Satu atau dua kalimat: apa yang warga dapatkan. Contoh: Daftarkan kelahiran dan terima aktanya lewat surel."
            ),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [
                        FactPanel("fee_free"),
                        FactPanel(
                            "fee_amount",
                            help_text=_(
                                "Angka saja, misalnya 50000. Kosongkan bila tarif bergantung pada hal lain, lalu isi tabel di bawah."
                            ),
                        ),
                    ]
                ),
                WordPanel("fee_note", help_text=_("Contoh: Sesuai Perda Pajak dan Retribusi Daerah.")),
                WordPanel("fees"),
                FieldRowPanel(
                    [
                        FactPanel("time_value", help_text=_("Angka saja. Contoh: 3. Kosongkan bila langsung selesai.")),
                        FactPanel("time_unit"),
                        FactPanel("fill_minutes"),
                    ]
                ),
            ],
            heading=_("Biaya dan waktu"),
        ),
        MultiFieldPanel(
            [
                FactPanel("channel"),
                FieldRowPanel([FactPanel("app", help_text=_("Contoh: OSS RBA")), FactPanel("app_url")]),
                FieldRowPanel(
                    [
                        FactPanel("hotline", help_text=_("Contoh: 112")),
                        WordPanel("hours", help_text=_("Contoh: setiap hari, 24 jam")),
                    ]
                ),
                FieldRowPanel([FactPanel("place"), FactPanel("queue")]),
                FactPanel("places"),
                FactPanel("min_level"),
            ],
            heading=_("Cara mengurus"),
        ),
        WordPanel("who"),
        MultiFieldPanel([WordPanel("requirements"), WordPanel("exceptions")], heading=_("Yang perlu disiapkan")),
        MultiFieldPanel(
            [WordPanel("steps"), WordPanel("product", help_text=_("Contoh: Kutipan akta kelahiran dan KK yang baru."))],
            heading=_("Langkah dan hasilnya"),
        ),
        WordPanel("late", help_text=_("Contoh: Kalau lewat 3 hari kerja, Anda kami kabari alasannya dan tanggal barunya.")),
        MultiFieldPanel(
            [
                FactPanel("complaint_category", help_text=_("Huruf kecil dan tanda hubung. Contoh: pelayanan-publik")),
                FactPanel("complaint_channels"),
            ],
            heading=_("Penanganan pengaduan"),
        ),
        MultiFieldPanel(
            [
                WordPanel("other_ways", help_text=_("Contoh: Datang ke MPP Gajah Mada, loket 3. Biaya dan waktunya sama.")),
                WordPanel("ways"),
                FactPanel("contacts"),
            ],
            heading=_("Cara lain dan kontak"),
        ),
        MultiFieldPanel(
            [
                WordPanel("legal"),
                FieldRowPanel([FactPanel("decree_number", help_text=_("Contoh: 188.45/12/2026")), FactPanel("decree_date")]),
                WordPanel("pledge"),
            ],
            heading=_("Dasar hukum"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [
                        FactPanel("reviewed", help_text=_("Hari seseorang di dinas membaca semuanya.")),
                        FactPanel("next_review", help_text=_("Contoh: enam bulan lagi.")),
                    ]
                ),
                FactPanel("illustrative"),
                FactPanel("sources"),
            ],
            heading=_("Pemeriksaan"),
        ),
    ]
    promote_panels = [
        FactPanel("slug"),
        MultiFieldPanel(
            [
                FactPanel("kind"),
                FactPanel("category"),
                FactPanel("life_events"),
                FactPanel("dimension"),
                WordPanel("synonyms"),
                FactPanel("confidential"),
            ],
            heading=_("Cara ditemukan"),
        ),
    ]
    parent_page_types = ["cms.DepartmentPage"]
    subpage_types = ["cms.FormPage"]
    # A copy is another service: with a code of its own, and nobody has read it yet.
    exclude_fields_in_copy: ClassVar[list[str]] = ["code", "reviewed", "next_review"]

    class Meta:
        verbose_name = _("halaman layanan")
        verbose_name_plural = _("halaman layanan")

    def flat_path(self) -> str:
        return f"/layanan/{self.slug}/"

    @property
    def is_translation(self) -> bool:
        return bool(self.locale_id and self.locale.language_code != DEFAULT)

    def clean(self) -> None:
        """One address in the whole city, whatever department the page lies under."""
        super().clean()
        if ServicePage.objects.filter(pk=self.pk, slug=self.slug, locale_id=self.locale_id).exists():
            return  # it has this address already; a search for another holder would read every page
        taken = ServicePage.objects.filter(slug=self.slug, locale_id=self.locale_id, alias_of__isnull=True)
        if self.slug and taken.exclude(pk=self.pk).exists():
            proposal = _free(self.slug, set(ServicePage.objects.values_list("slug", flat=True)))
            raise ValidationError(
                {
                    "slug": _("Alamat “%(slug)s” sudah dipakai layanan lain di kota ini. Coba “%(proposal)s”.")
                    % {"slug": self.slug, "proposal": proposal}
                }
            )

    def save(self, clean: bool = True, user: Any = None, log_action: Any = False, **kwargs: Any) -> Any:
        """Sets `code` when empty, and lets nothing live past the publication gate."""
        from cms.checks import refuse_incomplete

        fields = kwargs.get("update_fields")
        if self.alias_of_id and self._state.adding and self.alias_of.locale_id == self.locale_id:
            raise ValidationError(_("Layanan tidak bisa punya alias. Buat salinan, atau pindahkan halamannya."))
        if not self.code:
            self.code = self._new_code()
            if fields is not None:
                kwargs["update_fields"] = {*fields, "code"}
        if self.live and clean and fields is None and not self.alias_of_id:
            refuse_incomplete(self)
        return super().save(clean=clean, user=user, log_action=log_action, **kwargs)

    def _new_code(self) -> str:
        twin = ServicePage.objects.filter(translation_key=self.translation_key).exclude(pk=self.pk).first()
        if twin is not None and twin.locale_id != self.locale_id:
            return twin.code
        wanted = slugify(self.slug or self.title)[:70] or "layanan"
        return _free(wanted, set(Service.objects.filter(code__startswith=wanted).values_list("code", flat=True)))

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from cms.views import preview_service

        return preview_service(request, self)


def _free(wanted: str, taken: set[str]) -> str:
    """`wanted`, or the first of `wanted-2`, `wanted-3`, ... that nobody has."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
