"""What people say of a page, and how often it is read: counts by day, no person, no address, no cookie."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from services.catalogue.models import Department, Service


class PageVote(models.Model):
    """How many people found a page helpful on one day, and how many did not. `path` is the Indonesian address."""

    path = models.CharField(max_length=200)
    language = models.CharField(max_length=5)
    day = models.DateField()
    helpful = models.PositiveIntegerField(default=0)
    not_helpful = models.PositiveIntegerField(default=0)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, null=True, related_name="+")  # whose page it was

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["path", "language", "day"], name="one_vote_row_a_day")]


class PageRemark(models.Model):
    """What somebody missed on a page, in their words, with long numbers and addresses masked. Read by the page's owner."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("Belum ditindaklanjuti")
        DONE = "DONE", _("Sudah ditindaklanjuti")

    path = models.CharField(max_length=200)
    language = models.CharField(max_length=5)
    text = models.CharField(max_length=500)
    day = models.DateField()  # the hour would help to find who wrote it
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-day", "-pk"]


class PageFigure(models.Model):
    """How often a public page was answered on one day, from the logs of the server in front."""

    path = models.CharField(max_length=200)
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)  # answered 404: a link somewhere leads to nothing

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["path", "day"], name="one_figure_a_page_a_day")]


class LogPosition(models.Model):
    """How far a log was read: its lines are counted once."""

    name = models.CharField(max_length=300, unique=True)
    inode = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
