"""The blocks of the home page. Words left empty are the portal's own, in both languages; facts are chosen from what there is."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from cms.blocks import WEB_ADDRESS
from cms.journey_blocks import public_services
from services.catalogue.models import Need, ServicePoint

PROSE = ["h3", "bold", "ol", "ul", "link", "document-link"]
_OWN_PATH = re.compile(r"/(?:[a-z0-9][-a-z0-9_]*/)*(?:\?[-a-zA-Z0-9_=&+%.]*)?")

# Where a shortcut may lead: rooms of the portal that are always there. Their words and signs are in `cms.home`.
SHORTCUTS = [
    ("apply", _("Ajukan secara daring")),
    ("track", _("Lacak permohonan")),
    ("account", _("Buka akun saya")),
    ("guides", _("Bantu saya mencari")),
    ("events", _("Peristiwa hidup")),
    ("departments", _("Dinas")),
    ("status", _("Status sistem")),
    ("help", _("Bantuan")),
]


def own_path(value: str) -> str:
    """The address when it is one of this portal's own, as /bantuan/; else empty."""
    return value if _OWN_PATH.fullmatch(value) else ""


def needs() -> list[tuple[str, str]]:
    return list(Need.objects.values_list("slug", "name"))


def points() -> list[tuple[str, str]]:
    return list(ServicePoint.objects.order_by("name").values_list("code", "name"))


def _heading() -> blocks.CharBlock:
    return blocks.CharBlock(
        label=_("Judul"), required=False, max_length=80, help_text=_("Kosong: judul dari portal, dalam kedua bahasa.")
    )


class PopularBlock(blocks.StructBlock):
    label = blocks.CharBlock(label=_("Tulisan"), max_length=40, help_text=_("Contoh: KTP hilang"))
    query = blocks.CharBlock(label=_("Kata yang dicari"), max_length=80, help_text=_("Contoh: KTP hilang"))


class SearchBlock(blocks.StructBlock):
    title = _heading()
    example = blocks.CharBlock(
        label=_("Contoh di kotak cari"), required=False, max_length=60, help_text=_("Contoh: akta lahir, izin usaha")
    )
    popular = blocks.ListBlock(PopularBlock(), label=_("Sering dicari"), default=[], max_num=8)

    class Meta:
        icon = "search"
        label = _("Kotak cari")
        description = _("Judul besar, kotak cari, dan yang sering dicari. Selalu paling atas.")


class DisturbedBlock(blocks.StaticBlock):
    class Meta:
        icon = "warning"
        label = _("Layanan terganggu")
        description = _("Muncul sendiri bila ada layanan yang terganggu.")
        admin_text = _("Muncul sendiri bila ada layanan yang terganggu, dan hilang sendiri.")


class ShortcutBlock(blocks.StructBlock):
    target = blocks.ChoiceBlock(SHORTCUTS, label=_("Menuju"))
    title = blocks.CharBlock(label=_("Judul"), required=False, max_length=60)
    text = blocks.CharBlock(label=_("Penjelasan"), required=False, max_length=160)


class ShortcutsBlock(blocks.StructBlock):
    cards = blocks.ListBlock(ShortcutBlock(), label=_("Kartu"), min_num=1, max_num=6)

    class Meta:
        icon = "redirect"
        label = _("Jalan pintas")
        description = _("Kartu menuju ruang portal: ajukan, lacak, akun.")


class NeedsBlock(blocks.StructBlock):
    title = _heading()
    chosen = blocks.ListBlock(
        blocks.ChoiceBlock(needs, label=_("Kebutuhan")),
        label=_("Kebutuhan yang ditampilkan"),
        default=[],
        help_text=_("Kosong: semua, menurut urutan kota."),
    )

    class Meta:
        icon = "list-ul"
        label = _("Layanan menurut kebutuhan")
        description = _("Pintu menuju kelompok layanan, masing-masing dengan jumlahnya.")


class ServicesBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Judul"), max_length=80, help_text=_("Contoh: Sedang banyak diurus"))
    chosen = blocks.ListBlock(blocks.ChoiceBlock(public_services, label=_("Layanan")), label=_("Layanan"), max_num=8)

    class Meta:
        icon = "doc-full"
        label = _("Layanan pilihan")
        description = _("Beberapa layanan, misalnya yang ramai pada musim ini.")


class EventsBlock(blocks.StructBlock):
    title = _heading()

    class Meta:
        icon = "order"
        label = _("Peristiwa hidup")
        description = _("Urusan beberapa langkah. Muncul bila ada yang terbit.")


class NoticesBlock(blocks.StructBlock):
    title = _heading()

    class Meta:
        icon = "info-circle"
        label = _("Pengumuman dinas")
        description = _("Pengumuman dinas yang sedang berlaku dan yang direncanakan. Muncul bila ada.")


class PeopleBlock(blocks.StructBlock):
    title = _heading()
    point = blocks.ChoiceBlock(points, label=_("Titik layanan"), required=False)
    kelurahan = blocks.BooleanBlock(label=_("Tampilkan kantor kelurahan"), required=False, default=True)

    class Meta:
        icon = "group"
        label = _("Dibantu langsung")
        description = _("Tempat warga dibantu petugas.")


class FiguresBlock(blocks.StructBlock):
    title = _heading()

    class Meta:
        icon = "table"
        label = _("Angka kota")
        description = _("Berapa layanan, berapa yang daring, berapa dinas. Dihitung sendiri.")


class ProseBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Judul"), max_length=80)
    text = blocks.RichTextBlock(label=_("Isi"), features=PROSE, max_length=4000)

    class Meta:
        icon = "pilcrow"
        label = _("Teks")
        description = _("Judul dan beberapa kalimat.")


class LinkBlock(blocks.StructBlock):
    label = blocks.CharBlock(label=_("Tulisan"), max_length=80)
    url = blocks.CharBlock(
        label=_("Alamat"), max_length=300, help_text=_("https://... atau alamat di portal ini, misalnya /bantuan/")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        address = (cleaned["url"] or "").strip()
        if address and not own_path(address):
            try:
                WEB_ADDRESS(address)
            except ValidationError as wrong:
                words = _("Tulis alamat yang diawali https://, atau alamat di portal ini, misalnya /bantuan/.")
                raise StructBlockValidationError(block_errors={"url": ValidationError(words)}) from wrong
        cleaned["url"] = address
        return cleaned


class LinksBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Judul"), max_length=80)
    links = blocks.ListBlock(LinkBlock(), label=_("Tautan"), min_num=1, max_num=12)

    class Meta:
        icon = "link"
        label = _("Tautan")
        description = _("Daftar tautan di bawah satu judul.")


class HomeBlocks(blocks.StreamBlock):
    search = SearchBlock()
    disturbed = DisturbedBlock()
    shortcuts = ShortcutsBlock()
    needs = NeedsBlock()
    services = ServicesBlock()
    events = EventsBlock()
    notices = NoticesBlock()
    people = PeopleBlock()
    figures = FiguresBlock()
    text = ProseBlock()
    links = LinksBlock()

    class Meta:
        max_num = 20
        block_counts: ClassVar = {
            kind: {"max_num": 1}
            for kind in ("search", "disturbed", "shortcuts", "needs", "events", "notices", "people", "figures")
        }

    def clean(self, value: Any) -> Any:
        """A draft may lack anything; what is to be public begins with the search and says what does not run."""
        cleaned = super().clean(value)
        kinds = [block.block_type for block in cleaned]
        wrong = []
        if kinds and not self.is_deferred_validation:
            if kinds[0] != "search":
                wrong.append(ValidationError(_("Kotak cari harus ada, dan paling atas: di situ judul halaman.")))
            if "disturbed" not in kinds:
                wrong.append(ValidationError(_("“Layanan terganggu” harus ada: warga perlu tahu sebelum mengurus.")))
        if wrong:
            raise StreamBlockValidationError(non_block_errors=wrong)
        return cleaned
