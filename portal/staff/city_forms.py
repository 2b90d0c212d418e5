"""Forms of the city's own data: departments, holidays, notices. What may be is decided by the actions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib.clocks import today
from portal.staff.forms import Reasoned
from services.catalogue.models import Department, Notice

KINDS = [
    ("dinas", _("Dinas")),
    ("badan", _("Badan")),
    ("sekretariat", _("Sekretariat")),
    ("inspektorat", _("Inspektorat")),
    ("satuan", _("Satuan")),
    ("rumah_sakit", _("Rumah sakit")),
    ("bumd", _("BUMD")),
]
_WORDS = forms.TextInput(attrs={"class": "k-input", "autocomplete": "off"})
_LINES = {"rows": 3, "class": "k-input", "maxlength": 400}
_TOO_LONG = _("Terlalu panjang. Ringkas lagi")


def _words(label: Any, help_text: Any = "", *, longest: int, required: bool = True, missing: Any = "", **more: Any) -> Any:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=longest,
        required=required,
        widget=_WORDS,
        error_messages={"required": missing, "max_length": _TOO_LONG},
        **more,
    )


class Grounded(Reasoned):
    """What changes the city's own order is never done without its ground."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["alasan"].required = True
        self.fields["alasan"].error_messages["required"] = _("Tulis dasarnya, misalnya nomor peraturan wali kota")


class DepartmentForm(Grounded):
    """What a department is; `code` is asked for a new one only, since it never changes."""

    code = _words(
        _("Kode"),
        _("Huruf kecil, angka, dan tanda hubung. Dipakai di alamat dan API, tidak pernah berubah. Contoh: dinas-arsip"),
        longest=60,
        missing=_("Isi kode dinas. Contoh: dinas-arsip"),
        validators=[RegexValidator(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", _("Kode hanya huruf kecil, angka, dan tanda hubung"))],
    )
    name = _words(_("Nama"), longest=160, missing=_("Isi nama dinas"))
    name_en = _words(_("Nama dalam bahasa Inggris"), longest=160, required=False)
    short_name = _words(_("Nama pendek"), _("Contoh: DLH"), longest=60, missing=_("Isi nama pendek dinas"))
    kind = forms.ChoiceField(
        label=_("Jenis"),
        choices=KINDS,
        widget=forms.Select(attrs={"class": "k-select"}),
        error_messages={"required": _("Pilih jenisnya"), "invalid_choice": _("Pilih jenis dari daftar")},
    )
    address = _words(_("Alamat kantor"), longest=240, required=False)
    phone = _words(_("Telepon"), longest=40, required=False)
    email = forms.EmailField(
        label=_("Alamat email"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"class": "k-input", "autocomplete": "off"}),
        error_messages={"invalid": _("Alamat email tidak lengkap. Contoh: dinas@contoh.id")},
    )

    def __init__(self, *args: Any, department: Department | None = None, **kwargs: Any) -> None:
        self.department = department
        if department is not None and "initial" not in kwargs:
            kwargs["initial"] = {name: getattr(department, name) for name in self.base_fields if hasattr(department, name)}
        super().__init__(*args, **kwargs)
        if department is None:
            return
        del self.fields["code"]
        if department.kind not in dict(KINDS):  # a kelurahan stays one
            del self.fields["kind"]

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("alasan", "code")}


class MergeForm(Grounded):
    into = forms.ModelChoiceField(
        Department.objects.none(),
        label=_("Digabung ke"),
        to_field_name="code",
        empty_label=_("Pilih dinas"),
        error_messages={"required": _("Pilih dinas yang mengambil alih"), "invalid_choice": _("Pilih dinas dari daftar")},
        widget=forms.Select(attrs={"class": "k-select"}),
    )
    yakin = _words(
        _("Tulis kode dinas yang akan hilang"),
        _("Supaya tidak tergabung karena salah tekan. Penggabungan tidak bisa dibatalkan."),
        longest=60,
        missing=_("Tulis kode dinas yang akan hilang"),
    )
    field_order = ["into", "alasan", "yakin"]

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.department = department
        others = Department.objects.filter(is_template=False, merged_into=None).exclude(pk=department.pk)
        self.fields["into"].queryset = others.filter(kind__in=dict(KINDS)).order_by("name")  # type: ignore[attr-defined]

    def clean_yakin(self) -> str:
        if self.cleaned_data["yakin"].strip() != self.department.code:
            raise forms.ValidationError(_("Kode itu bukan kode dinas ini. Salin dari atas halaman"))
        return str(self.cleaned_data["yakin"])


