"""The blocks of a journey page: a step, what it gives, a part of the shared questions.

Nothing is required here: half a journey can be saved. What is missing is said by the publication gate (`cms.journeys`).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from services.catalogue.models import Opens, Service, ServiceText


def public_services() -> list[tuple[str, str]]:
    """Code and name of every public service, as a step may name it."""
    names = dict(ServiceText.objects.filter(language="id").values_list("service_id", "name"))
    rows = Service.objects.filter(is_public=True).select_related("department").order_by("department__short_name", "code")
    return [(row.code, f"{row.department.short_name}: {names.get(row.pk, row.code)} ({row.code})") for row in rows]


class GiftBlock(blocks.StructBlock):
    name = blocks.CharBlock(
        label=_("Kode hasil"), required=False, max_length=60, help_text=_("Nama di sistem dinas, misalnya no_akta.")
    )
    label = blocks.CharBlock(label=_("Nama untuk warga"), required=False, max_length=120)
    to = blocks.TextBlock(
        label=_("Mengisi pertanyaan"),
        required=False,
        rows=2,
        help_text=_("Satu per baris, langkah.pertanyaan. Contoh: kia.no_akta"),
    )

    class Meta:
        icon = "tag"
        label = _("Hasil")


class JourneyStepBlock(blocks.StructBlock):
    key = blocks.CharBlock(
        label=_("Kode langkah"),
        required=False,
        max_length=60,
        help_text=_("Pendek dan tetap, misalnya akta. Jangan diubah lagi."),
    )
    service = blocks.ChoiceBlock(label=_("Layanan"), required=False, choices=public_services)
    why = blocks.TextBlock(label=_("Untuk apa"), required=False, rows=2, help_text=_("Satu kalimat untuk warga."))
    how = blocks.TextBlock(
        label=_("Kapan dan bagaimana"), required=False, rows=2, help_text=_("Terutama bila langkah ini tidak daring.")
    )
    after = blocks.CharBlock(
        label=_("Sesudah langkah"),
        required=False,
        help_text=_("Kode langkah yang ditunggu, dipisah koma. Kosong: bisa langsung."),
    )
    opens_on = blocks.ChoiceBlock(label=_("Terbuka bila"), choices=Opens.choices, default=Opens.COMPLETED, required=False)
    optional = blocks.BooleanBlock(label=_("Boleh dilewati"), required=False)
    may_have = blocks.BooleanBlock(label=_("Hasilnya mungkin sudah dipunyai warga"), required=False)
    presets = blocks.TextBlock(
        label=_("Jawaban yang sudah pasti"),
        required=False,
        rows=2,
        help_text=_("Satu per baris, pertanyaan = jawaban. Contoh: alasan = tambah"),
    )
    gives = blocks.ListBlock(GiftBlock(), label=_("Hasil untuk langkah berikutnya"), default=[])

    class Meta:
        icon = "order"
        label = _("Langkah")


class SharedQuestionBlock(blocks.StructBlock):
    key = blocks.CharBlock(
        label=_("Kode"), required=False, max_length=60, help_text=_("Kosongkan untuk memakai kode pertanyaan pertama.")
    )
    to = blocks.TextBlock(
        label=_("Menjawab pertanyaan"),
        required=False,
        rows=3,
        help_text=_("Satu per baris, langkah.pertanyaan. Kata-katanya diambil dari yang pertama. Contoh: akta.no_kk"),
    )

    class Meta:
        icon = "help"
        label = _("Pertanyaan bersama")


class SharedPartBlock(blocks.StructBlock):
    key = blocks.CharBlock(label=_("Kode bagian"), required=False, max_length=60)
    title = blocks.CharBlock(label=_("Judul bagian"), required=False, max_length=120)
    questions = blocks.ListBlock(SharedQuestionBlock(), label=_("Pertanyaan"), default=[])

    class Meta:
        icon = "form"
        label = _("Bagian")


JOURNEY_STEPS = [("step", JourneyStepBlock())]
SHARED_PARTS = [("part", SharedPartBlock())]
