"""The public pages: home, list with search, service, departments, the portal's own pages, and what machines read.

They read the catalogue, never the page tree; only the portal's own content pages come from Wagtail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.sso.clients import app_of_service
from cms import structured_data
from cms.models import ContentPage
from portal.lib import languages
from portal.lib.public_pages import public_page
from services.adapters.lookups.plans import plans_of
from services.catalogue import notices, queries
from services.catalogue.models import Availability, Channel, Service, ServiceText
from services.catalogue.search import SearchQuery, SearchResult, search_services

if TYPE_CHECKING:
    from cms.models import ServicePage

PAGE_SIZE = 20
# Name in the address -> field of the filter.
FILTERS = {
    "kebutuhan": "need",
    "kategori": "category",
    "peristiwa": "life_event",
    "cara": "channel",
    "dinas": "department",
}
POPULAR = [
    (gettext_lazy("Akta kelahiran"), "akta kelahiran"),
    (gettext_lazy("KTP hilang"), "KTP hilang"),
    ("PBB", "PBB"),
    (gettext_lazy("Antrean puskesmas"), "antrean puskesmas"),
    (gettext_lazy("Izin usaha (NIB)"), "izin usaha"),
]


@public_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    language = languages.active()
    disturbed = list(queries.disturbed_services(language)[:4])
    return render(
        request,
        "cms/home.html",
        {
            "needs": queries.needs_with_counts(language),
            "popular": POPULAR,
            "disturbed": disturbed[:3],
            "more_disturbed": len(disturbed) > 3,
            "point": queries.service_point("mpp-gajah-mada"),
            "structured": structured_data.website(),
        },
    )


@dataclass(frozen=True)
class Chip:
    name: str
    url: str


def _values(query: QueryDict, name: str) -> list[str]:
    return list(dict.fromkeys(v.strip() for v in query.getlist(name) if v.strip()))[:20]


def _read_filter(query: QueryDict, known: dict[str, dict[str, str]]) -> tuple[queries.ServiceFilter, list[str]]:
    """The filter that the address asks for, and the values nobody knows."""
    values: dict[str, tuple[str, ...]] = dict.fromkeys(FILTERS.values(), ())
    unknown: list[str] = []
    for name, field in FILTERS.items():
        if field not in known:
            continue
        given = [v.upper() if field == "channel" else v.lower() for v in _values(query, name)]
        values[field] = tuple(v for v in given if v in known[field])
        unknown += [v for v in given if v not in known[field]]
    free = query.get("gratis") in ("1", "ya", "on")
    return queries.ServiceFilter(
        category=values["category"],
        life_event=values["life_event"],
        need=values["need"],
        department=values["department"],
        channel=values["channel"],
        free=free,
    ), unknown


def _without(query: QueryDict, name: str, value: str = "") -> str:
    rest = query.copy()
    rest.pop("hal", None)
    left = [v for v in rest.getlist(name) if value and v.strip().lower() != value.lower()]
    rest.setlist(name, left)
    return f"?{rest.urlencode()}"


def _chips(query: QueryDict, chosen: queries.ServiceFilter, known: dict[str, dict[str, str]]) -> list[Chip]:
    chips = [
        Chip(known[field][value], _without(query, name, value))
        for name, field in FILTERS.items()
        for value in getattr(chosen, field)
    ]
    if chosen.free:
        chips.append(Chip(_("Hanya yang gratis"), _without(query, "gratis")))
    return chips


@public_page("q", "hal", "gratis", *FILTERS)
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Every service, or what a search found, narrowed by filters. Odd input is ignored and said so, never an error."""
    text = request.GET.get("q", "").replace("\x00", " ").strip()[:200]
    language = languages.active()
    known = queries.known_values((field for name, field in FILTERS.items() if name in request.GET), language)
    chosen, unknown = _read_filter(request.GET, known)
    found: SearchResult | None = search_services(SearchQuery(text)) if text else None
    ids = list(found.ids) if found else None
    if found:
        rows = {t.service_id: t for t in queries.list_services(chosen, language=language, ids=ids)}
        paginator = Paginator([rows[i] for i in found.ids if i in rows], PAGE_SIZE)
    else:
        paginator = Paginator(queries.list_services(chosen, language=language), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("hal"))
    total = paginator.count
    return render(
        request,
        "catalogue/list.html",
        {
            "nav": "layanan",
            "q": text,
            "found": found,
            "page": page,
            "total": total,
            "facets": queries.facets(chosen, language=language, ids=ids),
            "chosen": chosen,
            "picked": sum(len(getattr(chosen, f)) for f in FILTERS.values()) + chosen.free,
            "needs": chosen.need,
            "chips": _chips(request.GET, chosen, known),
            "unknown": unknown,
            "without_filters": _only_text(text) if text else reverse("services"),
            "canonical": "/layanan/",
            "noindex": bool(text or chosen or page.number > 1),
        },
    )


