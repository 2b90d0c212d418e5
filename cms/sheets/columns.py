"""The columns of the spreadsheet of services: header, what it says of a page, how a cell is read and written, with an example.

A cell is read into the value of the page's field or raises `ValueError` with a sentence that says what to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cms.blocks import CONTACTS, DAY_CODES, DAYS, PAPER_FORMS, WAYS, WEB_ADDRESS
from cms.models.service import TIME_UNITS
from cms.rows import web
from cms.sheets import cells
from services.catalogue.models import Category, Channel, Dimension, LifeEvent, Service

Read = Callable[[str], Any]
Write = Callable[[Any], str]


@dataclass(frozen=True)
class Column:
    field: str
    header: str
    help: str
    example: str
    read: Read
    write: Write
    needed: bool = False


def _text(text: str) -> str:
    return text


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,13}", text):
        raise ValueError(_("Tulis angka saja, tanpa titik, koma, atau Rp. Contoh: 50000"))
    return int(text)


def _yes(text: str) -> bool:
    if text.casefold() in ("ya", "y", "1", "benar", "true", "yes"):
        return True
    if text.casefold() in ("", "tidak", "t", "0", "salah", "false", "no"):
        return False
    raise ValueError(_("Tulis Ya atau Tidak."))


def _yes_words(value: bool) -> str:
    return "Ya" if value else "Tidak"


def _date(text: str) -> Any:
    if not text:
        return None
    day = cells.as_date(text)
    if day is None:
        raise ValueError(_("Tulis tanggal seperti 2026-11-24 atau 24/11/2026."))
    return day


def _word(choices: Mapping[Any, str], *, empty: Any = None) -> tuple[Read, Write]:
    """One of these: read by its word or its code, in any case; written by its word. `empty`: what an empty cell means."""
    by_word = {str(name).casefold(): code for code, name in choices.items()}
    by_word |= {str(code).casefold(): code for code in choices}

    def read(text: str) -> Any:
        if not text and empty is not None:
            return empty
        if text.casefold() not in by_word:
            raise ValueError(_("Tulis salah satu dari: %s") % ", ".join(str(name) for name in choices.values()))
        return by_word[text.casefold()]

    return read, lambda value: str(choices.get(value, "")) if value not in ("", None) else ""


def _words(pairs: Any) -> dict[Any, str]:
    """The Indonesian words of choices, whoever's language is on: a file is read where it was not written."""
    from django.utils import translation

    with translation.override("id"):
        return {code: str(name) for code, name in pairs}


def _row_of(model: Any) -> tuple[Read, Write]:
    def read(text: str) -> Any:
        if not text:
            return None
        found = model.objects.filter(slug=text.lower()).first()
        if found is None:
            raise ValueError(_("Kode ini tidak dikenal. Kode yang ada tertulis di lembar Petunjuk."))
        return found

    return read, lambda value: value.slug if value else ""


