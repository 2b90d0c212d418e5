"""The blocks of a form: parts > questions > (group > questions), one block for every question type.

Nothing here is required and nothing is judged: half a form can be saved. What is wrong with it is said by the publication gate.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import BlockGroup

from services.forms.lint import NOT_INSIDE

Child = tuple[str, blocks.Block]

MATCHES = [("all", _("semua terpenuhi")), ("any", _("salah satu terpenuhi"))]
OPERATORS = [
    ("equals", _("jawabannya")),
    ("in", _("jawabannya salah satu dari")),
    ("filled", _("diisi (Ya) atau kosong (Tidak)")),
    ("at_least", _("paling sedikit")),
    ("at_most", _("paling banyak")),
]
PREFILLS = [
    ("account.name", _("nama di akun")),
    ("account.nik", _("NIK di akun")),
    ("account.kk_number", _("nomor KK di akun")),
    ("account.phone", _("nomor telepon di akun")),
    ("account.email", _("email di akun")),
]
PRESETS = [
    ("person_name", _("nama orang")),
    ("child_name", _("nama anak, paling sedikit dua kata")),
    ("rt_rw", _("RT atau RW")),
    ("plate", _("nomor polisi kendaraan")),
    ("jkn_number", _("nomor JKN, 13 angka")),
]
# Codes of `Fault`: when a sentence of the form's own takes the place of ours.
MISTAKES = [
    ("missing", _("belum diisi")),
    ("too_long", _("terlalu panjang")),
    ("too_short", _("terlalu pendek")),
    ("pattern", _("tidak sesuai bentuknya")),
    ("impossible", _("angkanya tidak mungkin")),
    ("not_digits", _("ada yang bukan angka")),
    ("not_a_number", _("bukan angka bulat")),
    ("too_small", _("angka terlalu kecil")),
    ("too_large", _("angka terlalu besar")),
    ("not_an_option", _("bukan pilihan yang ada")),
    ("not_a_date", _("bukan tanggal yang ada")),
    ("incomplete", _("tanggal belum lengkap")),
    ("too_early", _("tanggal terlalu awal")),
    ("too_late", _("tanggal terlalu akhir")),
    ("before", _("sebelum tanggal yang dibandingkan")),
    ("same", _("sama dengan yang dibandingkan")),
    ("not_a_time", _("bukan jam")),
    ("outside", _("di luar wilayah")),
    ("too_many", _("terlalu banyak")),
    ("too_few", _("terlalu sedikit")),
]


def line(label: Any, help_text: Any = "", *, longest: int = 500) -> blocks.CharBlock:
    return blocks.CharBlock(required=False, max_length=longest, label=label, help_text=help_text)


def passage(label: Any, help_text: Any = "") -> blocks.TextBlock:
    return blocks.TextBlock(required=False, max_length=4_000, rows=2, label=label, help_text=help_text)


def count(label: Any, help_text: Any = "") -> blocks.IntegerBlock:
    return blocks.IntegerBlock(required=False, label=label, help_text=help_text)


def one_of(choices: Any, label: Any, help_text: Any = "") -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=choices, required=False, label=label, help_text=help_text)


class RuleBlock(blocks.StructBlock):
    """One comparison of a condition. The script of the builder offers the questions and their answers."""

    field = line(
        _("Pertanyaan"),
        _("Kode atau label pertanyaan yang ada sebelum ini."),
    )
    op = blocks.ChoiceBlock(choices=OPERATORS, default="equals", label=_("Syarat"))
    value = line(
        _("Jawaban"),
        _("Nilai pilihan, Ya atau Tidak, angka, atau tanggal (2026-12-31, today-60d). Beberapa jawaban dipisah koma."),
        longest=2_000,
    )

    class Meta:
        icon = "help"
        label = _("Syarat")
        label_format = "{field} {op} {value}"
        form_attrs = {"data-form-rule": ""}


class RulesBlock(blocks.StructBlock):
    match = blocks.ChoiceBlock(choices=MATCHES, default="any", label=_("Tampil bila"))
    rules = blocks.ListBlock(RuleBlock(), default=[], label=_("Syarat"))

    class Meta:
        icon = "list-ul"
        label = _("Kumpulan syarat")


class ShowIfBlock(blocks.StructBlock):
    match = blocks.ChoiceBlock(choices=MATCHES, default="all", label=_("Tampil bila"))
    rules = blocks.StreamBlock(
        [("rule", RuleBlock()), ("rules", RulesBlock())],
        required=False,
        label=_("Syarat"),
        help_text=_("Kosong: pertanyaan selalu tampil."),
    )

    class Meta:
        icon = "view"
        label = _("Kapan tampil")


class OptionBlock(blocks.StructBlock):
    label = line(_("Pilihan"))
    label_en = line(_("Pilihan (Inggris)"))
    value = line(_("Nilai"), _("Yang dikirim ke sistem dinas. Kosongkan: dibuat dari pilihannya."), longest=100)

    class Meta:
        icon = "radio-empty"
        label = _("Pilihan")
        label_format = "{label}"
        form_attrs = {"data-form-option": ""}


class MessageBlock(blocks.StructBlock):
    code = one_of(MISTAKES, _("Bila"))
    text = line(_("Kalimat"), _("Kalimat lengkap yang memberi tahu apa yang harus dilakukan."))
    text_en = line(_("Kalimat (Inggris)"))

    class Meta:
        icon = "warning"
        label = _("Kalimat sendiri")
        label_format = "{code}: {text}"


BOUND = _("Angka, atau year dan year+1 untuk tahun berjalan.")
DAY = _("Tanggal seperti 2026-12-31, atau today, today-60d, today+1y untuk batas yang ikut bergerak.")


def _own(kind: str) -> list[Child]:
    """What only questions of this type have."""
    match kind:
        case "text":
            return [
                ("preset", one_of(PRESETS, _("Bentuk"), _("Pola yang sudah teruji; kalimat salahnya sudah ada."))),
                ("min_length", count(_("Paling sedikit huruf"))),
                ("max_length", count(_("Paling banyak huruf"), _("Kosong: 200."))),
            ]
        case "textarea":
            return [
                ("min_length", count(_("Paling sedikit huruf"))),
                ("max_length", count(_("Paling banyak huruf"), _("Kosong: 2.000."))),
            ]
        case "integer" | "money":
            return [("min", line(_("Paling sedikit"), BOUND)), ("max", line(_("Paling banyak"), BOUND))]
        case "date":
            return [
                ("min", line(_("Paling awal"), DAY)),
                ("max", line(_("Paling akhir"), DAY)),
                ("not_before", line(_("Tidak sebelum"), _("Kode pertanyaan tanggal yang ada sebelum ini."))),
            ]
        case "select" | "choices":
            return [("options", blocks.ListBlock(OptionBlock(), default=[], label=_("Pilihan")))]
        case "file":
            return [
                ("max_files", count(_("Paling banyak berkas"), _("Kosong: 3. Foto atau PDF."))),
                ("max_mb", count(_("Paling besar tiap berkas (MB)"), _("Kosong: batas portal, 5 MB. Tidak bisa lebih."))),
            ]
        case "consent":
            return [("notice", passage(_("Keterangan dasar hukum"))), ("notice_en", passage(_("Keterangan (Inggris)")))]
        case "group":
            return [
                ("row_name", line(_("Nama satu baris"), _("Contoh: Anak. Judul kartu menjadi “Anak ke-1”."))),
                ("row_name_en", line(_("Nama satu baris (Inggris)"))),
                ("add_label", line(_("Tulisan tombol tambah"), _("Contoh: Tambah anak"))),
                ("add_label_en", line(_("Tulisan tombol tambah (Inggris)"))),
                ("min_rows", count(_("Paling sedikit baris"), _("Sebanyak ini langsung tersedia."))),
                ("max_rows", count(_("Paling banyak baris"), _("Kosong: 10."))),
                ("questions", QuestionStream(inner=True)),
            ]
    return []


# type -> (word, icon); the order is the order of the menu
TYPES: dict[str, tuple[Any, str]] = {
    "text": (_("Teks pendek"), "pilcrow"),
    "textarea": (_("Teks panjang"), "doc-full"),
    "select": (_("Pilih satu"), "radio-full"),
    "choices": (_("Pilih beberapa"), "list-ul"),
    "yesno": (_("Ya atau tidak"), "check"),
    "checkbox": (_("Satu centang"), "success"),
    "date": (_("Tanggal"), "date"),
    "time": (_("Jam"), "time"),
    "integer": (_("Angka"), "order"),
    "money": (_("Rupiah"), "form"),
    "nik": (_("NIK"), "key"),
    "kk_number": (_("Nomor KK"), "key"),
    "phone": (_("Telepon"), "mobile-alt"),
    "email": (_("Email"), "mail"),
    "kelurahan": (_("Kelurahan"), "site"),
    "geo_point": (_("Titik di peta"), "crosshairs"),
    "file": (_("Berkas"), "upload"),
    "group": (_("Kelompok berulang"), "grip"),
    "note": (_("Keterangan"), "info-circle"),
    "consent": (_("Pernyataan"), "edit"),
}
_UNANSWERED = frozenset({"note"})


def question_block(kind: str) -> blocks.StructBlock:
    """What is used daily stands open; keys, words inside sentences and special rules lie in the settings of the block."""
    word, icon = TYPES[kind]
    shown: list[Child] = [
        ("label", line(_("Pertanyaan") if kind not in _UNANSWERED else _("Keterangan"))),
        ("label_en", line(_("Dalam bahasa Inggris"))),
    ]
    hidden: list[Child] = [
        (
            "key",
            line(
                _("Kode"),
                _("Dibuat sekali dari label. Sesudah terbit kode tetap: yang diganti di sini kembali ke kode semula."),
                longest=60,
            ),
        ),
    ]
    if kind not in _UNANSWERED:
        shown += [
            ("required", blocks.BooleanBlock(required=False, label=_("Wajib diisi"))),
            ("hint", passage(_("Petunjuk"), _("Satu kalimat di atas kolom isian."))),
            ("hint_en", passage(_("Petunjuk (Inggris)"))),
        ]
        hidden += [
            ("name", line(_("Sebutan dalam kalimat"), _("Contoh: kota atau kabupaten tempat lahir. Kosong: labelnya."))),
            ("name_en", line(_("Sebutan dalam kalimat (Inggris)"))),
            ("example", line(_("Contoh isian"), _("Tampil sebagai “Contoh: …” dan dipakai saat mencoba."))),
            ("example_en", line(_("Contoh isian (Inggris)"))),
            ("prefill", one_of(PREFILLS, _("Diisi dari"), _("Disalin sekali saat warga mulai mengisi."))),
            ("differs_from", line(_("Harus berbeda dari"), _("Kode pertanyaan yang ada sebelum ini."), longest=60)),
            ("messages", blocks.ListBlock(MessageBlock(), default=[], label=_("Kalimat sendiri"))),
        ]
    shown += _own(kind)
    shown.append(("show_if", ShowIfBlock()))
    hidden.append(
        (
            "rest",
            blocks.TextBlock(
                required=False,
                rows=2,
                label=_("Sifat lain"),
                help_text=_(
                    "Sifat dari dokumen asal yang tidak punya kolom di sini, sebagai JSON. Kosongkan untuk menghapus."
                ),
            ),
        )
    )
    return blocks.StructBlock(
        [*shown, *hidden],
        label=word,
        icon=icon,
        label_format="{label}",
        form_layout=BlockGroup([name for name, _block in shown], settings=[name for name, _block in hidden]),
        form_attrs={"data-form-question": kind},
        collapsed=True,
    )


class QuestionStream(blocks.StreamBlock):
    """The questions of a part, or of a group."""

    def __init__(self, local_blocks: Any = None, *, inner: bool = False, **kwargs: Any) -> None:
        kinds = [kind for kind in TYPES if not (inner and kind in NOT_INSIDE)]
        made = local_blocks or [(kind, question_block(kind)) for kind in kinds]
        kwargs = {"required": False, "collapsed": True, "label": _("Pertanyaan"), **kwargs}
        super().__init__(made, **kwargs)


class PartBlock(blocks.StructBlock):
    title = line(_("Judul bagian"))
    title_en = line(_("Judul bagian (Inggris)"))
    intro = passage(_("Pengantar"), _("Satu atau dua kalimat di bawah judul."))
    intro_en = passage(_("Pengantar (Inggris)"))
    questions = QuestionStream()
    key = line(_("Kode"), _("Dibuat sekali dari judul; menjadi bagian dari alamat halaman."), longest=60)

    class Meta:
        icon = "form"
        label = _("Bagian")
        label_format = "{title}"
        form_layout = BlockGroup(["title", "title_en", "intro", "intro_en", "questions"], settings=["key"])


PARTS = [("part", PartBlock())]
