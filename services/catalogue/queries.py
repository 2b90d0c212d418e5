"""What may be read from the catalogue. Nothing here writes, nothing here knows a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, F, Max, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from accounts.models import User
from portal.lib.languages import DEFAULT
from services.catalogue.models import (
    Availability,
    Category,
    Channel,
    Department,
    Holiday,
    LifeEvent,
    Need,
    OldAddress,
    Region,
    SearchEntry,
    Service,
    ServicePoint,
    ServiceText,
)
from services.catalogue.records import WORDS

HOLIDAYS_KEY = "catalogue.holidays"
HOLIDAYS_SECONDS = 60
_PROJECTED = ("kind", "channel", "is_free", "fee_amount", "time_value", "time_unit", "url", "confidential", "illustrative")


@dataclass(frozen=True)
class ServiceFilter:
    """Which services: within one field any of the values, between the fields all of them."""

    category: tuple[str, ...] = ()
    life_event: tuple[str, ...] = ()
    need: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    free: bool = False

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True)
class Option:
    """One value of a filter with how many services it would leave."""

    value: str
    name: str
    count: int
    selected: bool = False


@dataclass(frozen=True)
class Facets:
    category: tuple[Option, ...] = ()
    life_event: tuple[Option, ...] = ()
    department: tuple[Option, ...] = ()
    channel: tuple[Option, ...] = ()
    free: int = 0


def in_language(language: str) -> Q:
    """One text a service: in this language, else the Indonesian one."""
    if language == DEFAULT:
        return Q(language=DEFAULT)
    translated = ServiceText.objects.filter(language=language).values("service")
    return Q(language=language) | (Q(language=DEFAULT) & ~Q(service__in=translated))


def public_texts(language: str = DEFAULT) -> QuerySet[ServiceText]:
    """Every public service as its text in one language, else in Indonesian, with service, department and category."""
    return (
        ServiceText.objects.filter(in_language(language), service__is_public=True)
        .select_related("service__department", "service__category")
        .order_by("name", "service__code")
    )


def _condition(chosen: ServiceFilter, *, without: tuple[str, ...] = ()) -> Q:
    condition = Q()
    if chosen.category and "category" not in without:
        condition &= Q(service__category__slug__in=chosen.category)
    if chosen.life_event and "life_event" not in without:
        condition &= Q(service__in=_services_of_events(chosen.life_event))
    if chosen.need and "need" not in without:
        condition &= Q(service__in=services_of_needs(chosen.need))
    if chosen.department and "department" not in without:
        heirs = Department.objects.filter(code__in=chosen.department, merged_into__isnull=False).values("merged_into")
        condition &= Q(service__department__code__in=chosen.department) | Q(service__department__in=heirs)
    if chosen.channel and "channel" not in without:
        condition &= Q(service__channel__in=chosen.channel)
    if chosen.free and "free" not in without:
        condition &= Q(service__is_free=True)
    return condition


def _services_of_events(slugs: Iterable[str]) -> QuerySet[Any]:
    through = Service.life_events.through
    return through._default_manager.filter(lifeevent__slug__in=list(slugs)).values("service_id")


def services_of_needs(slugs: Iterable[str]) -> QuerySet[Service, int]:
    """The union of the services of the needs' life events and categories."""
    needs = Need.objects.filter(slug__in=list(slugs))
    return Service.objects.filter(
        Q(life_events__in=needs.values("life_events")) | Q(category__in=needs.values("categories"))
    ).values_list("pk", flat=True)


def list_services(
    chosen: ServiceFilter, *, language: str = DEFAULT, ids: Sequence[int] | None = None
) -> QuerySet[ServiceText]:
    """Texts of the public services that fit; `ids` narrows to search hits (their order is the caller's)."""
    rows = public_texts(language).filter(_condition(chosen))
    return rows if ids is None else rows.filter(service_id__in=ids)


