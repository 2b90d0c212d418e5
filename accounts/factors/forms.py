"""Forms of the second factor, in our words. The field names are allauth's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter as account_hooks
from allauth.account.authentication import get_authentication_records
from allauth.core import context, ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt, is_mfa_enabled
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.factors import totp
from accounts.guard import devices, guessing

_NOT_A_DIGIT = re.compile(r"\D")


def _code_field(label: Any, help_text: Any = "") -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=20,
        error_messages={"required": _("Tulis kodenya")},
        widget=forms.TextInput(attrs=attrs),
    )


def _count_of(user: Any) -> str:
    """Whoever only knows the password keeps no owner out: neither where the owner is known, nor after a code by message."""
    if devices.is_known(context.request, user):
        return guessing.codes_where_known(user)
    shown = get_authentication_records(context.request, user)
    by_message = bool(shown) and shown[-1]["method"] == "code"
    return guessing.codes_after_message(user) if by_message else guessing.codes_of(user)


def _counted(user: Any) -> Any:
    """Count one guess at this person's codes. Returns what forgets it after success."""
    key = _count_of(user)
    if not ratelimit.consume(context.request, action="code"):
        raise account_hooks().validation_error("too_many_login_attempts")
    if not guessing.may_guess(key):
        guessing.tell_owner(key, user)
        raise account_hooks().validation_error("too_many_login_attempts")
    return lambda: guessing.forget(key)


class _Code(forms.Form):
    """The code of an authenticator app, or one recovery code."""

    user: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_mfa_enabled(self.user, [Authenticator.Type.TOTP]):
            self.fields["code"].label, self.fields["code"].help_text = (
                _("Satu kode cadangan"),
                _("8 angka, tiap kode satu kali"),
            )

    def clean_code(self) -> str:
        forget = _counted(self.user)
        code = _NOT_A_DIGIT.sub("", self.cleaned_data["code"])
        for found in Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN):
            right = totp.spend(found, code) if found.type == Authenticator.Type.TOTP else found.wrap().validate_code(code)
            if code and right:
                self.authenticator = found
                forget()
                return code
        raise get_adapter().validation_error("incorrect_code")


class CodeForm(_Code, AuthenticateForm):
    code = _code_field(_("Kode"), _("6 angka dari aplikasi autentikator, atau satu kode cadangan"))


class CodeAgainForm(_Code, ReauthenticateForm):
    code = _code_field(_("Kode"), _("6 angka dari aplikasi autentikator, atau satu kode cadangan"))


class ActivateForm(ActivateTOTPForm):
    """While it is set up the secret waits in the session, encrypted."""

    code = _code_field(_("Kode dari aplikasi"), _("6 angka yang tampil setelah kode QR dipindai"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        kept = session.get(SECRET_SESSION_KEY) if self.is_bound else None
        self.secret = decrypt(kept) if kept else generate_totp_secret()
        if not kept:
            session[SECRET_SESSION_KEY] = encrypt(self.secret)

    def clean_code(self) -> str:
        forget = _counted(self.user)
        code = _NOT_A_DIGIT.sub("", self.cleaned_data["code"])
        if totp.matching_counter(self.secret, code) is None:
            raise get_adapter().validation_error("incorrect_code")
        forget()
        return code


@contextmanager
def _forgery_is_refused() -> Iterator[None]:
    """allauth and fido2 raise whatever they stumble over in an answer that no browser gives."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, InvalidSignature):
        raise get_adapter().validation_error("incorrect_code") from None


class _Passkey(forms.Form):
    def clean_credential(self) -> Authenticator:
        with _forgery_is_refused():
            found: Authenticator = super().clean_credential()  # type: ignore[misc]
            return found


class PasskeySignInForm(_Passkey, LoginWebAuthnForm):
    """Instead of e-mail and password."""


class PasskeyForm(_Passkey, AuthenticateWebAuthnForm):
    """After the password."""


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):
    """Of somebody who is signed in."""


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey signs in alone: the device asks for its own PIN, finger or face."""

    name = forms.CharField(label=_("Nama kunci"), max_length=60, required=False, help_text=_("Misalnya: HP kantor"))
    passwordless = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        with _forgery_is_refused():
            cleaned: dict[str, Any] = super().clean()
            return cleaned


class RenamePasskeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Nama kunci"), max_length=60, error_messages={"required": _("Tulis nama kunci")})
