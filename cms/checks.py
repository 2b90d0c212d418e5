"""The publication gate: what a service page must say before it may be public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cms.blocks import NOWHERE, is_somewhere
from cms.examples import left_over
from services.adapters.connecting.service import no_destination, publication_problems
from services.catalogue.models import Channel, Service

if TYPE_CHECKING:
    from cms.models import ServicePage


@dataclass(frozen=True)
class Problem:
    field: str
    text: str


@dataclass(frozen=True)
class Part:
    """One line of the checklist: what it is called, whether it is there, and the field and sentence when it is not."""

    name: str
    field: str
    text: str
    done: bool
    elsewhere: str = ""  # the name of the screen where it is mended, when that is not a field of the editor


def checklist(page: ServicePage) -> list[Part]:
    """Every part that is asked for, done or not, in the order of the page.

    The six delivery components of the standar pelayanan (UU 25/2009 art. 21; Permenpan-RB 15/2014), the Indonesian
    title and summary, and a published form when people apply here. A translation needs its title and summary only: the
    rest is shown in Indonesian until somebody translates it.
    """
    found: list[Part] = []

    def need(ok: object, name: str, field: str, text: str, elsewhere: str = "") -> None:
        found.append(Part(name, field, text, bool(ok), elsewhere))

    for field, text in left_over(page).items():
        need(False, _("Teks contoh"), field, _("Ganti teks contoh ini dengan teks Anda: %s") % text)
    need((page.summary or "").strip(), _("Ringkasan"), "summary", _("Isi ringkasan layanan."))
    if page.is_translation:
        return found
    need(page.category_id, _("Kategori"), "category", _("Pilih kategori layanan."))
    need(
        page.fee_free or page.fee_amount is not None or (page.fee_note or "").strip() or len(page.fees),
        _("Biaya"),
        "fee_note",
        _("Isi biaya: gratis, tarif, atau keterangan cara menghitungnya."),
    )
    if page.fee_free and page.fee_amount:
        text = _("Layanan gratis tidak punya tarif. Kosongkan tarifnya, atau hapus tanda gratis.")
        need(False, _("Tarif"), "fee_amount", text)
    need(
        page.time_unit == "langsung" or (page.time_value and page.time_unit),
        _("Waktu penyelesaian"),
        "time_value",
        _("Isi waktu penyelesaian beserta satuannya."),
    )
    if page.channel == Channel.FORM:
        service = Service.objects.filter(code=page.code or "-").first()
        has_form = Service.objects.filter(code=page.code or "-", form__versions__isnull=False).exists()
        need(has_form, _("Formulir"), "channel", _("Layanan daring perlu formulir yang sudah diterbitkan."))
        where = "service-destination" if page.pk else ""
        told = publication_problems(service) if service is not None else [no_destination()]
        for text in told or [""]:
            need(not text, _("Tujuan permohonan"), "channel", text, where)
    if page.channel == Channel.HOTLINE:
        need((page.hotline or "").strip(), _("Nomor telepon"), "hotline", _("Isi nomor telepon layanan."))
    need(
        len(page.requirements),
        _("Persyaratan"),
        "requirements",
        _("Isi persyaratan: apa saja yang perlu disiapkan warga."),
    )
    need(len(page.steps), _("Langkah-langkah"), "steps", _("Isi langkah-langkah layanan."))
    need((page.product or "").strip(), _("Hasil layanan"), "product", _("Isi hasil layanan yang diterima warga."))
    need(
        (page.complaint_category or "").strip() or (page.complaint_channels or "").strip(),
        _("Penanganan pengaduan"),
        "complaint_category",
        _("Isi cara warga mengadu tentang layanan ini."),
    )
    if page.fee_free and any(block.value["amount"] for block in page.fees):
        text = _("Layanan gratis tidak punya tabel biaya. Kosongkan tabelnya, atau hapus tanda gratis.")
        need(False, _("Tabel biaya"), "fees", text)
    if not all(is_somewhere(block.value) for block in page.places):
        need(False, _("Tempat"), "places", str(NOWHERE))
    return found


def problems(page: ServicePage) -> list[Problem]:
    """What is missing for publication; empty when the page may go live."""
    return [Problem(part.field, part.text) for part in checklist(page) if not part.done]


def refuse_incomplete(page: ServicePage) -> None:
    """Raise `ValidationError` with every problem at its field."""
    by_field: dict[str, list[str]] = {}
    for problem in problems(page):
        by_field.setdefault(problem.field, []).append(problem.text)
    if by_field:
        raise ValidationError(by_field)