def changed_services(chosen: ServiceFilter, since: datetime, *, language: str = DEFAULT) -> QuerySet[Service]:
    """Services changed since then: the public ones that fit, each with its text as `shown[0]`, and all that were withdrawn."""
    fits = Q(is_public=False) | Q(pk__in=list_services(chosen, language=language).order_by().values("service_id"))
    texts = ServiceText.objects.filter(in_language(language))
    return (
        Service.objects.filter(fits, published_at__isnull=False, updated_at__gte=since)
        .select_related("department", "category")
        .prefetch_related(Prefetch("texts", queryset=texts, to_attr="shown"))
        .order_by("code")
    )


def last_change() -> datetime | None:
    """When any service that was ever public last changed."""
    newest: datetime | None = Service.objects.filter(published_at__isnull=False).aggregate(m=Max("updated_at"))["m"]
    return newest


def facets(chosen: ServiceFilter, *, language: str = DEFAULT, ids: Sequence[int] | None = None) -> Facets:
    """Counts of every filter value, each with the other filters applied. Four statements, whatever the size."""

    def rows(*without: str) -> QuerySet[ServiceText]:
        found = ServiceText.objects.filter(_condition(chosen, without=without), language=DEFAULT, service__is_public=True)
        return (found if ids is None else found.filter(service_id__in=ids)).order_by()

    def options(field: str, value: str, name: str, order: tuple[str, ...]) -> tuple[Option, ...]:
        found = rows(field).filter(**{f"{value}__isnull": False})
        counted = found.values_list(value, name).annotate(n=Count("pk")).order_by(*order)
        picked = getattr(chosen, field)
        return tuple(Option(v, str(n), c, v in picked) for v, n, c in counted)

    def name_of(model: str) -> Any:
        return _name(language, model)

    by_channel: Counter[str] = Counter()
    free = 0
    both = rows("channel", "free").values_list("service__channel", "service__is_free").annotate(n=Count("pk"))
    for way, is_free, n in both:
        if is_free or not chosen.free:
            by_channel[way] += n
        if is_free and (way in chosen.channel or not chosen.channel):
            free += n
    category, event, department = "service__category__", "service__life_events__", "service__department__"
    return Facets(
        category=options("category", f"{category}slug", name_of(category), (f"{category}order", f"{category}slug")),
        life_event=options("life_event", f"{event}slug", name_of(event), (f"{event}order", f"{event}slug")),
        department=options("department", f"{department}code", f"{department}short_name", (f"{department}short_name",)),
        channel=tuple(
            Option(c.value, str(c.label), by_channel[c.value], c.value in chosen.channel)
            for c in Channel
            if c.value in by_channel
        ),
        free=free,
    )


def _name(language: str, model: str = "") -> Any:
    """The expression for a name in this language, else the Indonesian one; `model` is the way to it, such as `service__`."""
    own = F(f"{model}name")
    return own if language == DEFAULT else Coalesce(NullIf(F(f"{model}name_{language}"), Value("")), own)


def known_values(fields: Iterable[str], language: str = DEFAULT) -> dict[str, dict[str, str]]:
    """Every value these filters know, with its name: what is not in here is ignored and said so. A statement a filter."""
    sources: dict[str, QuerySet[Any]] = {
        "category": Category.objects.values_list("slug", _name(language)),
        "life_event": LifeEvent.objects.values_list("slug", _name(language)),
        "need": Need.objects.values_list("slug", _name(language)),
        "department": Department.objects.values_list("code", "short_name"),
    }
    channels = {c.value: str(c.label) for c in Channel}
    return {name: dict(sources[name]) if name in sources else channels for name in fields}


def service_by_slug(slug: str, language: str = DEFAULT) -> ServiceText | None:
    """The public text at this address (Indonesian when the language has none), or None.

    Members that are not translated are filled in from the Indonesian text and named in its `foreign`.
    """
    return _filled(ServiceText.objects.filter(slug=slug), language)


def service_by_code(code: str, language: str = DEFAULT) -> ServiceText | None:
    """The same by the service's code."""
    return _filled(ServiceText.objects.filter(service__code=code), language)


