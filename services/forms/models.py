"""Forms as data: a definition has numbered versions, and a published version never changes."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class FormDefinition(models.Model):
    code = models.SlugField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.code


class FormVersion(models.Model):
    """One frozen version: the document is the source, JSON Schema and UI schema are derived and frozen beside it."""

    definition = models.ForeignKey(FormDefinition, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    schema = models.JSONField()
    ui = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    replaces_drafts = models.BooleanField(default=False)
    accept_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["definition", "number"], name="one_row_a_version"),
        ]
        get_latest_by = "number"

    def __str__(self) -> str:
        return f"{self.definition.code} v{self.number}"
