"""The whole public catalogue in one file, from which a fresh portal is filled: the same codes, addresses, words and forms.

Format `kota-catalogue/1`: lists of what services name (by code), and each service with its page in every language as the editor has
it. Only what is public is in it. Cases, people, connections and secrets are not: a restore brings those (`manage.py restore`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models, transaction

from cms import checks, department_pages, loading, publishing
from cms.models import DepartmentPage, HomePage, ServicePage
from portal.lib.languages import DEFAULT
from services.catalogue import actions, synonyms
from services.catalogue.models import (
    Category,
    Department,
    Dimension,
    LifeEvent,
    Need,
    Region,
    Service,
    ServicePoint,
)
from services.forms.actions import FormNotPublishableError, publish_form
from services.forms.models import FormVersion

FORMAT = "kota-catalogue/1"
Row = dict[str, Any]
_DEPARTMENT = "code name name_en short_name kind is_template address phone email illustrative about about_en".split()
_POINT = "code name name_en address hours".split()
_CATEGORY = "slug name name_en icon order".split()
_EVENT = "slug name name_en name_jv hint hint_en kind order".split()
_DIMENSION = "slug name name_id order".split()
_NEED = "slug name name_en icon order".split()


class NotACatalogueError(ValueError):
    """This file does not fill a portal; the text says why and what to do."""


@dataclass
class Outcome:
    """What an import did: live pages, and pages that wait as drafts, each with what they wait for."""

    live: list[str] = field(default_factory=list)
    drafts: dict[str, str] = field(default_factory=dict)


# --- out ---


def export() -> Row:
    """Everything public, as plain JSON values; the same whoever asks."""
    return {
        "format": FORMAT,
        "city": settings.CITY_NAME,
        "regions": [
            {"code": r.code, "name": r.name, "kind": r.kind, "parent": r.parent.code if r.parent else None}
            for r in Region.objects.select_related("parent").order_by("code")
        ],
        "departments": [
            {
                **_plain(d, _DEPARTMENT),
                "parent": d.parent.code if d.parent else None,
                "region": d.region.code if d.region else None,
                "merged_into": d.merged_into.code if d.merged_into else None,
            }
            for d in Department.objects.select_related("parent", "region", "merged_into").order_by("code")
        ],
        "service_points": [
            {**_plain(p, _POINT), "managed_by": p.managed_by.code if p.managed_by else None}
            for p in ServicePoint.objects.select_related("managed_by").order_by("code")
        ],
        "categories": [_plain(c, _CATEGORY) for c in Category.objects.order_by("slug")],
        "life_events": [_plain(e, _EVENT) for e in LifeEvent.objects.order_by("slug")],
        "dimensions": [_plain(d, _DIMENSION) for d in Dimension.objects.order_by("slug")],
        "needs": [
            {
                **_plain(n, _NEED),
                "life_events": sorted(e.slug for e in n.life_events.all()),
                "categories": sorted(c.slug for c in n.categories.all()),
            }
            for n in Need.objects.prefetch_related("life_events", "categories").order_by("slug")
        ],
        "words": synonyms.approved(),
        "services": _services(),
    }


def _plain(row: models.Model, names: Iterable[str]) -> Row:
    return {name: getattr(row, name) for name in names}


def _services() -> list[Row]:
    by_path = dict(DepartmentPage.objects.values_list("path", "department"))
    forms = _forms()
    found: dict[str, Row] = {}
    pages = ServicePage.objects.live().filter(alias_of=None).select_related("category", "dimension", "locale")
    public = set(Service.objects.filter(is_public=True).values_list("code", flat=True))
    for page in pages.order_by("code", "locale__language_code"):
        if page.code not in public:
            continue
        row = found.setdefault(page.code, {"code": page.code, "department": "", "pages": {}, "form": forms.get(page.code)})
        if page.locale.language_code == DEFAULT:
            row["department"] = publishing.department_of(page, by_path)
        row["pages"][page.locale.language_code] = _page(page)
    return [row for row in found.values() if DEFAULT in row["pages"]]


def _forms() -> dict[str, Any]:
    """Service code -> the newest published document of its form."""
    found: dict[str, Any] = {}
    versions = FormVersion.objects.filter(definition__services__is_public=True).order_by("number")
    for code, document in versions.values_list("definition__services__code", "document"):
        found[code] = document
    return found


def _fields() -> list[models.Field[Any, Any]]:
    own = ServicePage._meta.get_fields(include_parents=False)
    return [f for f in own if isinstance(f, models.Field) and f.concrete and f.name not in ("page_ptr", "code")]


def _page(page: ServicePage) -> Row:
    row: Row = {"title": page.title, "slug": page.slug}
    for one in _fields():
        value = getattr(page, one.name)
        if isinstance(one, models.ForeignKey):
            row[one.name] = value.slug if value else None
        elif isinstance(value, date):
            row[one.name] = value.isoformat()
        elif hasattr(value, "get_prep_value"):
            row[one.name] = [{"type": block["type"], "value": block["value"]} for block in value.get_prep_value()]
        else:
            row[one.name] = value
    return row


# --- in ---


def fill(data: Any) -> Outcome:
    """Fill an empty portal from such a file, all or nothing. Raises NotACatalogueError.

    A page that the publication gate does not let live here (an online service without a connection yet) waits as a draft.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise NotACatalogueError(f"This is not a catalogue of the format {FORMAT}.")
    if ServicePage.objects.exists() or Service.objects.exists():
        raise NotACatalogueError(
            "This portal has services already. A catalogue fills an empty one; single services come in by a spreadsheet."
        )
    try:
        with transaction.atomic():
            return _fill(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise NotACatalogueError(f"The catalogue is not complete: {error!r}") from error


def _fill(data: Row) -> Outcome:
    _references(data)
    homes = {DEFAULT: loading.ensure_home(f"Layanan {data['city']}")}
    languages = sorted({code for row in data["services"] for code in row["pages"]})
    for language in languages:
        if language != DEFAULT:
            homes[language] = loading.ensure_translated_home(homes[DEFAULT], language, f"{data['city']} services")
    for department in Department.objects.filter(merged_into=None):
        department_pages.follow(department)
    outcome = Outcome()
    with publishing.muted():
        for row in data["services"]:
            _service(row, homes, outcome)
    synonyms.bring(data.get("words", []))
    publishing.rebuild()
    return outcome


def _references(data: Row) -> None:
    """What services name. The order makes each row find those it names."""
    for row in sorted(data["regions"], key=lambda r: (r["parent"] is not None, r["code"])):
        parent = Region.objects.get(code=row["parent"]) if row["parent"] else None
        Region.objects.update_or_create(
            code=row["code"], defaults={"name": row["name"], "kind": row["kind"], "parent": parent}
        )
    for row in data["departments"]:
        region = Region.objects.get(code=row["region"]) if row["region"] else None
        Department.objects.update_or_create(code=row["code"], defaults={**_some(row, _DEPARTMENT[1:]), "region": region})
    by_code = {d.code: d for d in Department.objects.all()}
    for row in data["departments"]:
        Department.objects.filter(code=row["code"]).update(
            parent=by_code[row["parent"]] if row["parent"] else None,
            merged_into=by_code[row["merged_into"]] if row["merged_into"] else None,
        )
    for row in data["service_points"]:
        owner = by_code[row["managed_by"]] if row["managed_by"] else None
        ServicePoint.objects.update_or_create(code=row["code"], defaults={**_some(row, _POINT[1:]), "managed_by": owner})
    kinds: list[tuple[Any, str, list[str]]] = [
        (Category, "categories", _CATEGORY),
        (LifeEvent, "life_events", _EVENT),
        (Dimension, "dimensions", _DIMENSION),
        (Need, "needs", _NEED),
    ]
    for model, name, members in kinds:
        for row in data[name]:
            made, _new = model.objects.update_or_create(slug=row["slug"], defaults=_some(row, members[1:]))
            if model is Need:
                made.life_events.set(LifeEvent.objects.filter(slug__in=row["life_events"]))
                made.categories.set(Category.objects.filter(slug__in=row["categories"]))


def _some(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names}


def _service(row: Row, homes: dict[str, HomePage], outcome: Outcome) -> None:
    service = actions.ensure_service(row["code"], row["department"])
    if row.get("form"):
        try:
            version = publish_form(row["code"], row["form"])
        except FormNotPublishableError as error:
            raise NotACatalogueError(f"The form of {row['code']} cannot be published: {error}") from error
        actions.attach_form(service.code, version.definition)
    original: ServicePage | None = None
    for language in sorted(row["pages"], key=lambda code: code != DEFAULT):
        parent = DepartmentPage.objects.get(department=row["department"], locale__language_code=language, alias_of=None)
        page = _made(row["code"], row["pages"][language])
        page.locale = homes[language].locale
        if original is not None:
            page.translation_key = original.translation_key
        page.live = False
        parent.add_child(instance=page)
        missing = checks.problems(page)
        revision = page.save_revision(clean=False)
        if missing and original is None:
            outcome.drafts[row["code"]] = missing[0].text
        elif original is None or row["code"] not in outcome.drafts:
            revision.publish()
            if original is None:
                outcome.live.append(row["code"])
        original = original or page


def _made(code: str, row: Row) -> ServicePage:
    page = ServicePage(code=code, title=row["title"], slug=row["slug"])
    for one in _fields():
        if one.name not in row:
            continue
        value = row[one.name]
        if isinstance(one, models.ForeignKey):
            related: Any = one.related_model
            value = related.objects.get(slug=value) if value else None
        elif isinstance(one, models.DateField):
            value = date.fromisoformat(value) if value else None
        elif hasattr(one, "stream_block"):
            value = one.stream_block.to_python(value)
        setattr(page, one.name, value)
    return page