def _filled(texts: QuerySet[ServiceText], language: str) -> ServiceText | None:
    found = texts.filter(language__in={language, DEFAULT}, service__is_public=True).select_related(
        "service__department", "service__category"
    )
    rows = {text.language: text for text in found}
    text = rows.get(language) or rows.get(DEFAULT)
    if text is not None and language != DEFAULT:
        _fill_in(text, rows[DEFAULT])
    return text


def _fill_in(text: ServiceText, original: ServiceText) -> None:
    own, other = ({"summary": t.summary, "fee_note": t.fee_note, **t.content} for t in (text, original))
    text.foreign = {name for name in WORDS if other.get(name) and (text is original or not own.get(name))}
    own |= {name: other[name] for name in text.foreign}
    text.summary, text.fee_note = own.pop("summary"), own.pop("fee_note")
    text.content = own


def moved_to(slug: str, language: str = DEFAULT) -> str | None:
    """The present slug of a service that once had this one."""
    old = OldAddress.objects.filter(slug=slug, language=language, service__is_public=True).first()
    if old is None:
        return None
    return ServiceText.objects.filter(service=old.service_id, language=language).values_list("slug", flat=True).first()


def related_services(text: ServiceText, language: str = DEFAULT, limit: int = 4) -> list[dict[str, Any]]:
    """`slug`, `name` and `language` of public services that share a life event, then the category."""
    events = text.service.life_events.through._default_manager.filter(service=text.service_id).values("lifeevent_id")
    rows = (
        ServiceText.objects.filter(in_language(language), service__is_public=True)
        .filter(Q(service__in=_services_sharing(events)) | Q(service__category=text.service.category_id))
        .exclude(service=text.service_id)
        .values("slug", "name", "language")
        .annotate(near=Count("service__life_events", filter=Q(service__life_events__in=events)))
        .order_by("-near", "name")
    )
    return [{"slug": row["slug"], "name": row["name"]} for row in rows[:limit]]


def _services_sharing(events: QuerySet[Any]) -> QuerySet[Any]:
    return Service.life_events.through._default_manager.filter(lifeevent_id__in=events).values("service_id")


@dataclass(frozen=True)
class CountedNeed:
    need: Need
    count: int
    hint: str


def needs_with_counts(language: str = DEFAULT) -> list[CountedNeed]:
    """The doors of the home page with how many public services stand behind each, and three examples of them."""
    public = dict(Service.objects.filter(is_public=True).values_list("pk", "category_id"))
    by_event: dict[int, set[int]] = {}
    for service, event in Service.life_events.through._default_manager.values_list("service_id", "lifeevent_id"):
        if service in public:
            by_event.setdefault(event, set()).add(service)
    by_category: dict[int | None, set[int]] = {}
    for service, category in public.items():
        by_category.setdefault(category, set()).add(service)
    found = []
    for need in Need.objects.prefetch_related("life_events", "categories"):
        services: set[int] = set()
        for life_event in need.life_events.all():
            services |= by_event.get(life_event.pk, set())
        for topic in need.categories.all():
            services |= by_category.get(topic.pk, set())
        hint = ", ".join(h for e in need.life_events.all() if (h := (language == "en" and e.hint_en) or e.hint))
        found.append(CountedNeed(need, len(services), ", ".join(dict.fromkeys(hint.split(", ")[:4]))))
    return found


def complaint_service(language: str = DEFAULT) -> ServiceText | None:
    """Where one complains of anything: the public service for reports that a department offers for all."""
    reports = public_texts(language).filter(service__kind=Service.Kind.REPORT, service__confidential=False)
    return reports.order_by(Case(When(service__channel=Channel.APP, then=0), default=1), "service__code").first()


def disturbed_services(language: str = DEFAULT) -> QuerySet[ServiceText]:
    """Public services that do not run as usual."""
    return (
        public_texts(language)
        .exclude(service__availability=Availability.AVAILABLE)
        .order_by("service__availability", "name")
    )


def departments_with_counts() -> QuerySet[Department]:
    """Departments people can turn to (unit templates and merged ones left out), each with its number of public services as `n`."""
    own = Department.objects.filter(is_template=False, merged_into=None)
    return own.annotate(n=Count("services", filter=Q(services__is_public=True)))


