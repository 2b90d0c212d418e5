"""The rows of a service page's blocks as values of the catalogue; empty rows are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cms.blocks import days_of
from services.catalogue import queries
from services.catalogue.records import Contact, Fee, Hours, Place, Regulation, Requirement, Way

if TYPE_CHECKING:
    from cms.models import ServicePage


def _text(value: Any) -> str:
    return str(value or "").strip()


def web(value: Any) -> str:
    """The address when a browser opens it as a page; nothing otherwise, whatever door it came through."""
    text = _text(value)
    return text if text.lower().startswith(("https://", "http://")) else ""


def items(stream: Any) -> tuple[str, ...]:
    return tuple(text for block in stream if (text := _text(block.value)))


def requirements(page: ServicePage) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(_text(row["text"]), row["form"] or "", row["copies"], _text(row["where"]))
        for row in _values(page.requirements)
        if _text(row["text"])
    )


def fees(page: ServicePage) -> tuple[Fee, ...]:
    return tuple(Fee(_text(r["case"]), r["amount"], _text(r["note"])) for r in _values(page.fees) if _text(r["case"]))


def ways(page: ServicePage) -> tuple[Way, ...]:
    return tuple(Way(r["kind"], _text(r["text"]), _text(r["value"])) for r in _values(page.ways) if _text(r["text"]))


def places(page: ServicePage) -> tuple[Place, ...]:
    return tuple(
        Place(
            point=row["point"] or "",
            name="" if row["point"] else _text(row["name"]),
            address="" if row["point"] else _text(row["address"]),
            hours=tuple(
                Hours(tuple(days_of(h)), f"{h['opens']:%H:%M}", f"{h['closes']:%H:%M}")
                for h in row["hours"]
                if h["first"] and h["opens"] and h["closes"]
            ),
            note=_text(row["note"]),
        )
        for row in _values(page.places)
        if row["point"] or _text(row["name"])
    )


def regulations(page: ServicePage) -> tuple[Regulation, ...]:
    return tuple(
        Regulation(_text(r["title"]), _text(r["kind"]), _text(r["number"]), r["year"], web(r["url"]))
        for r in _values(page.legal)
        if _text(r["title"])
    )


def contacts(page: ServicePage) -> tuple[Contact, ...]:
    return tuple(
        Contact(r["kind"], _text(r["value"]), _text(r["name"])) for r in _values(page.contacts) if _text(r["value"])
    )


def with_points(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each place with its service point; one whose point is gone and that has no name of its own is left out."""
    points = queries.service_points(row["point"] for row in rows if row["point"])
    known = [(row, points.get(row["point"])) for row in rows]
    return [{"row": row, "point": point} for row, point in known if point or row["name"]]


def _values(stream: Any) -> list[Any]:
    return [block.value for block in stream]
