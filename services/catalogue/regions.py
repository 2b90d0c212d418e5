"""The parts of the city."""

from __future__ import annotations

from services.catalogue.models import Region


def kelurahan_source() -> dict[str, list[tuple[str, str]]]:
    """The city's kelurahan as options of questions: (department code, name)."""
    rows = Region.objects.filter(kind=Region.Kind.KELURAHAN).exclude(department=None).order_by("name")
    return {"kelurahan": [(code, name) for code, name in rows.values_list("department__code", "name")]}
