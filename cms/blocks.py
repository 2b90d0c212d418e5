"""The blocks of a service page, each with an example that the editor sees before choosing it.

A block that was once a plain text (`requirements`, `legal`) still reads one: revisions, files and loaders may hold it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError

PREVIEW = "cms/blocks/preview.html"
# Only what a browser opens as a page: no script, no data, no file. A paste of a whole document is refused by `max_length`.
WEB_ADDRESS = URLValidator(schemes=["https", "http"], message=_("Tulis alamat yang diawali https://"))
PHONE = RegexValidator(r"^\+?[0-9][0-9 ().-]{2,28}[0-9]$", _("Tulis nomor telepon, misalnya 0321 123456."))

DAYS = [
    ("MON", _("Senin")),
    ("TUE", _("Selasa")),
    ("WED", _("Rabu")),
    ("THU", _("Kamis")),
    ("FRI", _("Jumat")),
    ("SAT", _("Sabtu")),
    ("SUN", _("Minggu")),
]
DAY_CODES = [code for code, _name in DAYS]
PAPER_FORMS = [
    ("original", _("Asli")),
    ("copy", _("Fotokopi")),
    ("both", _("Asli dan fotokopi")),
    ("certified", _("Fotokopi yang dilegalisasi")),
    ("file", _("Foto atau berkas PDF")),
]
WAYS = [
    ("counter", _("Loket")),
    ("phone", _("Telepon")),
    ("whatsapp", _("WhatsApp")),
    ("email", _("Surel")),
    ("web", _("Situs atau aplikasi")),
    ("post", _("Pos")),
    ("visit", _("Petugas datang")),
]
CONTACTS = [way for way in WAYS if way[0] in ("phone", "whatsapp", "email", "web")]
_LEGAL = re.compile(
    r"^(?P<kind>[A-Z][A-Za-z]{1,24}) (?P<number>\d{1,4})/(?P<year>(?:19|20)\d\d) tentang (?P<title>.+)$", re.DOTALL
)


class ItemBlock(blocks.TextBlock):
    class Meta:
        icon = "list-ul"
        label = _("Butir")
        description = _("Satu baris. Contoh: Warga yang KTP-nya Kota Mojokerto.")
        preview_value = "Warga yang KTP-nya Kota Mojokerto"
        preview_template = PREVIEW


class _FormerText(blocks.StructBlock):
    """A struct that also reads the plain text it was before; missing members get their defaults."""

    former = "text"

    def _as_members(self, value: Any) -> dict[str, Any]:
        return self.members_of(value) if isinstance(value, str) else dict(value or {})

    def members_of(self, text: str) -> dict[str, Any]:
        return {self.former: text}

    def to_python(self, value: Any) -> Any:
        return super().to_python(self._as_members(value))

    def bulk_to_python(self, values: Iterable[Any]) -> Any:
        return super().bulk_to_python([self._as_members(value) for value in values])

    def normalize(self, value: Any) -> Any:
        if isinstance(value, self.meta.value_class):
            return value
        given = self._as_members(value)
        return super().normalize({name: given.get(name, block.get_default()) for name, block in self.child_blocks.items()})


class RequirementBlock(_FormerText):
    text = blocks.TextBlock(
        label=_("Yang disiapkan"), max_length=600, help_text=_("Contoh: Surat keterangan kelahiran"), rows=2
    )
    form = blocks.ChoiceBlock(
        PAPER_FORMS,
        label=_("Bentuknya"),
        required=False,
        help_text=_("Kosongkan bila bukan surat, misalnya: datang sendiri."),
    )
    copies = blocks.IntegerBlock(label=_("Berapa lembar"), required=False, min_value=1, max_value=20)
    where = blocks.CharBlock(
        label=_("Didapat di mana"),
        required=False,
        max_length=200,
        help_text=_("Contoh: Rumah sakit atau bidan yang menolong"),
    )

    class Meta:
        icon = "list-ul"
        label = _("Syarat")
        description = _("Satu surat atau hal yang disiapkan warga, asli atau fotokopi, dan di mana mendapatkannya.")
        preview_value: ClassVar = {
            "text": "Surat keterangan kelahiran",
            "form": "original",
            "copies": None,
            "where": "Rumah sakit atau bidan yang menolong",
        }
        preview_template = PREVIEW


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Langkah"), max_length=200, help_text=_("Kata kerja di depan. Contoh: Isi formulir"))
    text = blocks.TextBlock(
        label=_("Penjelasan"), required=False, max_length=1200, rows=3, help_text=_("Contoh: Sekitar 5 menit.")
    )

    class Meta:
        icon = "order"
        label = _("Langkah")
        description = _("Satu langkah, sesuai urutan. Nomornya muncul sendiri.")
        preview_value: ClassVar = {"title": "Isi formulir dan unggah berkas", "text": "Sekitar 5 menit."}
        preview_template = PREVIEW


class RareCaseBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Pertanyaan"), max_length=160, help_text=_("Contoh: Tidak punya buku nikah?"))
    answer = blocks.TextBlock(label=_("Jawaban"), max_length=1200)

    class Meta:
        icon = "help"
        label = _("Keadaan khusus")
        description = _("Pertanyaan yang hanya dialami sedikit warga; jawabannya terlipat.")
        preview_value: ClassVar = {
            "question": "Tidak punya buku nikah?",
            "answer": "Pakai SPTJM kebenaran suami istri. Bawa dua saksi.",
        }
        preview_template = PREVIEW


class FeeBlock(blocks.StructBlock):
    case = blocks.CharBlock(label=_("Untuk siapa atau apa"), max_length=160, help_text=_("Contoh: Bangunan sampai 100 m²"))
    amount = blocks.IntegerBlock(
        label=_("Biaya (rupiah)"),
        required=False,
        min_value=0,
        max_value=10**12,
        help_text=_("Angka saja, misalnya 50000. 0 berarti gratis. Kosongkan bila dihitung dulu."),
    )
    note = blocks.CharBlock(label=_("Keterangan"), required=False, max_length=200, help_text=_("Contoh: per lembar"))

    class Meta:
        icon = "table"
        label = _("Biaya menurut keadaan")
        description = _("Satu baris tabel biaya. Cukup isi tarif di atas bila biayanya sama untuk semua.")
        preview_value: ClassVar = {"case": "Bangunan sampai 100 m²", "amount": 50000, "note": "sekali bayar"}
        preview_template = PREVIEW


class WayBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(WAYS, label=_("Lewat apa"))
    text = blocks.CharBlock(
        label=_("Penjelasan"), max_length=240, help_text=_("Contoh: Titip berkas di loket 3, selesai hari itu juga")
    )
    value = blocks.CharBlock(label=_("Nomor atau alamat"), required=False, max_length=200)

    def clean(self, value: Any) -> Any:
        return _with_reachable_value(super().clean(value))

    class Meta:
        icon = "share"
        label = _("Cara lain")
        description = _("Satu cara lain mengurus layanan yang sama, bagi yang tidak bisa daring.")
        preview_value: ClassVar = {"kind": "counter", "text": "Titip berkas di loket 3 MPP Gajah Mada", "value": ""}
        preview_template = PREVIEW


class HoursBlock(blocks.StructBlock):
    first = blocks.ChoiceBlock(DAYS, label=_("Dari hari"), default="MON")
    last = blocks.ChoiceBlock(DAYS, label=_("Sampai hari"), required=False)
    opens = blocks.TimeBlock(label=_("Buka"))
    closes = blocks.TimeBlock(label=_("Tutup"))

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        errors: dict[str, ValidationError] = {}
        if cleaned["opens"] and cleaned["closes"] and cleaned["closes"] <= cleaned["opens"]:
            errors["closes"] = ValidationError(_("Jam tutup harus sesudah jam buka."))
        if cleaned["first"] and cleaned["last"] and DAY_CODES.index(cleaned["last"]) < DAY_CODES.index(cleaned["first"]):
            errors["last"] = ValidationError(
                _("Hari terakhir harus sesudah hari pertama. Pisahkan menjadi dua baris bila perlu.")
            )
        if errors:
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    class Meta:
        label = _("Jam buka")
        form_classname = "struct-block k-hours"


def days_of(hours: Any) -> list[str]:
    """The codes of the days of one row of opening hours."""
    first = DAY_CODES.index(hours["first"])
    return DAY_CODES[first : (DAY_CODES.index(hours["last"]) if hours["last"] else first) + 1]


def _points() -> list[tuple[str, str]]:
    from services.catalogue.models import ServicePoint

    return list(ServicePoint.objects.order_by("name").values_list("code", "name"))


NOWHERE = _("Pilih titik layanan, atau tulis nama dan alamat tempatnya.")


def is_somewhere(place: Any) -> bool:
    return bool(place["point"] or (place["name"] and place["address"]))


class PlaceBlock(blocks.StructBlock):
    point = blocks.ChoiceBlock(
        _points, label=_("Titik layanan"), required=False, help_text=_("Alamatnya diambil dari daftar kota.")
    )
    name = blocks.CharBlock(label=_("Atau nama tempat lain"), required=False, max_length=120)
    address = blocks.CharBlock(label=_("Alamat"), required=False, max_length=240)
    hours = blocks.ListBlock(HoursBlock(), label=_("Jam buka"), default=[], max_num=14)
    note = blocks.CharBlock(
        label=_("Catatan"), required=False, max_length=200, help_text=_("Contoh: Istirahat 12.00 sampai 13.00")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        errors: dict[str, Any] = {}
        complete = self.child_blocks["hours"].child_block.child_blocks["opens"].required  # else it is a draft
        if complete and not is_somewhere(cleaned):
            errors["point"] = ValidationError(NOWHERE)
        seen: dict[str, list[tuple[time, time]]] = {}
        for row in (h for h in cleaned["hours"] if h["first"] and h["opens"] and h["closes"]):
            for day in days_of(row):
                if any(row["opens"] < closes and opens < row["closes"] for opens, closes in seen.get(day, [])):
                    errors["hours"] = ValidationError(
                        _("Jam buka hari %(day)s bertumpuk. Periksa barisnya."), params={"day": dict(DAYS)[day]}
                    )
                seen.setdefault(day, []).append((row["opens"], row["closes"]))
        if errors:
            raise StructBlockValidationError(block_errors=errors)
        return cleaned

    class Meta:
        icon = "site"
        label = _("Tempat")
        description = _("Satu tempat mengurus, dengan jam buka tiap hari.")
        preview_value: ClassVar = {
            "point": "",
            "name": "Kantor dinas, loket 3",
            "address": "Jalan Contoh 1",
            "hours": [{"first": "MON", "last": "THU", "opens": time(8), "closes": time(15)}],
            "note": "Istirahat 12.00 sampai 13.00",
        }
        preview_template = PREVIEW


class LegalBlock(_FormerText):
    kind = blocks.CharBlock(
        label=_("Jenis peraturan"),
        required=False,
        max_length=60,
        help_text=_("Contoh: UU, PP, Permendagri, Perda Kota Mojokerto"),
    )
    number = blocks.CharBlock(label=_("Nomor"), required=False, max_length=40)
    year = blocks.IntegerBlock(label=_("Tahun"), required=False, min_value=1900, max_value=2100)
    title = blocks.TextBlock(label=_("Tentang"), max_length=600, rows=2, help_text=_("Contoh: Pelayanan Publik"))
    url = blocks.URLBlock(
        label=_("Tautan"),
        required=False,
        max_length=300,
        validators=[WEB_ADDRESS],
        help_text=_("Contoh: alamat di peraturan.go.id"),
    )
    former = "title"

    def members_of(self, text: str) -> dict[str, Any]:
        return legal_parts(text)

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        words = _("Isi jenis, nomor, dan tahun, atau kosongkan ketiganya.")
        missing = {name: ValidationError(words) for name in ("kind", "number", "year") if not cleaned[name]}
        if self.child_blocks["title"].required and 0 < len(missing) < 3:  # else it is a draft
            raise StructBlockValidationError(block_errors=missing)
        return cleaned

    class Meta:
        icon = "doc-full"
        label = _("Dasar hukum")
        description = _("Satu peraturan: jenis, nomor, tahun, dan tentang apa.")
        preview_value: ClassVar = {"kind": "UU", "number": "25", "year": 2009, "title": "Pelayanan Publik", "url": ""}
        preview_template = PREVIEW


def legal_parts(text: str) -> dict[str, Any]:
    """ "UU 25/2009 tentang Pelayanan Publik" taken apart; what is not written so stays whole, as the title."""
    found = _LEGAL.match(text.strip())
    if found is None:
        return {"kind": "", "number": "", "year": None, "title": text, "url": ""}
    return {**found.groupdict(), "year": int(found["year"]), "url": ""}


def legal_words(value: Any) -> str:
    """The regulation as one line; the opposite of `legal_parts`."""
    if not (value["kind"] and value["number"] and value["year"]):
        return str(value["title"]).strip()
    return f"{value['kind']} {value['number']}/{value['year']} tentang {str(value['title']).strip()}"


class ContactBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(CONTACTS, label=_("Lewat apa"))
    value = blocks.CharBlock(label=_("Nomor atau alamat"), max_length=200, help_text=_("Contoh: 0321 123456"))
    name = blocks.CharBlock(
        label=_("Bagian atau loket"), required=False, max_length=120, help_text=_("Bukan nama orang. Contoh: Loket akta")
    )

    def clean(self, value: Any) -> Any:
        return _with_reachable_value(super().clean(value))

    class Meta:
        icon = "mail"
        label = _("Kontak")
        description = _("Nomor atau alamat untuk bertanya tentang layanan ini saja.")
        preview_value: ClassVar = {"kind": "phone", "value": "0321 123456", "name": "Loket akta"}
        preview_template = PREVIEW


_EMAIL = blocks.EmailBlock()


def _with_reachable_value(cleaned: Any) -> Any:
    """Whether the number or address is one of its kind; raises at the field."""
    kind, value = cleaned["kind"], (cleaned["value"] or "").strip()
    try:
        if value and kind in ("phone", "whatsapp"):
            PHONE(value)
        elif value and kind == "email":
            _EMAIL.clean(value)
        elif value and kind == "web":
            WEB_ADDRESS(value)
    except ValidationError as wrong:
        words = _("Tulis alamat surel, misalnya loket@example.org.") if kind == "email" else wrong
        raise StructBlockValidationError(block_errors={"value": ValidationError(words)}) from wrong
    cleaned["value"] = value
    return cleaned


MOST_ROWS = 60
ITEMS = [("item", ItemBlock(max_length=600))]
REQUIREMENTS = [("item", RequirementBlock())]
STEPS = [("step", StepBlock())]
RARE_CASES = [("case", RareCaseBlock())]
FEES = [("fee", FeeBlock())]
OTHER_WAYS = [("way", WayBlock())]
PLACES = [("place", PlaceBlock())]
LEGAL = [("item", LegalBlock())]
CONTACT_LIST = [("contact", ContactBlock())]
