"""How departments call things: the words by which a proposal recognises what a field is for.

A proposal is only that: the integrator sees every guess beside the field and changes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REFERENCE = frozenset(
    "nomor_portal no_portal ref_portal referensi_portal external_id external_reference client_reference client_ref "
    "reference_id request_id idempotency_key portal_reference portal_ref id_portal nomor_referensi no_referensi "
    "reference referensi".split()
)
SERVICE = frozenset("kode_layanan layanan service_code service_id service jenis_layanan".split())
SUBMITTED = frozenset("tanggal_pengajuan tgl_pengajuan diajukan submitted_at waktu_pengajuan tanggal_permohonan".split())
KEY_HEADERS = frozenset("idempotency_key x_idempotency_key x_request_id request_id x_reference".split())
RECEIPT = (
    "nomor nomor_agenda no_agenda nomor_permohonan no_permohonan nomor_registrasi no_registrasi nomor_tiket no_tiket "
    "ticket_number ticket_id tracking_number case_number application_number registration_number receipt number no id uuid kode"
).split()
STATUS = "status kode_status status_code state keadaan status_permohonan tahap phase".split()
MESSAGE = "pesan message detail keterangan catatan note description ket title".split()
ERRORS = "errors kesalahan violations invalid_params invalid-params details fields galat".split()
ERROR_FIELD = (
    "field bidang kolom path property_path field_path field_name nama_bidang nama_field nama_kolom name pointer property param "
    "parameter attribute member loc key source"
).split()
ERROR_TEXT = "message pesan text msg ket keterangan detail reason description".split()
HEALTH = "health healthz ping status live ready heartbeat".split()

# Our question types by the names that departments give such fields.
TYPES = (
    ("nik", re.compile(r"(^|_)nik($|_)|no_ktp|nomor_ktp")),
    ("kk_number", re.compile(r"(^|_)(no|nomor)?_?kk($|_)|kartu_keluarga")),
    ("email", re.compile(r"e_?mail|surel")),
    ("phone", re.compile(r"(^|_)(hp|telp|telepon|phone|mobile|whatsapp|wa|msisdn|no_hp|handphone)($|_)")),
)
# Whose the fields below such a word are: not the applicant's, whatever they are called.
OTHERS = frozenset(
    "ayah ibu bapak orang_tua ortu wali anak bayi induk pasangan suami istri saksi kuasa penjamin penerima "
    "ahli_waris almarhum mendiang kontak_darurat atasan pemilik penanggung_jawab father mother parent guardian child baby spouse "
    "husband wife witness guarantor recipient heir deceased emergency_contact owner representative".split()
)
# First words of operations that only ask.
ASKING = frozenset(
    "cek check lihat get cari search find list tanya inquiry inquire query baca read status info view fetch "
    "validasi validate verifikasi verify apakah".split()
)
LONG = re.compile(
    r"alasan|uraian|keterangan|deskripsi|description|catatan|notes?$|alamat_lengkap|keluhan|isi|reason|comment"
)
MONEY = re.compile(r"(^|_)(biaya|nominal|harga|penghasilan|gaji|jumlah_rupiah|amount|price|income)($|_)")
PREFILL = (
    ("nik", re.compile(r"^nik(_pemohon)?$")),
    ("phone", re.compile(r"^(no_)?(hp|telepon|telp|phone)(_pemohon)?$")),
)
# Their status words -> ours (the phases of an application).
STATUS_WORDS = {
    "RECEIVED": "diterima received accepted submitted new baru masuk terdaftar registered pending menunggu queued open",
    "IN_PROGRESS": "diproses proses processing in_progress progress verifikasi verified diperiksa review in_review "
    "dikerjakan assigned",
    "WAITING_FOR_RESIDENT": "perlu_perbaikan perbaikan revisi revision need_info incomplete tidak_lengkap "
    "waiting_for_applicant returned dikembalikan",
    "COMPLETED": "selesai completed complete done finished closed terbit issued resolved approved disetujui",
    "REFUSED": "ditolak rejected refused denied declined tolak failed",
    "WITHDRAWN": "dibatalkan batal cancelled canceled withdrawn dicabut",
}


def folded(name: str) -> str:
    """`noKTP`, `No-KTP` and `no_ktp` alike."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def spoken(name: str) -> str:
    """A field's name as a label: `tanggal_lahir` -> Tanggal lahir, `nikPemohon` -> NIK pemohon."""
    words = folded(name).split("_")
    made = " ".join(
        word.upper() if word in {"nik", "kk", "ktp", "rt", "rw", "npwp", "nop", "hp", "jkn"} else word for word in words
    )
    return made[:1].upper() + made[1:]


def first_of(wanted: Iterable[str], names: Iterable[str]) -> str:
    """The name that comes first in the list of wanted ones, or ""."""
    known = {folded(name): name for name in reversed(list(names))}
    return next((known[word] for word in wanted if word in known), "")


def our_status(word: str) -> str:
    """What of ours a status word of theirs may mean, or ""."""
    return next((ours for ours, theirs in STATUS_WORDS.items() if folded(word) in theirs.split()), "")


def receipt_rank(name: str) -> int:
    """How much a field looks like the number of a case: 1 is best, 0 is not at all."""
    plain = folded(name)
    if plain in REFERENCE:
        return 0
    if plain in RECEIPT:
        return 1 + RECEIPT.index(plain)
    parts = set(plain.split("_"))
    return 100 if parts & {"nomor", "no", "number", "ticket", "tiket"} else 200 if parts & {"id", "kode", "code"} else 0
