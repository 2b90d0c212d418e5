"""What is offered: services with their public texts, and the categories, events and needs that lead to them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib import languages
from services.catalogue.models.departments import Department, NamedInTwoLanguages


class Category(NamedInTwoLanguages, models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    icon = models.CharField(max_length=30, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["order", "slug"]

    def __str__(self) -> str:
        return self.name


class LifeEvent(NamedInTwoLanguages, models.Model):
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    name_jv = models.CharField(max_length=120, blank=True)
    hint = models.CharField(max_length=240, blank=True)
    hint_en = models.CharField(max_length=240, blank=True)
    kind = models.CharField(max_length=20, default="life_event")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["order", "slug"]

    def __str__(self) -> str:
        return self.name


class Need(NamedInTwoLanguages, models.Model):
    """A door of the home page: the services of any of its life events or categories."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    icon = models.CharField(max_length=30, blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    life_events = models.ManyToManyField(LifeEvent, blank=True)
    categories = models.ManyToManyField(Category, blank=True)

    class Meta:
        ordering: ClassVar = ["order", "slug"]

    def __str__(self) -> str:
        return self.name


class Dimension(models.Model):
    """One of the six smart-city dimensions."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    name_id = models.CharField(max_length=120, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["order", "slug"]

    def __str__(self) -> str:
        return self.name


class Channel(models.TextChoices):
    FORM = "FORM", _("Sepenuhnya daring")
    APP = "APP", _("Aplikasi dinas")
    LINK = "LINK", _("Situs lain")
    OFFICE = "OFFICE", _("Datang ke kantor")
    HOTLINE = "HOTLINE", _("Telepon")


class Availability(models.TextChoices):
    """How a service stands now; written by the floor above through `actions.set_availability`."""

    AVAILABLE = "AVAILABLE", _("Berjalan biasa")
    QUEUEING = "QUEUEING", _("Diterima, diteruskan begitu sistem dinas pulih")
    PAUSED = "PAUSED", _("Dihentikan sementara")
    UNKNOWN = "UNKNOWN", _("Belum diketahui")


class Service(models.Model):
    """A catalogue entry. `code` never changes: not by rename, move, translation or revert."""

    class Kind(models.TextChoices):
        REQUEST = "REQUEST", _("Permohonan")
        REPORT = "REPORT", _("Aduan")
        INFORMATION = "INFORMATION", _("Informasi")

    code = models.SlugField(max_length=80, unique=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="services")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.REQUEST)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.OFFICE)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="services")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, null=True, blank=True, related_name="services")
    life_events = models.ManyToManyField(LifeEvent, blank=True, related_name="services")
    form = models.ForeignKey(
        "forms.FormDefinition", on_delete=models.PROTECT, null=True, blank=True, related_name="services"
    )
    is_public = models.BooleanField(default=False)
    is_free = models.BooleanField(default=False)
    fee_amount = models.PositiveBigIntegerField(null=True, blank=True)  # whole rupiah; null = see the text
    time_value = models.PositiveSmallIntegerField(null=True, blank=True)
    time_unit = models.CharField(max_length=16, blank=True)  # menit, jam, hari_kerja, hari_kalender, langsung
    url = models.URLField(max_length=300, blank=True)
    confidential = models.BooleanField(default=False)
    min_level = models.PositiveSmallIntegerField(default=1)  # how surely a person must be known to send (accounts.assurance)
    illustrative = models.BooleanField(default=True)
    availability = models.CharField(max_length=10, choices=Availability.choices, default=Availability.AVAILABLE)
    availability_since = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def label(self) -> str:
        """Its name in the language of the page, else the Indonesian one (prefetch `texts` for lists)."""
        names = {text.language: text.name for text in self.texts.all()}
        return names.get(languages.active()) or names.get(languages.DEFAULT) or self.code


class AvailabilityWish(models.Model):
    """Somebody wants to hear, once, when a paused service can be started again."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="wishes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["service", "user"], condition=models.Q(told_at=None), name="one_open_wish_a_service"
            ),
        ]


class ServiceText(models.Model):
    """The public text of a service in one language, as published, with its search words."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=5)
    slug = models.SlugField(max_length=120)
    name = models.CharField(max_length=200)
    summary = models.CharField(max_length=400, blank=True)
    fee_note = models.CharField(max_length=300, blank=True)
    content = models.JSONField(default=dict)  # the structured standar pelayanan, see records.ServiceRecord
    synonyms = models.JSONField(default=list)
    foreign: set[str] = set()  # members shown in Indonesian because nobody has translated them; never stored

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "language"], name="one_text_a_language"),
            models.UniqueConstraint(fields=["language", "slug"], name="one_service_an_address"),
        ]

    def __str__(self) -> str:
        return self.name


class OldAddress(models.Model):
    """A slug that a service once had: it leads to the present one for ever."""

    language = models.CharField(max_length=5)
    slug = models.SlugField(max_length=120)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="old_addresses")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["language", "slug"], name="one_old_address_a_slug"),
        ]

    def __str__(self) -> str:
        return self.slug
