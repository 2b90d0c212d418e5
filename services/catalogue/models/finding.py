"""What search needs: the index, the words that mean the same, what was searched for (without persons), and the guides."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from services.catalogue.models.offered import Need, Service


class SearchEntry(models.Model):
    """The search index of one public service: lines of indexed words, of all its languages together (`language` is id)."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="search_entries")
    language = models.CharField(max_length=5)
    lines = models.JSONField(default=list)  # [[kind, [word, ...]], ...]; kinds in ranking.WEIGHTS

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "language"], name="one_index_entry_a_language"),
        ]


class SearchWord(models.Model):
    """One word of one entry with the weight of the best line it stands in: what the database looks up."""

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="words")
    word = models.CharField(max_length=40)
    weight = models.FloatField(default=1.0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["word", "entry", "weight"], name="search_word_covering"),
        ]

    def __str__(self) -> str:
        return self.word


class SearchTerm(models.Model):
    """A word as people write it and its root in the index; the row of a root itself counts the entries that have it."""

    word = models.CharField(max_length=40, unique=True)
    root = models.CharField(max_length=40, db_index=True)
    entries = models.PositiveIntegerField(default=0)
    telling = models.PositiveIntegerField(default=0)  # of these, how many have it in a name, synonym, link or summary

    def __str__(self) -> str:
        return self.word


class SitePage(models.Model):
    """A page or notice of the portal that is no service, in one language, as search shows it. Written by `indexing`."""

    class Kind(models.TextChoices):
        PAGE = "PAGE", _("Halaman")
        NOTICE = "NOTICE", _("Pengumuman")

    path = models.CharField(max_length=240)  # without the language
    language = models.CharField(max_length=5)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PAGE)
    title = models.CharField(max_length=255)
    summary = models.CharField(max_length=400, blank=True)
    words = models.TextField(blank=True)  # roots, each between blanks
    lines = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["path", "language"], name="one_site_page_a_language"),
        ]

    def __str__(self) -> str:
        return self.title


class WordLink(models.Model):
    """Words that people use lead to other words, or to one service. Written by `synonyms`; only approved ones are used."""

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", _("Diusulkan")
        APPROVED = "APPROVED", _("Dipakai")
        REFUSED = "REFUSED", _("Ditolak")
        RETIRED = "RETIRED", _("Tidak dipakai lagi")

    words = models.CharField(max_length=60)  # folded
    means = models.CharField(max_length=60, blank=True)  # folded
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="word_links")
    is_loose = models.BooleanField(default=False)  # leads there often, but means something else
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    is_stock = models.BooleanField(default=False)  # came with the code or the city's data, not from a person
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["words", "means", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(means="", service__isnull=False) | (~Q(means="") & Q(service__isnull=True)),
                name="a_link_leads_to_words_or_to_a_service",
            ),
            models.UniqueConstraint(fields=["words", "means"], condition=Q(service=None), name="one_link_between_words"),
            models.UniqueConstraint(fields=["words", "service"], condition=Q(means=""), name="one_link_to_a_service"),
        ]

    def __str__(self) -> str:
        return f"{self.words} = {self.means or self.service_id}"


class SearchCount(models.Model):
    """How often something was searched for on one day. Nobody's name, address or session is here, nor in any log of it."""

    day = models.DateField()
    words = models.CharField(max_length=80)
    searches = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)  # services, at the last of them

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["words", "day"], name="one_count_of_a_search_a_day"),
        ]

    def __str__(self) -> str:
        return self.words


class SearchClick(models.Model):
    """How often a service was opened from the results of a search on one day."""

    day = models.DateField()
    words = models.CharField(max_length=80)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    clicks = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["words", "day", "service"], name="one_count_of_a_click_a_day"),
        ]

    def __str__(self) -> str:
        return self.words


class Guide(models.Model):
    """The questions that lead from a need to a short list of services, as an outline that editors write (`guides`).

    `outline` is what people walk through, empty before anybody has approved one; `proposed` waits for somebody else to approve it.
    """

    need = models.OneToOneField(Need, on_delete=models.CASCADE, related_name="guide")
    outline = models.TextField(blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)
    proposed = models.TextField(blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.need.slug
