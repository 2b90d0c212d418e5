"""Our hooks into allauth's second factors: secrets are encrypted at rest, names come from settings, never from a request."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.factors.rules import is_staff
from portal.lib import crypto


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
