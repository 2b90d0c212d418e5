"""Forms of the demo city: one service of the domain data becomes one definition document.

The data names the questions; here they get parts, hints, rules and the way they are spoken of in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.forms.documents import PROFILE, Document

Field = Mapping[str, Any]

_APPLICANT = frozenset({"nik", "nama", "telepon", "no_kk", "email", "kelurahan", "alamat", "rt", "rw"})
# Parts of one service in its own words; every other service gets Pemohon, Rincian, Dokumen.
_PARTS: dict[str, list[tuple[str, str, frozenset[str]]]] = {
    "akta-kelahiran": [
        ("pemohon", "Pemohon", frozenset({"nik", "nama", "telepon", "no_kk"})),
        (
            "data-anak",
            "Data anak",
            frozenset({"nama_anak", "jenis_kelamin", "tanggal_lahir", "jam_lahir", "tempat_lahir", "anak_ke"}),
        ),
        ("orang-tua", "Orang tua dan saksi", frozenset({"nik_ayah", "nik_ibu", "nik_saksi_1", "nik_saksi_2"})),
    ],
    "akta-kematian": [
        ("pemohon", "Pelapor", frozenset({"nik", "nama", "telepon", "hubungan", "kelurahan"})),
        (
            "almarhum",
            "Data almarhum",
            frozenset({"no_kk", "nik_almarhum", "nama_almarhum", "tanggal_kematian", "tempat_kematian"}),
        ),
    ],
}
_INTRO = {
    "data-anak": "Isi sesuai surat keterangan lahir.",
    "dokumen": "Foto dengan ponsel atau pilih berkas PDF. Foto dikecilkan otomatis agar hemat kuota.",
}
_HINTS = {
    "nik": "16 angka, ada di KTP",
    "kk_number": "16 angka, ada di bagian atas Kartu Keluarga",
    "phone": "Contoh: 0812 3456 7890. Kami pakai untuk memberi kabar",
    "email": "Contoh: nama@contoh.id",
    "date": "Contoh: 17 8 2026",
    "time": "Contoh: 09.05",
    "money": "Tulis angka saja, misalnya 1.500.000",
    "file": "Foto atau PDF, paling besar 5 MB",
    "geo_point": "Boleh disalin dari aplikasi peta, misalnya -7.4722 dan 112.4338",
}
_HINT_OF = {
    "nama_anak": "Paling sedikit dua kata, tanpa gelar",
    "tempat_lahir": "Nama kota atau kabupaten, misalnya Kota Mojokerto",
    "tempat_kematian": "Nama kota atau kabupaten, misalnya Kota Mojokerto",
    "rt": "Angka saja, misalnya 02",
    "rw": "Angka saja, misalnya 05",
    "nopol": "Contoh: S 1234 AB",
    "uraian": "Apa yang berubah, dengan kalimat sendiri",
    "keperluan": "Untuk apa surat ini dipakai",
    "anak_ke": "Tulis angka, misalnya 1",
}
_NAMES = {
    "nama": "nama lengkap sesuai KTP",
    "tanggal_lahir": "tanggal lahir",
    "tempat_lahir": "kota atau kabupaten tempat lahir",
    "telepon": "nomor HP",
    "anak_ke": "urutan anak",
    "setuju_data": "pernyataan",
    "mendesak": "keadaan mendesak",
}
_RULES: dict[str, dict[str, Any]] = {
    "nama": {"preset": "person_name"},
    "nama_anak": {"preset": "child_name", "max_length": 60},
    "nama_almarhum": {"preset": "person_name"},
    "rt": {"preset": "rt_rw"},
    "rw": {"preset": "rt_rw"},
    "nopol": {"preset": "plate"},
    "nomor_jkn": {"preset": "jkn_number"},
    "tanggal_lahir": {"max": "today", "min": "today-120y"},
    "tanggal_kematian": {"max": "today", "min": "today-120y"},
    "sejak": {"max": "today", "min": "today-120y"},
    "tanggal_pindah": {"min": "today", "max": "today+1y"},
    "tanggal_mulai": {"min": "today", "max": "today+1y"},
    "tanggal_selesai": {"min": "today", "max": "today+2y", "not_before": "tanggal_mulai"},
    "tanggal": {"min": "today", "max": "today+1y"},
    "mulai": {"min": "today", "max": "today+1y"},
    "selesai": {"min": "today", "max": "today+2y", "not_before": "mulai"},
    "anak_ke": {"min": 1, "max": 20},
    "tahun_lulus": {"min": 1950, "max": "year"},
    "tahun": {"min": 1950, "max": "year+1"},
    "nik_saksi_1": {"differs_from": "nik"},
    "nik_saksi_2": {"differs_from": "nik_saksi_1"},
    "nik_ibu": {"differs_from": "nik_ayah"},
    "jumlah_ikut": {"min": 0, "max": 30},
    "jumlah_anggota": {"min": 1, "max": 30},
    "panjang_cm": {"min": 1, "max": 5000},
    "lebar_cm": {"min": 1, "max": 5000},
    "jumlah": {"min": 1, "max": 1000},
    "perkiraan_peserta": {"min": 1, "max": 100000},
    "jarak_jalan_m": {"min": 0, "max": 1000},
    "volume_m3": {"min": 1, "max": 1000},
}
# English of the words above.
_ENGLISH = {
    "Pemohon": "Applicant",
    "Data anak": "The child",
    "Orang tua dan saksi": "Parents and witnesses",
    "Pelapor": "Who reports",
    "Data almarhum": "The deceased",
    "Rincian permohonan": "Details of the application",
    "Dokumen": "Documents",
    "Isi sesuai surat keterangan lahir.": "Fill in as on the certificate of the hospital or midwife.",
    "Foto dengan ponsel atau pilih berkas PDF. Foto dikecilkan otomatis agar hemat kuota.": (
        "Take a photo with your phone or choose a PDF file. Photos are made smaller to save your data."
    ),
    "16 angka, ada di KTP": "16 digits, on your identity card (KTP)",
    "16 angka, ada di bagian atas Kartu Keluarga": "16 digits, at the top of your family card (KK)",
    "Contoh: 0812 3456 7890. Kami pakai untuk memberi kabar": "Example: 0812 3456 7890. We use it to tell you news",
    "Contoh: nama@contoh.id": "Example: name@example.org",
    "Contoh: 17 8 2026": "Example: 17 8 2026",
    "Contoh: 09.05": "Example: 09:05",
    "Tulis angka saja, misalnya 1.500.000": "Digits only, such as 1,500,000",
    "Foto atau PDF, paling besar 5 MB": "A photo or PDF, at most 5 MB",
    "Boleh disalin dari aplikasi peta, misalnya -7.4722 dan 112.4338": "You can copy it from a map app, such as -7.4722 and 112.4338",
    "Paling sedikit dua kata, tanpa gelar": "At least two words, without titles",
    "Nama kota atau kabupaten, misalnya Kota Mojokerto": "Name of the city or regency, such as Kota Mojokerto",
    "Angka saja, misalnya 02": "Digits only, such as 02",
    "Angka saja, misalnya 05": "Digits only, such as 05",
    "Contoh: S 1234 AB": "Example: S 1234 AB",
    "Apa yang berubah, dengan kalimat sendiri": "What changes, in your own words",
    "Untuk apa surat ini dipakai": "What you need this letter for",
    "Tulis angka, misalnya 1": "A number, such as 1",
    "nama lengkap sesuai KTP": "full name as on the identity card",
    "tanggal lahir": "date of birth",
    "kota atau kabupaten tempat lahir": "city or regency of birth",
    "nomor HP": "mobile number",
    "urutan anak": "order of birth",
    "pernyataan": "statement",
    "keadaan mendesak": "urgent situation",
}
_NOTICE = {
    "id": (
        "Data diproses untuk menjalankan pelayanan publik yang Anda minta (UU 25/2009, UU 27/2022 pasal 20), "
        "disimpan terenkripsi, dan setiap pemakaiannya dicatat."
    ),
    "en": (
        "The data is processed to provide the public service you ask for (Law 25/2009, Law 27/2022 article 20), kept encrypted, "
        "and each use of it is recorded."
    ),
}


def document_for(service: Mapping[str, Any], default_fields: Iterable[Field]) -> Document:
    """The definition of an online service of the data set: its own `form_fields`, else the default ones."""
    fields = list(service.get("form_fields") or default_fields)
    return {
        "profile": PROFILE,
        "title": {"id": service["name_id"], "en": service["name_en"]},
        "parts": [part for part in _parts(str(service["slug"]), fields) if part["questions"]],
    }


def _text(indonesian: str) -> dict[str, str]:
    return {"id": indonesian, "en": _ENGLISH[indonesian]}


def _parts(slug: str, fields: list[Field]) -> list[dict[str, Any]]:
    plan = _PARTS.get(slug) or [("pemohon", "Pemohon", _APPLICANT)]
    left = list(fields)
    made = []
    for key, title, wanted in plan:
        taken = [field for field in left if field["key"] in wanted and field["type"] not in ("file", "consent")]
        left = [field for field in left if field not in taken]
        made.append(_part(key, title, taken))
    files = [field for field in left if field["type"] in ("file", "consent")]
    rest = [field for field in left if field not in files]
    if any(field["type"] == "file" for field in files):
        made += [_part("rincian", "Rincian permohonan", rest), _part("dokumen", "Dokumen", files)]
    else:
        made.append(_part("rincian", "Rincian permohonan", rest + files))
    return made


def _part(key: str, title: str, fields: list[Field]) -> dict[str, Any]:
    part: dict[str, Any] = {"key": key, "title": _text(title), "questions": [_question(field) for field in fields]}
    if key in _INTRO:
        part["intro"] = _text(_INTRO[key])
    return part


def _question(field: Field) -> dict[str, Any]:
    key, kind = field["key"], field["type"]
    question: dict[str, Any] = {
        "key": key,
        "type": kind,
        "label": {"id": field["label_id"], "en": field["label_en"]},
        "required": bool(field["required"]) or (kind == "file" and bool(field.get("show_if"))),
    }
    if hint := _HINT_OF.get(key) or _HINTS.get(kind):
        question["hint"] = _text(hint)
    if key in _NAMES:
        question["name"] = _text(_NAMES[key])
    if field.get("prefill"):
        question["prefill"] = field["prefill"]
    if field.get("show_if"):
        question["show_if"] = dict(field["show_if"])
    if field.get("options"):
        question["options"] = [
            {"value": option["value"], "label": {"id": option["label_id"], "en": option["label_en"]}}
            for option in field["options"]
        ]
    if kind == "kelurahan":
        question["source"] = "kelurahan"
    if kind == "consent":
        question["notice"] = _NOTICE
        question["label"] = {"id": "Saya membaca keterangan di atas", "en": "I have read the notice above"}
    question.update(_RULES.get(key, {}) if kind != "select" else {})
    return question
