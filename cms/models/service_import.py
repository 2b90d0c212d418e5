"""A spreadsheet of services that somebody sent: checked first, written as drafts when they say so."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.references import new_token


class ServiceImport(models.Model):
    """The cells as they were read; nothing of them is on a page until `written_at`."""

    token = models.CharField(max_length=32, unique=True, default=new_token)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=120)
    sheet = models.JSONField()  # headers, rows as [number, cells], mistakes found while reading
    seen = models.JSONField(default=dict)  # page id -> its newest revision when the file was checked
    result = models.JSONField(default=dict)  # after writing: codes made, changed, left alone
    made_at = models.DateTimeField(auto_now_add=True)
    written_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]
        verbose_name = _("unggahan layanan")

    def __str__(self) -> str:
        return self.file_name

    def rows(self) -> list[tuple[int, list[str]]]:
        return [(int(number), cells) for number, cells in self.sheet["rows"]]

    def mistakes(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sheet["mistakes"]
        return found
