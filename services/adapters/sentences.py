"""What went wrong with a backend, as a sentence for the person who connects it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from services.adapters.values import AdapterError, Rejected


def cause_in_words(cause: str, detail: str = "") -> str:
    """A cause (of portal.lib.http.Cause or of an AdapterError) as a sentence that says what to do."""
    known = {
        "dns": _("Nama host tidak ditemukan. Periksa alamatnya"),
        "dns_timeout": _("Nama host tidak terjawab. Coba lagi"),
        "connect": _("Tidak ada yang menjawab di alamat itu. Periksa alamat, port, dan firewall"),
        "connect_timeout": _("Sambungan tidak terbuka pada waktunya. Periksa firewall"),
        "tls": _("Sertifikat TLS tidak dipercaya, kedaluwarsa, atau namanya lain"),
        "forbidden_address": _("Alamat itu tidak boleh dipakai: jaringan dalam atau khusus"),
        "timeout": _("Sistem tidak selesai menjawab pada waktunya"),
        "connection": _("Sambungan putus sebelum jawaban"),
        "truncated": _("Jawaban terpotong"),
        "protocol": _("Jawaban bukan HTTP yang sah"),
        "too_large": _("Jawaban terlalu besar"),
        "encoding": _("Pemampatan jawaban tidak bisa dibuka"),
        "unauthorised": _("Kredensial ditolak (401 atau 403)"),
        "credentials": _("Kredensial OAuth ditolak"),
        "secret_missing": _("Rahasia belum diisi"),
        "test_address": _("Alamat uji belum diisi. Isi alamat uji, atau nyalakan sistem tiruan"),
        "server_error": _("Sistem gagal (5xx)"),
        "busy": _("Sistem sibuk (429)"),
        "redirect": _("Sistem mengalihkan (3xx). Pakai alamat tujuannya"),
        "shape": _("Jawaban tidak berbentuk seperti yang dinyatakan"),
        "not_found": _("Sistem tidak mengenal nomor itu (404)"),
        "health_path": _("Alamat kesehatan belum diisi"),
        "mail": _("Server surat portal tidak menerima surat"),
        "mail_refused": _("Server surat menolak surat ini: periksa alamat tujuan"),
        "config": _("Permintaan tidak bisa disusun. Periksa alamat, header, dan rahasianya"),
        "path": _("Alamat operasi tidak bisa dipakai"),
        "path_value": _("Isi bagian alamat tidak bisa dipakai"),
        "header": _("Header ini tidak boleh diisi"),
        "header_value": _("Isi header hanya boleh huruf, angka, dan tanda ASCII"),
        "auth": _("Cara masuk di pengaturan tidak dikenal"),
        "mapping": _("Pemetaan tidak bisa dipakai pada isian ini"),
        "operation": _("Operasi ini tidak bisa dipakai"),
        "document": _("Dokumen API-nya tidak ada atau tidak terbaca"),
        "body": _("Isinya tidak sesuai WSDL, jadi tidak dikirim"),
        "address": _("Alamat layanannya salah di sistem dinas"),
        "conflict": _("Sistem menjawab bentrok (409)"),
        "maintenance": _("Sedang dalam pemeliharaan"),
        "switched_off": _("Sambungan dijeda operator"),
        "options": _("Pengaturan sambungan tidak bisa dipakai"),
        "not_declared": _("Operasi itu belum dinyatakan"),
    }
    if cause.startswith("status "):
        words = _("Jawaban kesehatan berstatus %(status)s, bukan 2xx. Periksa health_path")
        said = str(words % {"status": cause.removeprefix("status ")})
    else:
        said = str(known.get(cause, cause))
    return f"{said} ({detail})" if detail else said


def sentence_of(error: AdapterError) -> str:
    """What went wrong with a call."""
    if isinstance(error, Rejected):
        return str(_("Ditolak: %(why)s") % {"why": error.message or error.cause})
    return cause_in_words(error.cause, error.detail)
