"""Rows are kept when a consent is taken back: they say what was allowed, and when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class DataConsent(models.Model):
    """`subject`: what is fetched, as `service/lookup`. One living row a person and subject."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_consents")
    subject = models.CharField(max_length=140)
    purpose = models.CharField(max_length=200)
    given_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "subject"], condition=models.Q(withdrawn_at=None), name="one_living_data_consent"
            ),
        ]
