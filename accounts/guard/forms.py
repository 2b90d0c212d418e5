"""allauth's forms of the account in our words."""

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    ConfirmLoginCodeForm,
    LoginForm,
    ReauthenticateForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

_PASSWORD_HELP = format_lazy(
    "{} {}",
    _("Paling sedikit 15 huruf. Kalimat pendek mudah diingat, dan spasi boleh dipakai."),
    _("Jangan memakai nama Anda, nama kota, atau urutan seperti 12345."),
)
_LABELS = {
    "login": _("Email"),
    "email": _("Email"),
    "password": _("Kata sandi"),
    "oldpassword": _("Kata sandi sekarang"),
    "password1": _("Kata sandi baru"),
    "password2": _("Kata sandi baru sekali lagi"),
}


class InOurWords(forms.Form):
    words: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = {**_LABELS, **self.words}.get(name, field.label)
            if name == "password":
                field.help_text = ""
            if name == "password1":
                field.help_text = _PASSWORD_HELP


class SignIn(InOurWords, LoginForm):
    pass


class SignUp(InOurWords, SignupForm):
    words = {"password1": _("Kata sandi")}


class SignInAgain(InOurWords, ReauthenticateForm):
    pass


class ChangePassword(InOurWords, ChangePasswordForm):
    pass


class SetPassword(InOurWords, SetPasswordForm):
    pass


class ForgottenPassword(InOurWords, ResetPasswordForm):
    pass


class NewPassword(InOurWords, ResetPasswordKeyForm):
    pass


class AddEmail(InOurWords, AddEmailForm):
    pass


class AskCodeForm(RequestLoginCodeForm):
    email = forms.EmailField(label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class WriteCodeForm(ConfirmLoginCodeForm):
    code = forms.CharField(
        label=_("Kode dari email"),
        max_length=20,
        error_messages={"required": _("Tulis kodenya")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
