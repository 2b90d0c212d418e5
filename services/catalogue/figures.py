"""The catalogue in numbers, for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from services.catalogue.models import Channel, Service


@dataclass(frozen=True)
class CityFigures:
    """How many public services there are, how many of them are applied for on this portal, and of how many departments."""

    services: int
    online: int
    departments: int


def of_city() -> CityFigures:
    counted = Service.objects.filter(is_public=True).aggregate(
        services=Count("pk"),
        online=Count("pk", filter=Q(channel=Channel.FORM)),
        departments=Count("department", distinct=True),
    )
    return CityFigures(**counted)