@dataclass(frozen=True)
class DepartmentView:
    department: Department
    services: QuerySet[ServiceText]
    units: list[Department]
    shared: bool  # the services are those every kelurahan (kecamatan) offers


def department_page(code: str, language: str = DEFAULT) -> DepartmentView | None:
    """A department with its public services; a kelurahan or kecamatan also offers those of its unit template."""
    department = Department.objects.select_related("parent", "region__parent", "merged_into").filter(code=code).first()
    if department is None:
        return None
    owners = Q(service__department=department)
    shared = department.kind in ("kelurahan", "kecamatan") and not department.is_template
    if shared:
        owners |= Q(service__department__code=department.kind, service__department__is_template=True)
    services = public_texts(language).filter(owners)
    units = list(
        Department.objects.filter(kind=department.code, is_template=False).order_by("name")
        if department.is_template
        else Department.objects.filter(parent=department).order_by("name")
    )
    return DepartmentView(department, services, units, shared)


def service_point(code: str) -> ServicePoint | None:
    return ServicePoint.objects.filter(code=code).first() if code else None


def service_points(codes: Iterable[str]) -> dict[str, ServicePoint]:
    wanted = set(codes)
    return {point.code: point for point in ServicePoint.objects.filter(code__in=wanted)} if wanted else {}


def holidays() -> frozenset[date]:
    """The city's holidays. Kept for a minute: promises are counted in days."""
    days: frozenset[date] | None = cache.get(HOLIDAYS_KEY)
    if days is None:
        days = frozenset(Holiday.objects.values_list("day", flat=True))
        cache.set(HOLIDAYS_KEY, days, HOLIDAYS_SECONDS)
    return days


def department_for(service: Service, kelurahan: str = "") -> Department:
    """Who handles this service for a resident of `kelurahan` (region code, department code or name).

    Services of the unit templates `kelurahan` and `kecamatan` go to the resident's own unit; without a known
    kelurahan the template itself is the answer.
    """
    owner = service.department
    if not owner.is_template or not kelurahan:
        return owner
    region = (
        Region.objects.filter(kind=Region.Kind.KELURAHAN)
        .filter(Q(code=kelurahan) | Q(department__code=kelurahan) | Q(name__iexact=kelurahan))
        .first()
    )
    if region is None:
        return owner
    unit = region if owner.code == "kelurahan" else region.parent
    return Department.objects.filter(region=unit).first() or owner


def is_member(user: User) -> bool:
    """Has this person any role in any department?"""
    return user.memberships.exists()


def snapshot() -> dict[str, dict[str, Any]]:
    """All that the projection writes of public services, by code: two equal snapshots are two equal catalogues."""
    events: dict[int, list[str]] = {}
    for service, slug in Service.life_events.through._default_manager.values_list("service_id", "lifeevent__slug"):
        events.setdefault(service, []).append(slug)
    index: dict[int, list[Any]] = {}
    for service, language, lines in SearchEntry.objects.values_list("service_id", "language", "lines"):
        index.setdefault(service, []).append((language, lines))
    found: dict[str, dict[str, Any]] = {}
    for service_row in Service.objects.filter(is_public=True).select_related("department", "category", "dimension"):
        found[service_row.code] = {
            "department": service_row.department.code,
            "category": service_row.category.slug if service_row.category else "",
            "dimension": service_row.dimension.slug if service_row.dimension else "",
            "life_events": sorted(events.get(service_row.pk, [])),
            "index": sorted(index.get(service_row.pk, []), key=lambda pair: pair[0]),
            "texts": [],
            **{name: getattr(service_row, name) for name in _PROJECTED},
        }
    texts = ServiceText.objects.filter(service__is_public=True).order_by("language")
    for code, *values in texts.values_list(
        "service__code", "language", "slug", "name", "summary", "fee_note", "content", "synonyms"
    ):
        found[code]["texts"].append(values)
    return found
