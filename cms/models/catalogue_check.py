"""What the last comparison of the catalogue with its pages found."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class CatalogueCheck(models.Model):
    """One row a comparison; only the newest counts, older ones go with the next."""

    at = models.DateTimeField(auto_now_add=True)
    differing = models.JSONField(default=list)  # codes of services

    class Meta:
        verbose_name = _("pemeriksaan katalog")
        get_latest_by = "at"
        ordering: ClassVar = ["-at", "-pk"]
