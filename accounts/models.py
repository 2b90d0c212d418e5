"""People: one `User` for residents and staff, and the record of who used whose data."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib.crypto import EncryptedTextField
from portal.lib.references import new_token


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower() or None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class AssuranceLevel(models.IntegerChoices):
    """How sure the city is who this is (level 3 is a fresh strong sign-in and belongs to the session)."""

    SELF_DECLARED = 1, _("Pernyataan sendiri")
    NIK_VERIFIED = 2, _("NIK terverifikasi")


def _composed(password: str | None) -> str | None:
    """The same letters typed on another keyboard are the same password (NIST SP 800-63B-4: NFC)."""
    return unicodedata.normalize("NFC", password) if password else password


class User(AbstractBaseUser, PermissionsMixin):
    """One person. `public_id` is stable and is the only identifier that leaves the portal."""

    public_id = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    email = models.EmailField(_("Email"), unique=True, null=True)  # None: signs in with a phone number
    name = models.CharField(_("Nama lengkap"), max_length=120, blank=True)
    phone = EncryptedTextField(_("Nomor HP"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    nik = EncryptedTextField("NIK", blank=True)
    nik_index = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    kk_number = EncryptedTextField(_("Nomor Kartu Keluarga"), blank=True)
    kelurahan = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)  # of mails
    assurance_level = models.PositiveSmallIntegerField(choices=AssuranceLevel.choices, default=AssuranceLevel.SELF_DECLARED)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("akun")
        verbose_name_plural = _("akun")

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(_composed(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(_composed(raw_password))

    def __str__(self) -> str:
        return self.email or self.name or self.public_id

    def get_full_name(self) -> str:
        return self.name or str(self)

    def get_short_name(self) -> str:
        return self.get_full_name().split()[0]

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def last_name(self) -> str:
        return self.name.partition(" ")[2]


class AccessEntry(models.Model):
    """One use of a resident's data: who saw or received what, for which purpose. Rows are only ever added."""

    subject = models.ForeignKey(User, on_delete=models.PROTECT, related_name="access_entries", null=True)
    case_reference = models.CharField(max_length=40, blank=True, db_index=True)
    actor = models.CharField(max_length=120)
    actor_department = models.CharField(max_length=60, blank=True)
    action = models.CharField(max_length=40)
    data = models.CharField(max_length=200)
    purpose = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=200, blank=True)
    correlation_id = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "-at"])]


from accounts.codes.models import OneTimeCode, SignInNumber  # noqa: E402  (the models of one app, in six files)
from accounts.consents.models import DataConsent  # noqa: E402
from accounts.guard.models import AccountNotice, Event, GuessCount  # noqa: E402
from accounts.roles.models import Act, RoleChange  # noqa: E402
from accounts.sso.models import (  # noqa: E402
    ClientProfile,
    Consent,
    ForwardSession,
    Grant,
    GrantToken,
    LinkedAccount,
    LinkRequest,
    LogoutNotice,
    Subject,
    UsedAssertion,
)

__all__ = [
    "AccessEntry",
    "AccountNotice",
    "Act",
    "AssuranceLevel",
    "ClientProfile",
    "Consent",
    "DataConsent",
    "Event",
    "ForwardSession",
    "Grant",
    "GrantToken",
    "GuessCount",
    "LinkRequest",
    "LinkedAccount",
    "LogoutNotice",
    "OneTimeCode",
    "RoleChange",
    "SignInNumber",
    "Subject",
    "UsedAssertion",
    "User",
    "UserManager",
]
