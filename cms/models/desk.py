"""What the back office keeps for each department by its code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Collection


class DepartmentFolder(models.Model):
    """The collection of a department's own images and documents. Written only by `cms.scope`."""

    department = models.SlugField(max_length=60, unique=True)
    collection = models.OneToOneField(Collection, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("berkas dinas")
