"""allauth's forms of the account in our words."""

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
    UserTokenForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.codes.forms import add_channel
from accounts.codes.identifiers import EmailField, WayField, is_number
from accounts.codes.views import begin_sign_up
from accounts.guard import claims
from accounts.guard.passwords import GuessableValidator
from accounts.models import User

_PASSWORD_HELP = format_lazy(
    "{} {}",
    _("Paling sedikit 15 huruf. Kalimat pendek mudah diingat, dan spasi boleh dipakai."),
    _("Jangan memakai nama Anda, nama kota, atau urutan seperti 12345."),
)
_LABELS = {
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
    """With an address or a number, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = WayField()
        self.order_fields(["login", "password"])

    def user_credentials(self) -> dict[str, str]:
        way = self.cleaned_data["login"]
        return {"phone" if is_number(way) else "email": way, "password": self.cleaned_data["password"]}


class SignUp(InOurWords, SignupForm):
    """With an address or a number."""

    words = {"password1": _("Kata sandi")}
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = WayField()
        add_channel(self)
        self.order_fields(["name", "email", "channel", "password1"])

    def clean_email(self) -> str:
        way: str = self.cleaned_data["email"]
        return way if is_number(way) else str(super().clean_email())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        way, password = cleaned.get("email", ""), cleaned.get("password1", "")
        if is_number(way) and password:
            try:
                GuessableValidator().validate(password, User(name=cleaned.get("name", ""), phone=way))
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned

    def try_save(self, request: HttpRequest) -> Any:
        """An address that somebody only claimed is as free as any."""
        if is_number(self.cleaned_data["email"]):
            return None, begin_sign_up(request, self)
        if self.account_already_exists and claims.make_room(self.cleaned_data["email"]):
            self.account_already_exists = False
        user, answer = super().try_save(request)
        if user is not None:
            claims.claimed_here(request, user)
        return user, answer


class SignInAgain(InOurWords, ReauthenticateForm):
    pass


class ChangePassword(InOurWords, ChangePasswordForm):
    pass


class SetPassword(InOurWords, SetPasswordForm):
    pass


class ForgottenPassword(InOurWords, ResetPasswordForm):
    """Of an address or a number."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = WayField()
        add_channel(self)

    def clean_email(self) -> str:
        """A link goes to whose address it is, never to an account that only claims it beside its own."""
        way: str = self.cleaned_data["email"]
        if is_number(way):
            return way
        way = str(super().clean_email())
        owner = claims.owner_of(way)
        self.users = [owner] if owner else []
        return way


class NewPassword(InOurWords, ResetPasswordKeyForm):
    pass


class ResetLink(UserTokenForm):
    """A link to a new password names its person by the public name."""

    def _get_user(self, uidb36: str | None) -> User | None:
        return User.objects.filter(public_id=uidb36 or "").first()


class AddEmail(InOurWords, AddEmailForm):
    email = EmailField()
