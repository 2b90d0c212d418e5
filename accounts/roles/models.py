"""The record of who gave or took which role, and who closed or opened which account. Rows are only ever added."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.crypto import EncryptedTextField


class Act(models.TextChoices):
    GIVEN = "given", _("Peran diberikan")
    TAKEN = "taken", _("Peran dicabut")
    INVITED = "invited", _("Diundang")
    UNINVITED = "uninvited", _("Undangan ditarik")
    CLOSED = "closed", _("Akun dinonaktifkan")
    OPENED = "opened", _("Akun diaktifkan lagi")
    SESSIONS_ENDED = "sessions_ended", _("Semua sesi diakhiri")
    FACTORS_RESET = "factors_reset", _("Langkah kedua dicabut")


class OnlyAddedError(RuntimeError):
    """Somebody tried to change or delete what is only ever added."""


class OnlyAdded(models.QuerySet["RoleChange"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise OnlyAddedError

    def delete(self) -> NoReturn:
        raise OnlyAddedError


class RoleChange(models.Model):
    """One change. `person` is empty for an invitation of an address; `by` is empty when it was nobody at a screen
    (a command, the demo city)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="role_changes")
    address = EncryptedTextField(blank=True)
    act = models.CharField(max_length=20, choices=Act.choices)
    role = models.CharField(max_length=30, blank=True)  # of a department, or CityRole
    department = models.CharField(max_length=60, blank=True, db_index=True)  # its code; empty: for the whole city
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = OnlyAdded.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-at"])]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise OnlyAddedError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise OnlyAddedError