def _only_text(text: str) -> str:
    query = QueryDict(mutable=True)
    query["q"] = text
    return f"?{query.urlencode()}"


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


def _service_context(text: ServiceText) -> dict[str, Any]:
    content, service = dict(text.content), text.service
    for name in ("decree_date", "reviewed", "next_review"):
        content[name] = _day(content.get(name))
    return {
        "nav": "layanan",
        "text": text,
        "content": content,
        "service": service,
        "department": service.department,
        "app": app_of_service(service.code) if service.channel == Channel.APP else None,
        "point": queries.service_point(content.get("place", "")),
        "can_start": service.channel == Channel.FORM
        and service.form_id is not None
        and service.availability != Availability.PAUSED,
        "lookups": plans_of(service) if service.pk else [],
        "canonical": f"/layanan/{text.slug}/",
    }


@public_page()
@require_safe
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service. A slug it once had leads here for ever."""
    text = queries.service_by_slug(slug, languages.active())
    if text is None:
        present = queries.moved_to(slug)
        if present:
            return HttpResponsePermanentRedirect(reverse("service", args=[present]))
        return render(request, "catalogue/service_404.html", {"nav": "layanan", "guess": slug.replace("-", " ")}, status=404)
    shown = _service_context(text)
    machines = structured_data.service(text, shown["point"], can_start=shown["can_start"])
    return render(
        request,
        "catalogue/service.html",
        {
            **shown,
            "related": queries.related_services(text, languages.active()),
            "notices": notices.showing(text.service.department),
            "structured": machines,
        },
    )


def preview_service(request: HttpRequest, page: ServicePage) -> HttpResponse:
    """The unpublished page in the public template; nothing of it is stored."""
    from cms.publishing import department_of, record_of

    record = record_of(page, department_of(page))
    original = _original_of(page)
    if original is not None:
        record = record.only_translated(record_of(original, record.department))
    row = Service(
        code=record.code,
        department=queries.Department.objects.get(code=record.department),
        channel=record.channel,
        category=(original or page).category,
        is_free=record.free,
        fee_amount=record.fee_amount,
        time_value=record.time_value,
        time_unit=record.time_unit,
        url=record.url,
        illustrative=record.illustrative,
    )
    known = Service.objects.filter(code=record.code).first()
    row.form_id = known.form_id if known else None
    text = ServiceText(
        service=row,
        slug=record.slug,
        name=record.name,
        summary=record.summary,
        fee_note=record.fee_note,
        content=record.content(),
        language=record.language,
    )
    with translation.override(record.language):
        return render(request, "catalogue/service.html", {**_service_context(text), "related": [], "preview": True})


def _original_of(page: ServicePage) -> ServicePage | None:
    """The Indonesian page of a translation."""
    if not page.is_translation:
        return None
    twins = type(page).objects.filter(translation_key=page.translation_key, locale__language_code=languages.DEFAULT)
    return twins.first()


KINDS = [
    ("", gettext_lazy("Semua"), ()),
    ("dinas", gettext_lazy("Dinas dan badan"), ("sekretariat", "inspektorat", "dinas", "badan", "satuan")),
    ("kelurahan", gettext_lazy("Kelurahan"), ("kelurahan",)),
    ("kecamatan", gettext_lazy("Kecamatan"), ("kecamatan",)),
    ("lain", gettext_lazy("Rumah sakit dan BUMD"), ("rumah_sakit", "bumd")),
]


@public_page("jenis")
@require_safe
def department_list(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("jenis", "")
    kinds = {slug: kinds for slug, _name, kinds in KINDS}
    rows = queries.departments_with_counts()
    if kinds.get(wanted):
        rows = rows.filter(kind__in=kinds[wanted])
    return render(
        request,
        "catalogue/departments.html",
        {
            "nav": "dinas",
            "departments": rows.order_by("name"),
            "kinds": KINDS,
            "wanted": wanted if kinds.get(wanted) else "",
            "canonical": "/dinas/",
        },
    )


@public_page("hal")
@require_safe
def department(request: HttpRequest, code: str) -> HttpResponse:
    view = queries.department_page(code, languages.active())
    if view is None:
        raise Http404("no such department")
    if view.department.merged_into is not None:
        return HttpResponsePermanentRedirect(reverse("department", args=[view.department.merged_into.code]))
    page = Paginator(view.services, 50).get_page(request.GET.get("hal"))
    return render(
        request,
        "catalogue/department.html",
        {
            "nav": "dinas",
            "view": view,
            "department": view.department,
            "notices": notices.showing(view.department),
            "page": page,
            "canonical": f"/dinas/{code}/",
            "structured": structured_data.department(view.department),
        },
    )


@public_page()
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Which services do not run as usual, as far as the portal itself has noticed."""
    return render(
        request,
        "cms/status.html",
        {
            "disturbed": queries.disturbed_services(languages.active())[:200],
            "showing": notices.all_showing(),
            "planned": notices.planned(),
            "canonical": "/status/",
        },
    )


