"""A journey: the services of one life event in their order, with the questions that several of them ask.

Written only by `journeys.actions`, from a frozen `JourneyRecord`; texts are `{"id", "en"}`.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Opens(models.TextChoices):
    """What must have become of the steps before, so that a step opens."""

    COMPLETED = "COMPLETED", _("langkah sebelumnya selesai")
    ACCEPTED = "ACCEPTED", _("langkah sebelumnya diterima dinas")


class Journey(models.Model):
    """The one journey of a life event. It is taken out of sight, never deleted: people may be on their way."""

    life_event = models.OneToOneField("catalogue.LifeEvent", on_delete=models.PROTECT, related_name="journey")
    title = models.JSONField()
    intro = models.JSONField(default=dict)
    # The shared questions are a form of their own, whose published versions never change; None: there are none.
    form = models.ForeignKey("forms.FormDefinition", on_delete=models.PROTECT, null=True, related_name="journeys")
    shared = models.JSONField(default=list)  # [{"key", "to": [[step, question], ...]}, ...]
    illustrative = models.BooleanField(default=True)
    is_public = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.title.get("id", ""))


class JourneyStep(models.Model):
    """One step. `key` is its stable name within the journey; `after` holds keys of earlier steps."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="steps")
    key = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField()
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, related_name="journey_steps")
    why = models.JSONField(default=dict)
    how = models.JSONField(default=dict)
    after = models.JSONField(default=list)
    opens_on = models.CharField(max_length=9, choices=Opens.choices, default=Opens.COMPLETED)
    optional = models.BooleanField(default=False)
    may_have = models.BooleanField(default=False)  # its result may be at hand already: the resident may say so
    presets = models.JSONField(default=dict)  # question of the step's form -> answer that this life event implies
    gives = models.JSONField(
        default=list
    )  # what the department names at its end: [{"name", "label", "to": [[step, question]]}]

    class Meta:
        ordering: ClassVar = ["journey", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["journey", "key"], name="one_step_a_key"),
            models.UniqueConstraint(fields=["journey", "position"], name="one_step_a_position"),
            models.CheckConstraint(condition=models.Q(opens_on__in=Opens.values), name="a_step_opens_on_a_known_turn"),
        ]

    def __str__(self) -> str:
        return self.key