class HolidayForm(forms.Form):
    day = forms.DateField(
        label=_("Tanggal"),
        widget=forms.DateInput(attrs={"class": "k-input k-w10", "type": "date"}),
        error_messages={"required": _("Isi tanggalnya"), "invalid": _("Isi tanggal yang ada, misalnya 17-08-2027")},
        input_formats=["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"],
    )
    name = _words(_("Nama hari libur"), longest=120, missing=_("Isi nama hari libur"))

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if abs(day.year - today().year) > 5:
            raise forms.ValidationError(_("Tahun itu terlalu jauh. Periksa lagi tanggalnya"))
        return day


_MOMENT = forms.DateTimeInput(attrs={"class": "k-input k-w16", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y %H.%M", "%d/%m/%Y %H:%M", "%d/%m/%Y %H.%M"]


class NoticeForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Jenis"),
        choices=Notice.Kind.choices,
        widget=forms.Select(attrs={"class": "k-select"}),
        error_messages={"required": _("Pilih jenisnya"), "invalid_choice": _("Pilih jenis dari daftar")},
    )
    title = _words(
        _("Judul"), _("Apa yang terjadi. Contoh: Sistem kependudukan dirawat"), longest=120, missing=_("Isi judulnya")
    )
    text = forms.CharField(
        label=_("Isi"),
        help_text=_("Paling banyak tiga kalimat: kapan, apa yang tidak bisa, apa yang tetap bisa."),
        max_length=400,
        widget=forms.Textarea(attrs=_LINES),
        error_messages={"required": _("Isi pengumumannya"), "max_length": _TOO_LONG},
    )
    title_en = _words(_("Judul dalam bahasa Inggris"), longest=120, required=False)
    text_en = forms.CharField(
        label=_("Isi dalam bahasa Inggris"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        error_messages={"max_length": _TOO_LONG},
    )
    department = forms.ModelChoiceField(
        Department.objects.filter(is_template=False, merged_into=None).order_by("name"),
        label=_("Untuk"),
        required=False,
        to_field_name="code",
        empty_label=_("Seluruh kota, di setiap halaman"),
        error_messages={"invalid_choice": _("Pilih dari daftar")},
        widget=forms.Select(attrs={"class": "k-select"}),
    )
    starts_at = forms.DateTimeField(
        label=_("Mulai tampil"),
        help_text=_("Waktu Indonesia Barat. Kosongkan untuk sekarang juga."),
        required=False,
        widget=_MOMENT,
        input_formats=_MOMENTS,
        error_messages={"invalid": _("Isi tanggal dan jam, misalnya 24-11-2026 22.00")},
    )
    ends_at = forms.DateTimeField(
        label=_("Selesai tampil"),
        help_text=_("Kosongkan bila belum tahu; Anda mengakhirinya sendiri nanti."),
        required=False,
        widget=_MOMENT,
        input_formats=_MOMENTS,
        error_messages={"invalid": _("Isi tanggal dan jam, misalnya 25-11-2026 04.00")},
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        now = timezone.now()
        starts: datetime = values.get("starts_at") or now
        ends: datetime | None = values.get("ends_at")
        if "ends_at" not in self.errors and ends is not None:
            if ends <= now:
                self.add_error("ends_at", _("Waktu selesai sudah lewat. Isi waktu yang akan datang"))
            elif ends <= starts:
                self.add_error("ends_at", _("Waktu selesai harus sesudah waktu mulai"))
        if starts > now + timedelta(days=366):
            self.add_error("starts_at", _("Waktu mulai lebih dari setahun lagi. Periksa tahunnya"))
        if starts < now - timedelta(days=366):
            self.add_error("starts_at", _("Waktu mulai lebih dari setahun yang lalu. Periksa tahunnya"))
        if ends is not None and ends > now + timedelta(days=2 * 366):
            self.add_error("ends_at", _("Waktu selesai lebih dari dua tahun lagi. Periksa tahunnya, atau kosongkan"))
        if bool(values.get("title_en")) != bool(values.get("text_en")) and not self.errors:
            self.add_error("text_en", _("Isi judul dan isi bahasa Inggris keduanya, atau kosongkan keduanya"))
        values["starts_at"] = starts
        return values
