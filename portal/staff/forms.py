"""Forms of roles and accounts. What may be is decided by the actions; here only what was typed is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.permissions import CityRole
from accounts.roles.record import MAX_REASON
from services.catalogue.models import DepartmentRole

_MAY = {
    DepartmentRole.CLERK: _("melihat dan memutuskan permohonan dinas"),
    DepartmentRole.EDITOR: _("menulis halaman dan formulir dinas"),
    DepartmentRole.REVIEWER: _("menyetujui halaman sebelum terbit"),
    DepartmentRole.MANAGER: _("mengelola anggota, melihat semua permohonan dinas"),
    DepartmentRole.INTEGRATOR: _("mengelola sambungan ke sistem dinas"),
    CityRole.COORDINATOR: _("memeriksa, menggabung, dan membagi aduan"),
    CityRole.CONFIDENTIAL: _("membuka aduan rahasia; hanya bersama koordinator"),
    CityRole.LEADERSHIP: _("melihat angka dan yang perlu perhatian, tanpa data pribadi"),
    CityRole.OPERATOR: _("mengelola dinas, pengguna, dan sistem, tanpa isi permohonan"),
}


def _explained(roles: type[DepartmentRole] | type[CityRole]) -> list[tuple[str, Any]]:
    return [(role.value, format_lazy("{}: {}", role.label, _MAY[role])) for role in roles]


class Reasoned(forms.Form):
    """A reason on one line; `need_reason` says that it may not be left out."""

    alasan = forms.CharField(
        label=_("Alasan"),
        max_length=MAX_REASON,
        required=False,
        error_messages={"max_length": _("Alasan paling banyak 300 huruf")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_alasan(self) -> str:
        return " ".join(str(self.cleaned_data["alasan"]).split())

    @property
    def problems(self) -> list[dict[str, str]]:
        """For the summary above the form: each line leads to its field."""
        found = [{"anchor": str(field.auto_id), "text": str(text)} for field in self for text in field.errors]
        first = str(next(iter(self)).auto_id)
        return found + [{"anchor": first, "text": str(text)} for text in self.non_field_errors()]

    def need_reason(self) -> None:
        if not self.cleaned_data.get("alasan") and "alasan" not in self.errors:
            self.add_error("alasan", _("Tulis alasannya. Orang itu membacanya juga"))


class AddMemberForm(Reasoned):
    email = forms.EmailField(
        label=_("Alamat email"),
        max_length=254,
        error_messages={
            "required": _("Tulis alamat email orang itu"),
            "invalid": _("Alamat email tidak lengkap. Contoh: nama@contoh.id"),
            "max_length": _("Email paling banyak 254 huruf. Periksa lagi alamatnya"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    peran = forms.MultipleChoiceField(
        label=_("Peran"),
        choices=_explained(DepartmentRole),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Pilih paling sedikit satu peran"),
            "invalid_choice": _("Peran itu tidak dikenal. Pilih dari daftar"),
        },
    )
    field_order = ["email", "peran", "alasan"]


class MemberRolesForm(Reasoned):
    """The roles that somebody has from now on; none of them means leaving the department."""

    peran = forms.MultipleChoiceField(
        label=_("Peran"),
        choices=_explained(DepartmentRole),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Peran itu tidak dikenal. Pilih dari daftar")},
    )
    field_order = ["peran", "alasan"]

    def __init__(self, *args: Any, have: set[DepartmentRole], leave: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.have, self.leave = have, leave

    def clean(self) -> dict[str, Any]:
        wanted = set() if self.leave else set(self.cleaned_data.get("peran", []))
        if "peran" not in self.errors and not wanted and not self.leave:
            self.add_error("peran", _("Pilih paling sedikit satu peran, atau tekan Keluarkan dari dinas"))
        elif self.have - wanted:
            self.need_reason()
        self.cleaned_data["peran"] = sorted(wanted)
        return self.cleaned_data


class CityRolesForm(Reasoned):
    peran = forms.MultipleChoiceField(
        label=_("Peran"),
        choices=_explained(CityRole),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Peran itu tidak dikenal. Pilih dari daftar")},
    )
    field_order = ["peran", "alasan"]

    def clean(self) -> dict[str, Any]:
        self.need_reason()
        return self.cleaned_data


class AccountForm(Reasoned):
    """What to do with an account, and why."""

    ACTS = ("nonaktif", "aktif", "sesi", "langkah-kedua")
    tindakan = forms.ChoiceField(
        choices=[(act, act) for act in ACTS],
        error_messages={"required": _("Pilih satu tindakan"), "invalid_choice": _("Pilih satu tindakan")},
        widget=forms.HiddenInput,
    )

    def clean(self) -> dict[str, Any]:
        self.need_reason()
        return self.cleaned_data
