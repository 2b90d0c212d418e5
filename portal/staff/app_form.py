"""The form of an app: what `accounts.sso.clients.register` takes, said to a person who is no developer."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import jwt
from allauth.idp.oidc.models import Client
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sso import clients
from accounts.sso.provider import TOLD
from services.catalogue.models import Department, Service

WEB, PHONE, MACHINE = "web", "hp", "program"
KINDS = [
    (WEB, gettext_lazy("Aplikasi web di server dinas, punya rahasia")),
    (PHONE, gettext_lazy("Aplikasi di HP atau browser, tanpa rahasia")),
    (MACHINE, gettext_lazy("Program tanpa orang, memakai API atas nama dinas")),
]
_MACHINE_TOLD = {
    "connections:read": gettext_lazy("membaca sambungan dinasnya"),
    "connections:write": gettext_lazy("mengubah sambungan dinasnya"),
    "events:read": gettext_lazy("menerima kejadian permohonan dinasnya"),
}
_LINES = forms.Textarea(attrs={"rows": 3, "class": "k-input", "autocomplete": "off", "spellcheck": "false"})
_ONE = {"class": "k-input", "autocomplete": "off"}


def _text(label: Any, help_text: Any = "", *, required: bool = False, longest: int = 400, **more: Any) -> forms.CharField:
    errors = {"required": gettext_lazy("Isian ini wajib"), "max_length": gettext_lazy("Terlalu panjang")}
    widget = forms.TextInput(attrs=_ONE)
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=longest, widget=widget, error_messages=errors, **more
    )


class AppForm(forms.Form):
    client_id = _text(
        gettext_lazy("Kode aplikasi"),
        gettext_lazy("Huruf kecil, angka, dan tanda hubung, misalnya antrean-rsud. Tidak bisa diubah lagi"),
        required=True,
        longest=60,
        validators=[RegexValidator(r"\A[a-z0-9][a-z0-9-]+\Z", gettext_lazy("Hanya huruf kecil, angka, dan tanda hubung"))],
    )
    name = _text(gettext_lazy("Nama aplikasi"), gettext_lazy("Dibaca warga saat dimintai izin"), required=True, longest=100)
    department = forms.ModelChoiceField(
        Department.objects.filter(merged_into=None).order_by("name"),
        label=gettext_lazy("Dinas"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("Milik kota"),
        error_messages={"invalid_choice": gettext_lazy("Dinas itu tidak ada. Pilih dari daftar")},
        widget=forms.Select(attrs={"class": "k-select"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Jenis"),
        choices=KINDS,
        initial=WEB,
        widget=forms.Select(attrs={"class": "k-select"}),
        error_messages={"invalid_choice": gettext_lazy("Pilih dari daftar")},
    )
    purpose = _text(
        gettext_lazy("Untuk apa data dipakai"), gettext_lazy("Satu kalimat untuk warga"), required=True, longest=200
    )
    purpose_en = _text(gettext_lazy("Untuk apa data dipakai (Inggris)"), longest=200)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Yang boleh diketahui atau dilakukan aplikasi"),
        choices=[(name, words) for name, words in {**TOLD, **_MACHINE_TOLD}.items()],
        initial=["openid", "profile"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Pilih paling sedikit satu"),
            "invalid_choice": gettext_lazy("Pilih dari daftar"),
        },
    )
    redirect_uris = forms.CharField(
        label=gettext_lazy("Alamat kembali"),
        help_text=gettext_lazy("Satu alamat tiap baris, persis seperti dikirim aplikasi"),
        required=False,
        widget=_LINES,
    )
    post_logout_redirect_uris = forms.CharField(
        label=gettext_lazy("Alamat sesudah keluar"), required=False, widget=_LINES, help_text=gettext_lazy("Satu tiap baris")
    )
    backchannel_logout_uri = _text(
        gettext_lazy("Alamat pemberitahuan keluar"), gettext_lazy("Dikabari portal saat orangnya keluar")
    )
    min_level = forms.TypedChoiceField(
        label=gettext_lazy("Tingkat akun paling rendah"),
        coerce=int,
        choices=[
            (1, gettext_lazy("1: pernyataan sendiri")),
            (2, gettext_lazy("2: NIK terverifikasi")),
            (3, gettext_lazy("3: langkah kedua dalam 15 menit terakhir")),
        ],
        initial=1,
        widget=forms.Select(attrs={"class": "k-select"}),
        error_messages={"invalid_choice": gettext_lazy("Pilih dari daftar")},
    )
    service = _text(gettext_lazy("Kode layanan"), gettext_lazy("Layanan yang tombolnya membuka aplikasi ini"), longest=100)
    address = _text(gettext_lazy("Alamat tombol itu"), gettext_lazy("Alamat aplikasi yang langsung memulai masuk"))
    link_uri = _text(
        gettext_lazy("Alamat penautan akun lama"), gettext_lazy("Tempat orang membuktikan akun lamanya di aplikasi ini")
    )
    jwks = forms.CharField(
        label=gettext_lazy("Kunci publik (JWKS)"),
        help_text=gettext_lazy("Kalau diisi, aplikasi membuktikan diri dengan kuncinya sendiri dan tidak punya rahasia"),
        required=False,
        widget=_LINES,
    )

    def __init__(self, *args: Any, client: Client | None = None, **kwargs: Any) -> None:
        if client is not None:
            kwargs["initial"] = _values_of(client)
        super().__init__(*args, **kwargs)
        self.client = client
        if client is not None:
            del self.fields["client_id"]

    @property
    def problems(self) -> list[dict[str, str]]:
        found = [{"anchor": str(field.auto_id), "text": f"{field.label}: {text}"} for field in self for text in field.errors]
        first = str(next(iter(self)).auto_id)
        return found + [{"anchor": first, "text": str(text)} for text in self.non_field_errors()]

    def clean_client_id(self) -> str:
        name: str = self.cleaned_data["client_id"]
        if Client.objects.filter(pk=name).exists():
            raise ValidationError(_("Kode itu sudah dipakai. Pilih kode lain"))
        return name

    def clean_name(self) -> str:
        """People read it when they are asked: no sign that turns the text around or cannot be seen."""
        name: str = self.cleaned_data["name"]
        if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs") for sign in name):
            raise ValidationError(_("Nama berisi tanda yang tidak terlihat. Tulis ulang dengan huruf biasa"))
        return name

    def clean_redirect_uris(self) -> list[str]:
        return self._addresses("redirect_uris")

    def clean_post_logout_redirect_uris(self) -> list[str]:
        return self._addresses("post_logout_redirect_uris")

    def clean_backchannel_logout_uri(self) -> str:
        return self._address("backchannel_logout_uri")

    def clean_link_uri(self) -> str:
        return self._address("link_uri")

    def clean_address(self) -> str:
        return self._address("address")

    def clean_service(self) -> str:
        code: str = self.cleaned_data["service"].strip()
        if code and not Service.objects.filter(code=code).exists():
            raise ValidationError(_("Tidak ada layanan dengan kode itu"))
        return code

    def clean_jwks(self) -> dict[str, Any]:
        text = self.cleaned_data["jwks"].strip()
        if not text:
            return {}
        try:
            found = json.loads(text)
            keys = found["keys"]
            right = isinstance(keys, list) and keys and all(key["kty"] in ("RSA", "EC") for key in keys)
            secret = any("d" in key for key in keys)
            for key in keys if right and not secret else []:
                jwt.PyJWK.from_dict(key)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, jwt.PyJWTError):
            right = secret = False
        if not right:
            raise ValidationError(_('Bukan JWKS. Bentuknya {"keys": [...]} dengan kunci RSA atau EC'))
        if secret:
            raise ValidationError(
                _("Ini kunci rahasia. Tempel kunci publiknya saja, dan buat kunci baru: yang ini sudah terbaca")
            )
        return dict(found)

    def clean(self) -> dict[str, Any]:
        kind, scopes = self.cleaned_data.get("kind"), set(self.cleaned_data.get("scopes", []))
        if kind == MACHINE and scopes - set(clients.CLIENT_SCOPES):
            self.add_error("scopes", _("Program tanpa orang tidak mengetahui data orang. Pilih hanya yang tentang dinasnya"))
        elif kind != MACHINE and scopes & set(clients.CLIENT_SCOPES):
            self.add_error("scopes", _("Yang tentang sambungan dan kejadian dinas hanya untuk program tanpa orang"))
        elif kind != MACHINE and scopes and "openid" not in scopes:
            self.add_error("scopes", _("Pilih juga yang pertama: tanpa itu orang tidak bisa masuk"))
        if kind == MACHINE and not self.cleaned_data.get("department"):
            self.add_error("department", _("Program tanpa orang bekerja untuk satu dinas. Pilih dinasnya"))
        if kind != MACHINE and "redirect_uris" not in self.errors and not self.cleaned_data.get("redirect_uris"):
            self.add_error("redirect_uris", _("Tulis paling sedikit satu alamat kembali"))
        if kind == PHONE and self.cleaned_data.get("jwks"):
            self.add_error("jwks", _("Aplikasi di HP tidak bisa menyimpan kunci. Kosongkan"))
        return self.cleaned_data

    def register(self, *, approved: bool) -> tuple[Client, str]:
        """The app and its new secret, "" when it has none or keeps its own."""
        given = dict(self.cleaned_data)
        client_id = self.client.pk if self.client is not None else given.pop("client_id")
        kind, name, department = given.pop("kind"), given.pop("name"), given.pop("department")
        if kind == MACHINE:
            given["redirect_uris"] = given["post_logout_redirect_uris"] = []
        return clients.register(
            client_id,
            name,
            public=kind == PHONE,
            grants=["client_credentials"] if kind == MACHINE else ["authorization_code", "refresh_token"],
            department=department.code if department else "",
            sector=self.client.profile.sector if self.client is not None else "",
            approved=approved,
            **given,
        )

    def _addresses(self, name: str) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        self._check(lines)
        return lines

    def _address(self, name: str) -> str:
        found: str = self.cleaned_data[name].strip()
        self._check([found] if found else [])
        return found

    def _check(self, addresses: Sequence[str]) -> None:
        for uri in addresses:
            try:
                clients.check_address(uri, public=self.cleaned_data.get("kind") == PHONE)
            except clients.RegistrationError:
                text = _("%(uri)s bukan alamat yang aman. Pakai https:// yang lengkap, tanpa #, *, @, dan spasi")
                raise ValidationError(text % {"uri": uri[:200]}) from None


def _values_of(client: Client) -> dict[str, Any]:
    profile = client.profile
    machine = client.get_grant_types() == ["client_credentials"]
    return {
        "name": client.name,
        "department": profile.department or None,
        "kind": PHONE if client.type == Client.Type.PUBLIC else MACHINE if machine else WEB,
        "purpose": profile.purpose,
        "purpose_en": profile.purpose_en,
        "scopes": client.get_scopes(),
        "redirect_uris": "\n".join(client.get_redirect_uris()),
        "post_logout_redirect_uris": "\n".join(client.get_post_logout_redirect_uris()),
        "backchannel_logout_uri": profile.backchannel_logout_uri,
        "min_level": profile.min_level,
        "service": profile.service,
        "address": profile.address,
        "link_uri": profile.link_uri,
        "jwks": json.dumps(profile.jwks, indent=1) if profile.jwks else "",
    }
