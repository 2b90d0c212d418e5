"""What sign-up asks beyond e-mail and password; and how a person is called."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class SignupForm(forms.Form):
    name = forms.CharField(label=_("Nama lengkap"), max_length=120, help_text=_("Sesuai KTP"))

    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: Any) -> None:
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=["name"])


class OwnName(forms.Form):
    name = forms.CharField(
        label=_("Nama lengkap"),
        max_length=120,
        help_text=_("Sesuai KTP"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Isi nama lengkap Anda"), "max_length": _("Nama paling banyak 120 huruf")},
    )

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())
