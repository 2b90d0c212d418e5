"""The public pages: home, service, departments, the portal's own pages, and what machines read.

They read the catalogue, never the page tree; only the portal's own content pages come from Wagtail.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.sso.clients import app_of_service
from cms import home as blocks_of_home
from cms import structured_data
from cms.models import ContentPage
from cms.rows import with_points
from portal.lib import languages
from portal.lib.public_pages import public_page
from services.adapters.lookups.plans import plans_of
from services.catalogue import notices, queries
from services.catalogue.journeys.queries import journeys_of, life_events
from services.catalogue.models import Availability, Channel, Service, ServiceText

if TYPE_CHECKING:
    from cms.models import HomePage, ServicePage


@public_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    language = languages.active()
    return _home(request, *blocks_of_home.stored(language))


def _home(request: HttpRequest, own: list[Any], there: list[Any], **more: Any) -> HttpResponse:
    shown = blocks_of_home.sections(own, there, languages.active())
    return render(
        request, "cms/home.html", {"sections": shown, "structured": structured_data.website(), "canonical": "/", **more}
    )


def preview_home(request: HttpRequest, page: HomePage) -> HttpResponse:
    """The unpublished page as people will read it; a translation with the Indonesian page's order and choices."""
    language, body = page.locale.language_code, page.body.get_prep_value()
    with translation.override(language):
        own = body if language == languages.DEFAULT else blocks_of_home.stored(language)[0]
        return _home(request, own, body, preview=True)


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
        "journeys": journeys_of([service.pk], languages.active()) if service.pk else [],
        "app": app_of_service(service.code) if service.channel == Channel.APP else None,
        "point": queries.service_point(content.get("place", "")),
        "places": with_points(content.get("places") or []),
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
    fixed = ["/", "/layanan/", "/peristiwa/", "/dinas/", "/status/"]
    fixed += [f"/peristiwa/{event.slug}/" for event, _count, _ordered in life_events()]
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
    closed = ["/akun/", "/isian/", "/urusan/", "/permohonan/", "/petugas/", "/integrasi/", "/kelola/", "/api/", "/webhooks/"]
    closed += [languages.path_in(code, path) for code in languages.CODES[1:] for path in closed[:6]]
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