def _events(text: str) -> list[str]:
    wanted = [word.lower() for word in re.split(r"[\s,;]+", text) if word]
    known = set(LifeEvent.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    if unknown := [word for word in wanted if word not in known]:
        raise ValueError(
            _("Peristiwa ini tidak dikenal: %s. Kode yang ada tertulis di lembar Petunjuk.") % ", ".join(unknown)
        )
    return list(dict.fromkeys(wanted))


def _lines(text: str) -> list[dict[str, Any]]:
    return [{"type": "item", "value": line.strip()} for line in text.splitlines() if line.strip()]


def _rows(kind: str, read: Callable[[list[str]], dict[str, Any]], width: int) -> Read:
    def rows(text: str) -> list[dict[str, Any]]:
        found = []
        for number, parts in enumerate(cells.split(text), 1):
            if len(parts) > width:
                raise ValueError(
                    _("Baris ke-%(n)d di sel ini punya terlalu banyak bagian. Paling banyak %(most)d, dipisah |")
                    % {"n": number, "most": width}
                )
            try:
                found.append({"type": kind, "value": read([*parts, *[""] * (width - len(parts))])})
            except ValueError as wrong:
                raise ValueError(_("Baris ke-%(n)d di sel ini: %(what)s") % {"n": number, "what": wrong}) from wrong
        return found

    return rows


def _stream(write: Callable[[Any], list[Any]]) -> Write:
    return lambda stream: cells.join([write(block.value) for block in stream])


_FORM_READ, _FORM_WRITE = _word(_words(PAPER_FORMS), empty="")
_WAY_READ, _WAY_WRITE = _word(_words(WAYS))
_CONTACT_READ, _CONTACT_WRITE = _word(_words(CONTACTS))
_DAY_READ, _DAY_WRITE = _word(_words(DAYS))


def _requirement(parts: list[str]) -> dict[str, Any]:
    return {"text": parts[0], "form": _FORM_READ(parts[1]), "copies": _number(parts[2]), "where": parts[3]}


def _requirement_parts(row: Any) -> list[Any]:
    return [row["text"], _FORM_WRITE(row["form"]), row["copies"], row["where"]]


_SPAN = re.compile(
    r"^(?P<first>\w+)(?: *(?:-|–|sampai) *(?P<last>\w+))? +(?P<opens>\d{1,2}[.:]\d\d) *(?:-|–) *(?P<closes>\d{1,2}[.:]\d\d)$"
)


def _hours(text: str) -> list[dict[str, Any]]:
    found = []
    for part in (piece.strip() for piece in text.split(";") if piece.strip()):
        match = _SPAN.match(part)
        if match is None:
            raise ValueError(_("Tulis jam buka seperti: Senin-Kamis 08.00-15.00; Jumat 08.00-11.00"))
        times = {}
        for name in ("opens", "closes"):
            hour, minute = (int(n) for n in re.split(r"[.:]", match[name]))
            if hour > 23 or minute > 59:
                raise ValueError(_("Jam “%s” tidak ada.") % match[name])
            times[name] = f"{hour:02}:{minute:02}"
        last = _DAY_READ(match["last"]) if match["last"] else ""
        found.append({"first": _DAY_READ(match["first"]), "last": last, **times})
    return found


def _hours_words(rows: Any) -> str:
    return "; ".join(
        f"{_DAY_WRITE(h['first'])}{'-' + _DAY_WRITE(h['last']) if h['last'] else ''} {h['opens']:%H.%M}-{h['closes']:%H.%M}"
        for h in rows
        if h["first"] in DAY_CODES and h["opens"] and h["closes"]
    )


def _place(parts: list[str]) -> dict[str, Any]:
    point, name, address, hours, note = parts
    return {"point": point, "name": name, "address": address, "hours": _hours(hours), "note": note}


def _place_parts(row: Any) -> list[Any]:
    return [row["point"], row["name"], row["address"], _hours_words(row["hours"]), row["note"]]


def _law(parts: list[str]) -> dict[str, Any]:
    if parts[4] and not web(parts[4]):
        raise ValueError(WEB_ADDRESS.message)
    return {"kind": parts[0], "number": parts[1], "year": _number(parts[2]), "title": parts[3], "url": parts[4]}


_KIND = _word(_words(Service.Kind.choices), empty=Service.Kind.REQUEST.value)
_CHANNEL = _word(_words(Channel.choices), empty=Channel.OFFICE.value)
_UNIT = _word(_words(TIME_UNITS), empty="")
_LEVEL = _word({1: "1", 2: "2", 3: "3"}, empty=1)
_CATEGORY, _DIMENSION = _row_of(Category), _row_of(Dimension)


def columns() -> list[Column]:
    """In the order of the published page. Headers are Indonesian in every language: files travel."""
    line = "Satu per baris. Bagian dipisah | "
    return [
        Column("code", "Kode", "Kode tetap layanan. Kosongkan untuk layanan baru.", "akta-kelahiran", _text, _said),
        Column("department", "Dinas", "Kode dinas pemilik layanan.", "dispendukcapil", str.lower, _said, needed=True),
        Column("title", "Nama layanan", "Nama yang dibaca warga.", "Akta kelahiran", _text, _said, needed=True),
        Column(
            "slug",
            "Alamat halaman",
            "Huruf kecil dan tanda hubung. Kosong: dibuat dari nama.",
            "akta-kelahiran",
            str.lower,
            _said,
        ),
        Column(
            "summary",
            "Ringkasan",
            "Satu atau dua kalimat: apa yang warga dapatkan.",
            "Akta pertama untuk anak.",
            _text,
            _said,
        ),
        Column("fee_free", "Gratis", "Ya atau Tidak.", "Ya", _yes, _yes_words),
        Column("fee_amount", "Tarif", "Rupiah, angka saja. Kosong bila tergantung.", "50000", _number, _said),
        Column("fee_note", "Keterangan biaya", "Dari mana tarifnya.", "Sesuai Perda Retribusi", _text, _said),
        Column(
            "fees",
            "Biaya menurut keadaan",
            f"{line}untuk siapa atau apa | rupiah | keterangan",
            "Bangunan sampai 100 m² | 50000 | sekali bayar",
            _rows("fee", lambda p: {"case": p[0], "amount": _number(p[1]), "note": p[2]}, 3),
            _stream(lambda r: [r["case"], r["amount"], r["note"]]),
        ),
        Column("time_value", "Selesai dalam", "Angka saja.", "3", _number, _said),
        Column("time_unit", "Satuan waktu", "langsung, menit, jam, hari kerja, atau hari kalender.", "hari kerja", *_UNIT),
        Column("fill_minutes", "Lama mengisi", "Menit, untuk layanan daring.", "10", _number, _said),
        Column("kind", "Jenis", "Permohonan, Aduan, atau Informasi.", "Permohonan", *_KIND),
        Column("channel", "Cara mengurus", ", ".join(_words(Channel.choices).values()), "Datang ke kantor", *_CHANNEL),
        Column("app", "Nama aplikasi", "Bila diurus di aplikasi lain.", "OSS", _text, _said),
        Column("app_url", "Alamat aplikasi", "Diawali https://", "https://oss.go.id", _text, _said),
        Column("hotline", "Nomor telepon", "Bila layanannya lewat telepon.", "112", _text, _said),
        Column("hours", "Jam layanan", "Dalam kata-kata.", "setiap hari, 24 jam", _text, _said),
        Column("place", "Tempat", "Kode titik layanan, atau office, kelurahan, kecamatan.", "office", str.lower, _said),
        Column("queue", "Nomor antrean", "Ya atau Tidak.", "Tidak", _yes, _yes_words),
        Column(
            "places",
            "Tempat dan jam buka",
            f"{line}kode titik layanan | atau nama | alamat | jam buka | catatan",
            "mpp-gajah-mada | | | Senin-Kamis 08.00-15.00; Jumat 08.00-11.00",
            _rows("place", _place, 5),
            _stream(_place_parts),
        ),
        Column("min_level", "Kepastian akun", "1 akun biasa, 2 NIK terverifikasi, 3 masuk ulang yang kuat.", "1", *_LEVEL),
        Column(
            "who",
            "Siapa yang bisa",
            "Satu per baris.",
            "Warga yang KTP-nya Kota Mojokerto",
            _lines,
            lambda s: "\n".join(" ".join(str(b.value).split()) for b in s),
        ),
        Column(
            "requirements",
            "Syarat",
            f"{line}syarat | bentuk | lembar | didapat di mana. Bentuk: {', '.join(_words(PAPER_FORMS).values())}",
            "Kartu Keluarga | Fotokopi | 1 | Dispendukcapil",
            _rows("item", _requirement, 4),
            _stream(_requirement_parts),
        ),
        Column(
            "exceptions",
            "Keadaan khusus",
            f"{line}pertanyaan | jawaban",
            "Tidak punya buku nikah? | Pakai SPTJM.",
            _rows("case", lambda p: {"question": p[0], "answer": p[1]}, 2),
            _stream(lambda r: [r["question"], r["answer"]]),
        ),
        Column(
            "steps",
            "Langkah",
            f"{line}langkah | penjelasan",
            "Isi formulir | Sekitar 5 menit",
            _rows("step", lambda p: {"title": p[0], "text": p[1]}, 2),
            _stream(lambda r: [r["title"], r["text"]]),
        ),
        Column("product", "Hasil", "Apa yang warga terima.", "Kutipan akta kelahiran", _text, _said),
        Column("late", "Kalau terlambat", "Apa yang terjadi bila lewat waktu.", "Anda kami kabari alasannya.", _text, _said),
        Column(
            "complaint_category", "Kategori aduan", "Huruf kecil dan tanda hubung.", "pelayanan-publik", str.lower, _said
        ),
        Column("complaint_channels", "Saluran aduan", "Dipisah koma.", "lapor, loket", _text, _said),
        Column("other_ways", "Cara lain", "Dalam kata-kata.", "Datang ke MPP. Biayanya sama.", _text, _said),
        Column(
            "ways",
            "Cara lain satu per satu",
            f"{line}lewat apa | penjelasan | nomor atau alamat. Lewat: {', '.join(_words(WAYS).values())}",
            "Loket | Titip di loket 3",
            _rows("way", lambda p: {"kind": _WAY_READ(p[0]), "text": p[1], "value": p[2]}, 3),
            _stream(lambda r: [_WAY_WRITE(r["kind"]), r["text"], r["value"]]),
        ),
        Column(
            "contacts",
            "Kontak",
            f"{line}lewat apa | nomor atau alamat | bagian. Lewat: {', '.join(_words(CONTACTS).values())}",
            "Telepon | 0321 123456 | Loket akta",
            _rows("contact", lambda p: {"kind": _CONTACT_READ(p[0]), "value": p[1], "name": p[2]}, 3),
            _stream(lambda r: [_CONTACT_WRITE(r["kind"]), r["value"], r["name"]]),
        ),
        Column(
            "legal",
            "Dasar hukum",
            f"{line}jenis | nomor | tahun | tentang | tautan. Jenis, nomor, tahun boleh kosong bersama.",
            "UU | 25 | 2009 | Pelayanan Publik",
            _rows("item", _law, 5),
            _stream(lambda r: [r["kind"], r["number"], r["year"], r["title"], r["url"]]),
        ),
        Column("decree_number", "Nomor SK", "Nomor SK standar pelayanan.", "188.45/12/2026", _text, _said),
        Column("decree_date", "Tanggal SK", "2026-11-24 atau 24/11/2026.", "2026-01-05", _date, _said),
        Column("pledge", "Maklumat pelayanan", "Janji dinas dengan kata-katanya sendiri.", "", _text, _said),
        Column("reviewed", "Diperiksa terakhir", "2026-11-24 atau 24/11/2026.", "2026-11-24", _date, _said),
        Column("next_review", "Diperiksa lagi", "2026-11-24 atau 24/11/2026.", "2027-05-24", _date, _said),
        Column("category", "Kategori", "Kode kategori.", "kependudukan", *_CATEGORY),
        Column("life_events", "Peristiwa hidup", "Kode, dipisah koma.", "lahir", _events, ", ".join),
        Column("dimension", "Dimensi", "Kode dimensi kota cerdas.", "smart-governance", *_DIMENSION),
        Column("synonyms", "Kata lain", "Satu per baris: kata warga untuk layanan ini.", "akte lahir", _text, _said),
        Column("confidential", "Rahasia", "Ya atau Tidak.", "Tidak", _yes, _yes_words),
        Column("illustrative", "Data contoh", "Ya atau Tidak.", "Tidak", _yes, _yes_words),
        Column("sources", "Sumber", "Alamat sumber resmi, satu per baris.", "", _text, _said),
    ]
