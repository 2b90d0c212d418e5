"""What people type to say who they are: an e-mail address or a phone number, each in one written form only.

Names that look alike must not be two accounts: an address has ASCII letters before the @, in lower case, and its domain is
kept and compared as DNS knows it (punycode, by IDNA 2008: straße.de is not strasse.de). A number is kept as E.164, however it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import idna
import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from portal.lib.channels import offered

MAX_EMAIL = 254
MAX_TYPED = 320
_TYPED_NUMBER = re.compile(r"\+?[0-9 ().\-/]{6,40}")
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_number(way: str) -> bool:
    return way.startswith("+") and "@" not in way


def clean_email(typed: str) -> str:
    """The one written form of an address. Raises ValidationError."""
    text = unicodedata.normalize("NFKC", typed).strip().lower()
    local, _at, domain = text.rpartition("@")
    domain = domain.rstrip(".")
    if len(text) > MAX_EMAIL:
        raise ValidationError(_("Email paling banyak 254 huruf. Periksa lagi alamatnya"), code="invalid")
    if not local.isascii():
        raise ValidationError(_("Bagian email sebelum @ hanya huruf a-z, angka, dan tanda biasa"), code="invalid")
    try:
        known = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        known = ""
    try:
        validate_email(f"{local}@{known}")
    except ValidationError:
        raise ValidationError(_("Tulis email seperti nama@contoh.id"), code="invalid") from None
    return f"{local}@{known}"


def clean_number(typed: str) -> str:
    """E.164, of a mobile phone of `PHONE_REGIONS`. Raises ValidationError."""
    text = unicodedata.normalize("NFKC", typed).strip()
    text = re.sub(r"\s+", " ", re.sub(r"[\u2010-\u2015\u2212]", "-", text))
    wrong = ValidationError(_("Tulis nomor HP seperti 0812 3456 7890"), code="invalid")
    if not _TYPED_NUMBER.fullmatch(text):
        raise wrong
    home = phonenumbers.country_code_for_region(settings.PHONE_REGIONS[0])
    text = re.sub(rf"^\(?00[ ().\-/]*(?={home})", "+", text)  # as dialled from abroad
    try:
        number = phonenumbers.parse(text, settings.PHONE_REGIONS[0])
    except phonenumbers.NumberParseException:
        raise wrong from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise wrong
    if phonenumbers.region_code_for_number(number) not in settings.PHONE_REGIONS:
        raise ValidationError(_("Nomor dari negara itu tidak bisa dipakai di sini"), code="invalid")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def identify(typed: str) -> str:
    """An address or, where short messages can be sent, a number."""
    if "@" in unicodedata.normalize("NFKC", typed) or not offered():
        return clean_email(typed)
    if re.search(r"[^\W\d_]", typed):
        raise ValidationError(_("Tulis email seperti nama@contoh.id, atau nomor HP seperti 0812 3456 7890"), code="invalid")
    return clean_number(typed)


def shown(number: str) -> str:
    """Enough to recognise one's own: +62 8•• •••• 7890"""
    return f"{number[:3]} {number[3:4]}•• •••• {number[-4:]}"


class EmailField(forms.EmailField):
    """An address in its one written form."""

    default_validators: list[Any] = []

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return clean_email(text) if text else ""


class NumberField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("label", _("Nomor HP"))
        kwargs.setdefault("help_text", _("Contoh: 0812 3456 7890"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return clean_number(text) if text else ""


class WayField(forms.CharField):
    """An e-mail address or a phone number."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_TYPED)
        attrs = {"autocomplete": kwargs.pop("autocomplete", "username"), "inputmode": "email"}
        kwargs.setdefault("widget", forms.TextInput(attrs={**attrs, "autocapitalize": "none", "spellcheck": "false"}))
        super().__init__(**kwargs)
        self.both = bool(offered())
        self.label = _("Email atau nomor HP") if self.both else _("Email")
        if self.both:
            self.help_text = _("Contoh: nama@contoh.id atau 0812 3456 7890")

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return identify(text) if text else ""
