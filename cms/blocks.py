"""The blocks of a service page: a list item, a step, a rare case."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks


class ItemBlock(blocks.TextBlock):
    class Meta:
        icon = "list-ul"
        label = _("Butir")


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Langkah"), max_length=200)
    text = blocks.TextBlock(label=_("Penjelasan"), required=False)

    class Meta:
        icon = "order"
        label = _("Langkah")


class RareCaseBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Pertanyaan"), max_length=160, help_text=_("Contoh: Tidak punya buku nikah?"))
    answer = blocks.TextBlock(label=_("Jawaban"))

    class Meta:
        icon = "help"
        label = _("Keadaan khusus")


ITEMS = [("item", ItemBlock())]
STEPS = [("step", StepBlock())]
RARE_CASES = [("case", RareCaseBlock())]
