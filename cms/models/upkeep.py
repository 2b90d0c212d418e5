"""What was found out about one page at night, and when its people were last reminded of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class PageUpkeep(models.Model):
    """One row a page. Written only by `cms.links` and `cms.reminders`."""

    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="upkeep")
    links_checked_at = models.DateTimeField(null=True, db_index=True)
    links = models.JSONField(
        default=list
    )  # of the last check: {"url", "field", "cause", "times"}, those that did not answer
    reminded_on = models.DateField(null=True)

    class Meta:
        verbose_name = _("perawatan halaman")
