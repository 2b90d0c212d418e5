"""Messages to one person. They are rows first; sending is a later, repeatable act."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.lib import languages
from portal.lib.crypto import EncryptedJSONField


class Message(models.Model):
    class State(models.TextChoices):
        PENDING = "PENDING"
        SENT = "SENT"
        FAILED = "FAILED"  # 72 hours of tries are over; shown to the operator

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages")
    key = models.CharField(max_length=120, unique=True)  # what makes this message the only one of its kind
    template = models.CharField(max_length=60)
    context = EncryptedJSONField(default=dict)  # references and words, and what the department wrote
    case_reference = models.CharField(max_length=40, blank=True, db_index=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    tries = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "next_try"])]

    def words(self, language: str = "") -> dict[str, Any]:
        """The context in one language (default: of the page): `title_en`, where it is given, is the English `title`."""
        suffix = f"_{language or languages.active()}"
        own = {n.removesuffix(suffix): v for n, v in self.context.items() if n.endswith(suffix) and v}
        return {**self.context, **own}

    @property
    def heading(self) -> str:
        """The template that renders this message's subject."""
        return f"notifications/{self.template}_subject.txt"
