"""The publication gate: what a service page must say before it may be public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cms.blocks import NOWHERE, is_somewhere
from cms.examples import left_over
from services.adapters.connecting.service import publication_problems
from services.catalogue.models import Channel, Service

if TYPE_CHECKING:
    from cms.models import ServicePage


@dataclass(frozen=True)
class Problem:
    field: str
    text: str


def problems(page: ServicePage) -> list[Problem]:
    """What is missing for publication; empty when the page may go live.

    The six delivery components of the standar pelayanan (UU 25/2009 art. 21; Permenpan-RB 15/2014), the Indonesian
    title and summary, and a published form when people apply here. A translation needs its title and summary only: the
    rest is shown in Indonesian until somebody translates it.
    """
    found: list[Problem] = []

    def need(ok: object, field: str, text: str) -> None:
        if not ok:
            found.append(Problem(field, text))

    for field, text in left_over(page).items():
        need(False, field, _("Ganti teks contoh ini dengan teks Anda: %s") % text)
    need((page.summary or "").strip(), "summary", _("Isi ringkasan layanan."))
    if page.is_translation:
        return found
    need(len(page.requirements), "requirements", _("Isi persyaratan: apa saja yang perlu disiapkan warga."))
    need(len(page.steps), "steps", _("Isi langkah-langkah layanan."))
    need(
        page.time_unit == "langsung" or (page.time_value and page.time_unit),
        "time_value",
        _("Isi waktu penyelesaian beserta satuannya."),
    )
    need(
        page.fee_free or page.fee_amount is not None or (page.fee_note or "").strip() or len(page.fees),
        "fee_note",
        _("Isi biaya: gratis, tarif, atau keterangan cara menghitungnya."),
    )
    need((page.product or "").strip(), "product", _("Isi hasil layanan yang diterima warga."))
    need(
        (page.complaint_category or "").strip() or (page.complaint_channels or "").strip(),
        "complaint_category",
        _("Isi cara warga mengadu tentang layanan ini."),
    )
    if page.fee_free and page.fee_amount:
        need(False, "fee_amount", _("Layanan gratis tidak punya tarif. Kosongkan tarifnya, atau hapus tanda gratis."))
    need(
        not (page.fee_free and any(block.value["amount"] for block in page.fees)),
        "fees",
        _("Layanan gratis tidak punya tabel biaya. Kosongkan tabelnya, atau hapus tanda gratis."),
    )
    need(all(is_somewhere(block.value) for block in page.places), "places", str(NOWHERE))
    if page.channel == Channel.FORM:
        has_form = Service.objects.filter(code=page.code or "-", form__versions__isnull=False).exists()
        need(has_form, "channel", _("Layanan daring perlu formulir yang sudah diterbitkan."))
        service = Service.objects.filter(code=page.code or "-").first()
        for text in publication_problems(service) if service is not None and has_form else ():
            need(False, "channel", text)
    if page.channel == Channel.HOTLINE:
        need((page.hotline or "").strip(), "hotline", _("Isi nomor telepon layanan."))
    return found


def refuse_incomplete(page: ServicePage) -> None:
    """Raise `ValidationError` with every problem at its field."""
    by_field: dict[str, list[str]] = {}
    for problem in problems(page):
        by_field.setdefault(problem.field, []).append(problem.text)
    if by_field:
        raise ValidationError(by_field)
