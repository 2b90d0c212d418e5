"""Our hooks into allauth's second factors: secrets are encrypted at rest, names come from settings, never from a request."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.factors.rules import is_staff
from portal.lib import crypto


def _secrets() -> QuerySet[Authenticator]:
    return Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)


def _is_under_newest(row: Authenticator) -> bool:
    return all(crypto.is_newest(row.data[name]) for name in ("secret", "seed") if name in row.data)


def count_old_keys() -> int:
    """Seeds of authenticator apps and recovery codes that are still under an older key."""
    return sum(1 for row in _secrets() if not _is_under_newest(row))


def renew_keys() -> int:
    """Put them under the newest key; returns how many rows were changed. Raises DecryptionError."""
    changed = 0
    for pk in _secrets().values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None and not _is_under_newest(row):
                row.data |= {name: crypto.renew(row.data[name]) for name in ("secret", "seed") if name in row.data}
                row.save(update_fields=["data"])
                changed += 1
    return changed


class FactorHooks(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        "add_email_blocked": gettext_lazy("Cabut langkah kedua dulu, lalu tambah alamat email"),
        "cannot_delete_authenticator": gettext_lazy(
            "Petugas harus punya langkah kedua. Pasang yang baru dulu, lalu cabut yang ini"
        ),
        "cannot_generate_recovery_codes": gettext_lazy("Pasang langkah kedua dulu, lalu buat kode cadangan"),
        "incorrect_code": gettext_lazy("Kode tidak cocok atau sudah dipakai. Tulis kode yang tampil sekarang"),
        "unverified_email": gettext_lazy("Konfirmasikan alamat email Anda dulu, lalu pasang langkah kedua"),
    }

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text.encode())

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text).decode()

    def get_totp_issuer(self) -> str:
        return str(settings.PORTAL_NAME)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": settings.PORTAL_NAME}

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Kunci sandi %(number)d") % {"number": count + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep one at least."""
        if authenticator.type == Authenticator.Type.RECOVERY_CODES or not is_staff(authenticator.user):
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
