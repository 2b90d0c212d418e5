"""Forms of the console. What may be is decided by the actions; here only what was typed is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from services.adapters.connecting import registering
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.console import settings
from services.adapters.models import Connection, Idempotency
from services.adapters.sandbox import Fault

KINDS = {
    "openapi": gettext_lazy("Ada dokumen OpenAPI atau Swagger"),
    "soap": gettext_lazy("Ada dokumen WSDL (SOAP)"),
    "rest": gettext_lazy("JSON lewat HTTP, operasi ditulis sendiri"),
    "inbox": gettext_lazy("Tidak ada sistem: dikerjakan di portal"),
    "email": gettext_lazy("Lewat surat elektronik ke dinas"),
}
_PLAIN: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}


def _short(label: Any, hint: Any, longest: int) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=longest, widget=forms.TextInput(attrs=_PLAIN)
    )


class ConsoleForm(forms.Form):
    """`problems`: for the summary above the form; each line leads to its field."""

    @property
    def problems(self) -> list[dict[str, str]]:
        found = [{"anchor": str(field.auto_id), "text": str(text)} for field in self for text in field.errors]
        first = str(next(iter(self)).auto_id)
        return found + [{"anchor": first, "text": str(text)} for text in self.non_field_errors()]

    def take(self, problem: ConnectionProblem) -> None:
        """What an action refused, at its fields."""
        for name, texts in problem.errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class RegisterForm(ConsoleForm):
    label = forms.CharField(
        label=gettext_lazy("Nama sistem"),
        max_length=120,
        error_messages={"required": gettext_lazy("Isi nama sistem")},
        widget=forms.TextInput(attrs=_PLAIN),
    )
    code = forms.CharField(
        label=gettext_lazy("Kode"),
        help_text=gettext_lazy("Huruf kecil, angka, dan tanda hubung. Tidak bisa diubah lagi"),
        max_length=60,
        error_messages={"required": gettext_lazy("Isi kode")},
        widget=forms.TextInput(attrs=_PLAIN),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Cara tersambung"), error_messages={"required": gettext_lazy("Pilih cara tersambung")}
    )
    department = forms.ChoiceField(label=gettext_lazy("Dinas"))
    base_url = forms.CharField(
        label=gettext_lazy("Alamat dasar"),
        help_text=gettext_lazy("Hanya https, hanya jaringan yang diizinkan. Boleh diisi nanti"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )

    def __init__(self, *args: Any, departments: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = registering.selectable_kinds()
        kinds = [(name, KINDS.get(name, name)) for name in [*KINDS, *known] if name in known]
        self.fields["kind"].choices = list(dict.fromkeys(kinds))  # type: ignore[attr-defined]
        self.fields["department"].choices = departments  # type: ignore[attr-defined]


class SettingsForm(ConsoleForm):
    label = forms.CharField(
        label=gettext_lazy("Nama sistem"),
        max_length=120,
        error_messages={"required": gettext_lazy("Isi nama sistem")},
        widget=forms.TextInput(attrs=_PLAIN),
    )
    base_url = forms.CharField(
        label=gettext_lazy("Alamat dasar"),
        help_text=gettext_lazy("Hanya https, hanya jaringan yang diizinkan"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    test_url = forms.CharField(
        label=gettext_lazy("Alamat uji"),
        help_text=gettext_lazy("Uji kontrak hanya dikirim ke sini, tidak pernah ke alamat dasar"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    stand_in = forms.BooleanField(
        label=gettext_lazy("Pakai sistem tiruan sebagai alamat uji (dibuat dari dokumen API)"), required=False
    )
    stand_in_fault = forms.ChoiceField(label=gettext_lazy("Gangguan sistem tiruan"), choices=Fault.choices, required=False)
    idempotency = forms.ChoiceField(
        label=gettext_lazy("Bila kiriman terulang, sistem dinas"),
        choices=Idempotency.choices,
        help_text=gettext_lazy("Uji kontrak memeriksa apakah itu benar"),
    )
    ceiling = forms.IntegerField(
        label=gettext_lazy("Panggilan bersamaan, paling banyak"),
        error_messages={"required": gettext_lazy("Isi angka 1 sampai 64"), "invalid": gettext_lazy("Isi angka 1 sampai 64")},
    )
    settle_seconds = forms.IntegerField(
        label=gettext_lazy("Waktu sampai kiriman pasti tercatat (detik)"),
        error_messages={"required": gettext_lazy("Isi angka"), "invalid": gettext_lazy("Isi angka")},
    )
    auth_type = forms.ChoiceField(
        label=gettext_lazy("Cara masuk ke sistem dinas"),
        help_text=gettext_lazy("Rahasianya sendiri diisi di halaman Kunci"),
        required=False,
    )
    auth_header = _short(gettext_lazy("Nama header kunci"), gettext_lazy("Untuk kunci API. Kosong: X-API-Key"), 60)
    auth_query = _short(gettext_lazy("Nama parameter kunci"), gettext_lazy("Untuk kunci API yang ditaruh di alamat"), 60)
    auth_username = _short(gettext_lazy("Nama pengguna"), gettext_lazy("Untuk basic dan WS-Security"), 200)
    auth_client_id = _short(gettext_lazy("Client ID"), gettext_lazy("Untuk OAuth 2"), 200)
    auth_token_path = _short(gettext_lazy("Alamat token"), gettext_lazy("Untuk OAuth 2. Kosong: /oauth/token"), 200)
    auth_scope = _short(gettext_lazy("Scope"), gettext_lazy("Untuk OAuth 2"), 200)
    options = forms.CharField(
        label=gettext_lazy("Pengaturan lain (JSON)"),
        help_text=gettext_lazy("Misalnya health_path, webhook, answer_mebibytes; sign dan mutual_tls di dalam auth"),
        required=False,
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 10, "class": "k-input k-mono"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        kind: str,
        words: list[settings.Word] | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, auto_id="atur-%s", initial=dict(initial or {}))
        self.has_words = settings.has_words(kind)
        typed = settings.typed_words(self.data) if self.is_bound and self.has_words else []
        self.words = typed if self.is_bound else list(words or [])
        if types := settings.auth_types(kind):
            self.fields["auth_type"].choices = [("", "–"), *types]  # type: ignore[attr-defined]
        else:
            for name in ("type", *settings.AUTH):
                del self.fields[f"auth_{name}"]

    @classmethod
    def of(cls, connection: Connection) -> SettingsForm:
        given = {name: getattr(connection, name) for name in registering.SETTABLE}
        fields, words, rest = settings.taken_apart(connection.options)
        return cls(initial={**given, **fields, "options": settings.shown(rest)}, kind=connection.kind, words=words)

    @property
    def rows(self) -> list[tuple[int, settings.Word]]:
        """The table of status words with some empty rows."""
        return list(enumerate([*self.words, *[settings.Word()] * settings.BLANK_WORDS]))

    def clean_options(self) -> Any:
        return json_object(self.cleaned_data["options"])

    def clean(self) -> dict[str, Any]:
        """`options` whole again, from its fields, the table and the rest."""
        cleaned = dict(self.cleaned_data)
        fields = {name: cleaned.pop(name) for name in list(cleaned) if name.startswith("auth_")}
        if "options" in cleaned:
            cleaned["options"] = settings.put_together(fields, settings.judged(self.words), cleaned["options"])
        return cleaned


def json_object(text: str) -> dict[str, Any]:
    """Raises ValidationError with the line."""
    try:
        found = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise forms.ValidationError(_("JSON tidak bisa dibaca, baris %(line)d") % {"line": error.lineno}) from error
    except RecursionError as error:
        raise forms.ValidationError(_("JSON terlalu dalam")) from error
    if not isinstance(found, dict):
        raise forms.ValidationError(_("Isi satu objek JSON: { ... }"))
    return found


class OperationForm(ConsoleForm):
    name = forms.SlugField(
        label=gettext_lazy("Nama operasi"),
        help_text=gettext_lazy("submit, reconcile, status, answer, attachment, withdraw, atau nama untuk dilihat warga"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Isi nama operasi"),
            "invalid": gettext_lazy("Hanya huruf kecil, angka, dan tanda hubung"),
        },
        widget=forms.TextInput(attrs=_PLAIN),
    )
    purpose = forms.CharField(
        label=gettext_lazy("Tujuan"),
        help_text=gettext_lazy("Dibaca warga di catatan akses datanya"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    spec = forms.CharField(
        label=gettext_lazy("Operasi (JSON)"),
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 24, "class": "k-input k-mono"}),
        error_messages={"required": gettext_lazy("Isi operasinya")},
    )

    def clean_spec(self) -> Any:
        return json_object(self.cleaned_data["spec"])


class SecretForm(ConsoleForm):
    name = forms.ChoiceField(label=gettext_lazy("Rahasia"))
    value = forms.CharField(
        label=gettext_lazy("Isinya"),
        help_text=gettext_lazy(
            "Disimpan terenkripsi dan tidak bisa dilihat lagi. Atau nama di server: env:ADAPTER_SECRET__KODE__NAMA"
        ),
        error_messages={"required": gettext_lazy("Isi rahasianya")},
        widget=forms.Textarea(attrs={**_PLAIN, "rows": 2}),
    )
    testing = forms.BooleanField(label=gettext_lazy("Hanya untuk alamat uji"), required=False)
    keep_old = forms.BooleanField(
        label=gettext_lazy("Yang lama tetap dicoba selama sistem dinas menolak yang baru"), required=False
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Berlaku sampai"),
        help_text=gettext_lazy("Contoh: 2027-02-14. Sebulan sebelumnya Anda diberi tahu"),
        required=False,
        error_messages={"invalid": gettext_lazy("Tulis tanggal seperti 2027-02-14")},
        widget=forms.TextInput(attrs=_PLAIN),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].choices = [(name, name) for name in registering.SECRETS]  # type: ignore[attr-defined]


class WindowForm(ConsoleForm):
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Mulai"),
        help_text=gettext_lazy("Contoh: 2026-12-01 20:00"),
        error_messages={
            "required": gettext_lazy("Isi waktu mulai"),
            "invalid": gettext_lazy("Tulis waktu seperti 2026-12-01 20:00"),
        },
        widget=forms.TextInput(attrs=_PLAIN),
    )
    ends_at = forms.DateTimeField(
        label=gettext_lazy("Selesai"),
        error_messages={
            "required": gettext_lazy("Isi waktu selesai"),
            "invalid": gettext_lazy("Tulis waktu seperti 2026-12-01 20:00"),
        },
        widget=forms.TextInput(attrs=_PLAIN),
    )
    pauses = forms.BooleanField(
        label=gettext_lazy("Warga tidak bisa memulai (kalau tidak, permohonan diterima dan antre)"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan"), required=False, max_length=200, widget=forms.TextInput(attrs=_PLAIN)
    )


def changed(connection: Connection, cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is different, so that two people who change different things do not undo each other."""
    return {name: value for name, value in cleaned.items() if getattr(connection, name) != value}
