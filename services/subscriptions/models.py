"""Who is told what happens to a department's cases, what was told already, and how far the timeline was read."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.lib.crypto import EncryptedJSONField
from portal.lib.references import new_token
from services.subscriptions.constants import EventState, EventType, OffReason


class Subscription(models.Model):
    """An address of a department's own system that is told of events of the department's cases."""

    ref = models.CharField(max_length=22, unique=True, default=new_token)
    department = models.ForeignKey("catalogue.Department", on_delete=models.PROTECT, related_name="subscriptions")
    label = models.CharField(max_length=120)
    url = models.CharField(max_length=500)
    event_types = models.JSONField(default=list)
    secrets = EncryptedJSONField(default=list)  # newest first: {"value": "whsec_...", "until": ISO time, or null for ever}
    is_active = models.BooleanField(default=True)
    off_reason = models.CharField(max_length=8, choices=OffReason.choices, blank=True)
    first_event = models.BigIntegerField(default=0)  # lines of the timeline up to this number were before its time
    ceiling = models.PositiveSmallIntegerField(default=2)  # simultaneous calls, over all processes
    failures = models.PositiveIntegerField(default=0)  # since the address last took something
    quiet_until = models.DateTimeField(null=True, blank=True)  # nothing is sent before, after failures
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    last_cause = models.CharField(max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["label", "pk"]

    def __str__(self) -> str:
        return self.ref

    @property
    def type_labels(self) -> list[str]:
        return [str(EventType(name).label) for name in self.event_types if name in EventType.values]


class EventDelivery(models.Model):
    """One event for one subscription: the queue of record. Id and body are frozen when the row is made."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.CharField(max_length=80)
    event_type = models.CharField(max_length=80)
    case_reference = models.CharField(max_length=40, blank=True)
    sequence = models.BigIntegerField(default=0)  # grows along a case
    body = models.TextField()  # JSON without personal data
    state = models.CharField(max_length=8, choices=EventState.choices, default=EventState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    gives_up_at = models.DateTimeField()
    token = models.CharField(max_length=32, blank=True)  # of the present lease
    lease_until = models.DateTimeField(null=True, blank=True)
    woken_until = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_cause = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "event_id"], name="one_row_an_event_and_subscription"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subscription", "state", "next_try"]),
            models.Index(fields=["subscription", "case_reference", "sequence"]),
            models.Index(fields=["state", "lease_until"]),
        ]


class Reading(models.Model):
    """How far the timeline of all cases was read: up to line `through`, without the lines that were not there yet.

    Numbers are given before a transaction commits, so a smaller one may appear after a greater one: `gaps` holds those that
    were missing (number -> when that was seen), and they are looked for until no transaction can still bring them.
    """

    through = models.BigIntegerField(default=0)
    gaps = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True, blank=True)
