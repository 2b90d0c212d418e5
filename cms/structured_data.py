"""What a page says to machines, as schema.org documents in JSON-LD. Only what the page itself says; nothing is guessed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.lib import languages
from services.catalogue.models import Department, ServicePoint, ServiceText

Document = dict[str, Any]


def _known(**members: Any) -> Document:
    """`type` and the members that have a value."""
    kind = members.pop("type")
    return {"@type": kind, **{name: value for name, value in members.items() if value not in ("", None, [], {})}}


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _graph(*documents: Document) -> Document:
    return {"@context": "https://schema.org", "@graph": list(documents)}


def website() -> Document:
    """The portal and its search."""
    search = {
        "@type": "SearchAction",
        "target": {"@type": "EntryPoint", "urlTemplate": _address(reverse("services")) + "?q={q}"},
        "query-input": "required name=q",
    }
    return _graph(
        _known(
            type="WebSite",
            name=settings.PORTAL_NAME,
            url=_address(reverse("home")),
            inLanguage=languages.active(),
            potentialAction=search,
        )
    )


def service(text: ServiceText, point: ServicePoint | None, *, can_start: bool) -> Document:
    """A `GovernmentService` with its department, its ways in (the form while it takes applications) and a price that is known."""
    row = text.service
    path = reverse("service", args=[text.slug])
    crumbs = [(_("Beranda"), reverse("home")), (_("Layanan"), reverse("services"))]
    if row.category:
        crumbs.append((row.category.label, f"{reverse('services')}?kategori={row.category.slug}"))
    return _graph(
        _known(
            type="GovernmentService",
            identifier=row.code,
            name=text.name,
            description=text.summary,
            url=_address(path),
            inLanguage=text.language,
            serviceType=row.category.label if row.category else "",
            provider=_organization(row.department),
            areaServed={"@type": "City", "name": settings.CITY_NAME},
            availableChannel=_channel(text, point, _address(f"{path}ajukan/") if can_start else text.service.url),
            hoursAvailable=_hours(text.content.get("hours") or (point.hours if point else "")),
            offers=_price(0 if row.is_free else row.fee_amount),
        ),
        _breadcrumbs([*crumbs, (text.name, path)]),
    )


def department(row: Department) -> Document:
    """A `GovernmentOrganization` with the contacts that are known."""
    return _graph(
        {**_organization(row), **_known(type="GovernmentOrganization", alternateName=row.short_name, description=row.about)}
        | ({"parentOrganization": _organization(row.parent)} if row.parent else {}),
        _breadcrumbs(
            [
                (_("Beranda"), reverse("home")),
                (_("Dinas"), reverse("departments")),
                (row.label, reverse("department", args=[row.code])),
            ]
        ),
    )


def _organization(row: Department) -> Document:
    return _known(
        type="GovernmentOrganization",
        name=row.label,
        url=_address(reverse("department", args=[row.code])),
        telephone=row.phone,
        email=row.email,
        address=row.address,
    )


def _channel(text: ServiceText, point: ServicePoint | None, url: str) -> Document:
    number = text.content.get("hotline", "")
    place = _known(type="Place", name=point.label, address=point.address) if point else None
    return _known(
        type="ServiceChannel",
        name=str(text.service.get_channel_display()),
        serviceUrl=url,
        servicePhone={"@type": "ContactPoint", "telephone": number} if number else None,
        serviceLocation=place,
    )


def _hours(words: str) -> Document | None:
    """Opening hours are a sentence in the catalogue and stay one."""
    return {"@type": "OpeningHoursSpecification", "description": words} if words else None


def _price(rupiah: int | None) -> Document | None:
    return None if rupiah is None else {"@type": "Offer", "price": str(rupiah), "priceCurrency": "IDR"}


def _breadcrumbs(pairs: list[tuple[str, str]]) -> Document:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": _address(path)}
            for place, (name, path) in enumerate(pairs, 1)
        ],
    }
