"""What guards an account: counted guesses, and what its owner is told by mail."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.lib.crypto import EncryptedTextField


class GuessCount(models.Model):
    """Guesses at one account's password or codes since the last right one. Kept also for addresses that have no account."""

    key = models.CharField(max_length=64, unique=True)  # a blind index: no address is stored
    window_at = models.DateTimeField()
    in_window = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True)


class Event(models.TextChoices):
    """What an owner is told."""

    NEW_DEVICE = "new_device", _("Akun Anda dipakai masuk dari perangkat baru")
    LOCKED = "locked", _("Ada yang berkali-kali mencoba masuk ke akun Anda. Percobaan itu kami tahan")
    PASSWORD_CHANGED = "password_changed", _("Kata sandi akun Anda diganti")
    EMAIL_ADDED = "email_added", _("Alamat email baru dikonfirmasi di akun Anda")
    EMAIL_CHANGED = "email_changed", _("Alamat email utama akun Anda diganti")
    EMAIL_DELETED = "email_deleted", _("Satu alamat email dihapus dari akun Anda")
    APP_SET_UP = "app_set_up", _("Aplikasi autentikator dipasang di akun Anda")
    APP_REMOVED = "app_removed", _("Aplikasi autentikator dicabut dari akun Anda")
    CODES_MADE = "codes_made", _("Kode cadangan baru dibuat di akun Anda")
    FACTORS_RESET = "factors_reset", _("Langkah kedua akun Anda dicabut oleh pengelola portal")
    ROLE_GIVEN = "role_given", _("Anda mendapat peran di portal")
    ROLE_TAKEN = "role_taken", _("Peran Anda di portal dicabut")
    ACCOUNT_CLOSED = "account_closed", _("Akun Anda dinonaktifkan oleh pengelola portal")
    ACCOUNT_OPENED = "account_opened", _("Akun Anda diaktifkan lagi oleh pengelola portal")
    SESSIONS_ENDED = "sessions_ended", _("Semua sesi Anda diakhiri oleh pengelola portal")
    PASSKEY_ADDED = "passkey_added", _("Kunci sandi ditambahkan ke akun Anda")
    ACCOUNT_LINKED = "account_linked", _("Akun lama di aplikasi dinas ditautkan ke akun Anda")
    ACCOUNT_UNLINKED = "account_unlinked", _("Tautan ke akun lama di aplikasi dinas dilepas dari akun Anda")
    NUMBER_ADDED = "number_added", _("Nomor HP untuk masuk ditambahkan ke akun Anda")
    NUMBER_CHANGED = "number_changed", _("Nomor HP untuk masuk diganti di akun Anda")
    NUMBER_REMOVED = "number_removed", _("Nomor HP untuk masuk dihapus dari akun Anda")
    NUMBER_TAKEN = "number_taken", _("Nomor HP Anda kini dipakai akun lain yang membuktikannya, dan dilepas dari akun Anda")
    PASSKEY_REMOVED = "passkey_removed", _("Kunci sandi dihapus dari akun Anda")


BY_STAFF = (
    Event.FACTORS_RESET,
    Event.ROLE_GIVEN,
    Event.ROLE_TAKEN,
    Event.ACCOUNT_CLOSED,
    Event.ACCOUNT_OPENED,
    Event.SESSIONS_ENDED,
)  # what somebody else did, for a reason


class AccountNotice(models.Model):
    """One mail, or one short message, to the owner of an account, sent by a worker and tried for 72 hours."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=20, choices=Event.choices)
    address = EncryptedTextField(blank=True)
    number = EncryptedTextField(blank=True, db_default="")  # instead of an address
    where = models.CharField(max_length=60, blank=True)  # shortened
    browser = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=600, blank=True, db_default="")  # which roles, and why
    language = models.CharField(max_length=5)
    made_at = models.DateTimeField(auto_now_add=True)
    next_try = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-made_at"])]
