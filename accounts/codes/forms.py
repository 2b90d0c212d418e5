"""Asking for a one-time code, writing it, and the phone number of the account."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.codes.identifiers import NumberField, WayField, is_number
from portal.lib.channels import offered

_CHANNELS = {"sms": _("SMS"), "whatsapp": _("WhatsApp")}


class ChannelField(forms.ChoiceField):
    """The first way that is offered, unless another is chosen."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value) or next(iter(offered()), "")


def channel_field() -> forms.ChoiceField:
    return ChannelField(
        label=_("Kode untuk nomor HP dikirim lewat"),
        choices=[(name, _CHANNELS[name]) for name in offered()],
        initial=next(iter(offered()), ""),
        widget=forms.Select(attrs={"autocomplete": "off"}),
        error_messages={"invalid_choice": _("Pilih dari daftar")},
    )


def add_channel(form: forms.Form) -> None:
    """Where there is something to choose."""
    if len(offered()) > 1:
        form.fields["channel"] = channel_field()


def channel_for(form: forms.Form, way: str) -> str:
    if not is_number(way):
        return "email"
    return form.cleaned_data.get("channel") or next(iter(offered()), "")


class AskCode(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = WayField()
        add_channel(self)


class NewNumber(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"] = NumberField(label=_("Nomor HP baru"))
        add_channel(self)


class WriteCode(forms.Form):
    code = forms.CharField(
        label=_("Kode"),
        help_text=_("Angka dari pesan itu"),
        max_length=20,
        error_messages={"required": _("Tulis kodenya")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", self.cleaned_data["code"]))
