"""Our hooks into allauth's own sign-in (allauth calls these classes adapters; that word is taken here)."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.sso.constants import SID
from accounts.sso.logout import end_session

MAX_EMAIL = 254


class LoginHooks(DefaultAccountAdapter):
    """Links in mails come from the setting PUBLIC_URL, never from the request."""

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return settings.PUBLIC_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})

    def logout(self, request: HttpRequest) -> None:
        """Signing out here signs out of every app of this session."""
        end_session(request.session.get(SID, ""))
        super().logout(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not again right after signing in: the newest proof of this session counts."""
        records = get_authentication_records(context.request, context.request.user)
        if records and time.time() - float(records[-1]["at"]) < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor shows it again: whoever only knows the password changes nothing here."""
        words = {
            "reauthenticate": _("Pakai kata sandi"),
            "mfa_reauthenticate": _("Pakai kode dari aplikasi autentikator"),
            "mfa_reauthenticate:webauthn": _("Pakai kunci sandi"),
        }
        found = [{**method, "description": words[method["id"]]} for method in super().get_reauthentication_methods(user)]
        return [method for method in found if method["id"] != "reauthenticate"] or found

    def clean_email(self, email: str) -> str:
        if len(email) > MAX_EMAIL:
            raise ValidationError(_("Email paling banyak 254 huruf. Periksa lagi alamatnya"))
        return str(super().clean_email(email))
