"""Giving, asking for and taking back a consent. Another purpose is another consent."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.consents.models import DataConsent
from accounts.models import User


def has_allowed(user: User, subject: str, purpose: str) -> bool:
    """Does the person allow this, for this purpose, now?"""
    return DataConsent.objects.filter(user=user, subject=subject, purpose=purpose, withdrawn_at=None).exists()


def allow(user: User, subject: str, purpose: str) -> DataConsent:
    """The living consent; one for another purpose ends."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        living = DataConsent.objects.filter(user=user, subject=subject, withdrawn_at=None)
        kept = living.filter(purpose=purpose).first()
        if kept is not None:
            return kept
        living.update(withdrawn_at=timezone.now())
        return DataConsent.objects.create(user=user, subject=subject, purpose=purpose)


def withdraw(user: User, subject: str) -> bool:
    """From now on nothing is fetched. False: nothing was allowed."""
    living = DataConsent.objects.filter(user=user, subject=subject, withdrawn_at=None)
    return bool(living.update(withdrawn_at=timezone.now()))