@public_page()
@require_safe
def content(request: HttpRequest, slug: str) -> HttpResponse:
    versions = {p.locale.language_code: p for p in ContentPage.objects.live().filter(slug=slug).select_related("locale")}
    page = versions.get(languages.active()) or versions.get(languages.DEFAULT)
    if page is None:
        raise Http404("no such page")
    is_help = slug == "bantuan"
    return render(
        request,
        "cms/content.html",
        {
            "page": page,
            "nav": "bantuan" if is_help else "",
            "point": queries.service_point("mpp-gajah-mada") if is_help else None,
            "canonical": f"/{slug}/",
        },
    )


@public_page()
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public address with its versions (sitemaps.org: at most 50,000)."""
    fixed = ["/", "/layanan/", "/dinas/", "/status/"]
    pages = [f"/{slug}/" for slug in _own_pages()]
    departments = [f"/dinas/{code}/" for code in queries.departments_with_counts().values_list("code", flat=True)]
    services = [
        (f"/layanan/{slug}/", changed)
        for slug, changed in queries.public_texts().values_list("slug", "service__updated_at")[:20_000]
    ]
    rows = [
        {
            "versions": {code: settings.PUBLIC_URL + languages.path_in(code, path) for code in languages.CODES},
            "changed": changed,
        }
        for path, changed in [*((path, None) for path in [*fixed, *pages, *departments]), *services]
    ]
    return render(request, "cms/sitemap.xml", {"rows": rows}, content_type="application/xml")


def _own_pages() -> QuerySet[ContentPage, str]:
    return ContentPage.objects.live().filter(locale__language_code=languages.DEFAULT).values_list("slug", flat=True)


@public_page()
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    closed = ["/akun/", "/isian/", "/permohonan/", "/petugas/", "/integrasi/", "/kelola/", "/api/", "/webhooks/"]
    closed += [languages.path_in(code, path) for code in languages.CODES[1:] for path in closed[:5]]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. The contact is the help page unless the city names one."""
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {date.today().year + 1}-01-31T00:00:00Z",
        "Preferred-Languages: id, en",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def admin_login(request: HttpRequest) -> HttpResponse:
    """The back office has no sign-in of its own."""
    query = QueryDict(mutable=True)
    query["next"] = request.GET.get("next") or "/kelola/"
    return redirect(f"/akun/masuk/?{query.urlencode()}")


def admin_logout(request: HttpRequest) -> HttpResponse:
    """Nor a sign-out: a press on its button goes on to ours as it is, token included; a visit is asked first."""
    response = redirect("account_logout")
    if request.method == "POST":
        response.status_code = 307
    return response
