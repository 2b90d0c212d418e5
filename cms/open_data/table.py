"""The catalogue as one table (RFC 4180, UTF-8): a row for each public service."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.conf import settings
from django.utils import timezone

from cms.sheets.cells import harmless
from portal.lib import languages
from portal.lib.languages import DEFAULT
from services.catalogue.models import Service, ServiceText

MEDIA_TYPE = "text/csv; charset=utf-8"
COLUMNS = (
    "code name_id name_en summary_id summary_en department department_name category channel free fee_amount fee_note time_value "
    "time_unit life_events availability illustrative url_id url_en updated_at"
).split()


def catalogue() -> str:
    """Numbers and codes as they are in the API; a text that a spreadsheet could take for a formula is defused."""
    rows: dict[int, dict[str, ServiceText]] = {}
    texts = ServiceText.objects.filter(service__is_public=True).select_related("service__department", "service__category")
    for text in texts.order_by("service__code"):
        rows.setdefault(text.service_id, {})[text.language] = text
    events: dict[int, list[str]] = {}
    through = Service.life_events.through._default_manager.order_by("lifeevent__slug")
    for service_id, slug in through.values_list("service_id", "lifeevent__slug"):
        events.setdefault(service_id, []).append(slug)
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(COLUMNS)
    for pk, both in rows.items():
        if DEFAULT in both:
            written.writerow([_cell(value) for value in _row(both, events.get(pk, []))])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(str(value)) if value is not None else ""


def _row(both: dict[str, ServiceText], events: list[str]) -> list[Any]:
    text, english = both[DEFAULT], both.get("en")
    service = text.service

    def address(one: ServiceText | None) -> str:
        return settings.PUBLIC_URL + languages.path_in(one.language, f"/layanan/{one.slug}/") if one else ""

    return [
        service.code,
        text.name,
        english.name if english else "",
        text.summary,
        english.summary if english else "",
        service.department.code,
        service.department.name,
        service.category.slug if service.category else "",
        service.channel,
        service.is_free,
        service.fee_amount,
        text.fee_note,
        service.time_value,
        service.time_unit,
        " ".join(events),
        service.availability,
        service.illustrative,
        address(text),
        address(english),
        timezone.localtime(service.updated_at).isoformat(),
    ]
