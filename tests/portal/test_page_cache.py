"""A stranger's page comes from the cache and is never one edition old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from cms.models import ContentPage, DepartmentPage, HomePage, ServicePage
from portal.lib import editions
from portal.lib.editions import triggers
from services.catalogue.actions import set_availability, withdraw_service
from services.catalogue.models import Availability, Category, Department, LifeEvent, Need, Service, ServicePoint, ServiceText
from tests.portal.visits import how, queries_of, truth, visit

pytestmark = pytest.mark.usefixtures("demo_city", "no_pages")


PUBLIC = [
    "/",
    "/layanan/",
    "/layanan/?q=akte",
    "/layanan/akta-kelahiran/",
    "/dinas/",
    "/dinas/dlh/",
    "/status/",
    "/bantuan/",
]
PUBLIC += ["/en/", "/en/layanan/", "/en/layanan/akta-kelahiran/", "/en/bantuan/", "/sitemap.xml", "/robots.txt"]


@pytest.mark.parametrize("path", PUBLIC)
def test_the_second_stranger_reads_what_the_first_one_read(path: str) -> None:
    first, second = visit(path), visit(path)
    assert (first["X-Page-Cache"], second["X-Page-Cache"]) == ("miss", "hit")
    assert first.content == second.content and first.status_code == second.status_code == 200
    kept = {name: value for name, value in second.items() if name not in ("X-Page-Cache", "X-Request-ID")}
    assert kept == {name: value for name, value in first.items() if name not in ("X-Page-Cache", "X-Request-ID")}
    assert second["Content-Security-Policy"] and second["X-Frame-Options"] == "DENY" and not second.cookies


@pytest.mark.parametrize("path", PUBLIC)
def test_a_kept_page_costs_one_statement_without_a_shared_cache(path: str) -> None:
    visit(path)
    assert queries_of(path) == 1


@pytest.mark.parametrize("path", PUBLIC)
def test_a_kept_page_costs_no_statement_with_one(path: str, shared: list[float]) -> None:
    visit(path)
    visit(path)
    assert queries_of(path) == 0


# --- exact renewal --------------------------------------------------------------------------------------------------


def _publish(code: str, **fields: Any) -> None:
    page = ServicePage.objects.get(locale__language_code="id", code=code)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def _content(slug: str, **fields: Any) -> None:
    page = ContentPage.objects.get(locale__language_code="id", slug=slug)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def _home_without(kind: str) -> None:
    page = HomePage.objects.get(locale__language_code="id")
    page.body = [row for row in page.body.get_prep_value() if row["type"] != kind]
    page.save_revision().publish()


def _about(text: str) -> None:
    page = DepartmentPage.objects.get(locale__language_code="id", department="dlh")
    page.about = text
    page.save_revision().publish()


CHANGES: dict[str, tuple[str, Callable[[], Any]]] = {
    "a service's text": ("/layanan/akta-kelahiran/", lambda: _publish("akta-kelahiran", title="Akta Baru")),
    "a service in the list": ("/layanan/?q=akta", lambda: _publish("akta-kelahiran", title="Akta Baru")),
    "a service's fee": ("/layanan/uji-kir/", lambda: _publish("uji-kir", fee_amount=12_345, fee_free=False)),
    "a service's address": ("/layanan/akta-kelahiran/", lambda: _publish("akta-kelahiran", slug="akta-lahir")),
    "a new address in the sitemap": ("/sitemap.xml", lambda: _publish("akta-kelahiran", slug="akta-lahir")),
    "a service taken offline": (
        "/layanan/akta-kelahiran/",
        lambda: ServicePage.objects.get(locale__language_code="id", code="akta-kelahiran").unpublish(),
    ),
    "a service withdrawn": ("/", lambda: withdraw_service("akta-kelahiran")),
    "a page deleted": ("/dinas/dlh/", lambda: ServicePage.objects.filter(code="perantingan-pohon").first().delete()),  # type: ignore[union-attr]
    "a page moved": (
        "/dinas/dlh/",
        lambda: ServicePage.objects.get(locale__language_code="id", code="uji-kir").move(
            DepartmentPage.objects.get(locale__language_code="id", department="dlh"), pos="last-child"
        ),
    ),
    "a department in trouble": ("/", lambda: set_availability("akta-kelahiran", Availability.QUEUEING)),
    "trouble on the status page": ("/status/", lambda: set_availability("akta-kelahiran", Availability.PAUSED)),
    "a form attached": ("/layanan/bphtb/", lambda: Service.objects.filter(code="bphtb").update(channel="FORM")),
    "a form taken off": (
        "/layanan/akta-kelahiran/",
        lambda: Service.objects.filter(code="akta-kelahiran").update(form=None),
    ),
    "what a department says of itself": ("/dinas/dlh/", lambda: _about("Kami merawat pohon kota.")),
    "a department's telephone": ("/dinas/", lambda: Department.objects.filter(code="dlh").update(phone="0321-1")),
    "a department's name, by save": (
        "/dinas/dlh/",
        lambda: Department(**_row(Department, "dlh", name="Dinas Pohon")).save(),
    ),
    "a content page": ("/bantuan/", lambda: _content("bantuan", lead="Kami bantu.")),
    "a content page's date": ("/bantuan/", lambda: _content("bantuan", reviewed=date(2031, 1, 2))),
    "a content page taken offline": (
        "/bantuan/",
        lambda: ContentPage.objects.get(locale__language_code="id", slug="bantuan").unpublish(),
    ),
    "a place's hours": ("/", lambda: ServicePoint.objects.filter(code="mpp-gajah-mada").update(hours="Tutup hari ini")),
    "a category's name": ("/layanan/", lambda: Category.objects.filter(services__code="bphtb").update(name="Pajak kota")),
    "a life event's name": ("/layanan/", lambda: LifeEvent.objects.update(name="Peristiwa")),
    "the blocks of the home page": ("/", lambda: _home_without("needs")),
    "a door of the home page": ("/", lambda: Need.objects.all()[0].life_events.clear()),
    "another door's name": ("/", lambda: Need.objects.filter(order=Need.objects.all()[0].order).update(name="Pintu lain")),
    "rows by hand": (
        "/layanan/akta-kelahiran/",
        lambda: connection.cursor().execute("UPDATE catalogue_servicetext SET name = 'Dengan tangan'"),
    ),
    "rows in bulk": ("/layanan/", lambda: ServiceText.objects.all().delete()),
}


def _row(model: Any, code: str, **fields: Any) -> dict[str, Any]:
    return {**model.objects.filter(code=code).values()[0], **fields}


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_stranger_reads_what_was_changed(change: str) -> None:
    path, act = CHANGES[change]
    visit(path)
    before = visit(path)
    assert before["X-Page-Cache"] == "hit"
    act()
    after = visit(path)
    assert (after.status_code, after.content) != (before.status_code, before.content)
    assert (after.status_code, after.content.decode()) == truth(path)


BY_EDITORS = [
    name for name in CHANGES if name.startswith(("a service", "a page", "a content page", "what a", "a department in"))
]


@pytest.mark.parametrize("change", BY_EDITORS)
def test_an_editors_change_reaches_every_process_at_once(
    change: str, shared: list[float], django_capture_on_commit_callbacks: Any
) -> None:
    path, act = CHANGES[change]
    visit(path)
    visit(path)
    assert queries_of(path) == 0
    with django_capture_on_commit_callbacks(execute=True):
        act()
    assert visit(path).content.decode() == truth(path)[1]


def test_a_change_nobody_announced_reaches_every_process_within_a_second(shared: list[float]) -> None:
    visit("/")
    visit("/")
    assert queries_of("/") == 0
    ServicePoint.objects.update(hours="Tutup hari ini")
    shared[0] += editions.TRUST_SECONDS
    assert "Tutup hari ini" in visit("/").content.decode()


def test_a_rollback_takes_the_new_edition_back() -> None:
    visit("/status/")
    edition = editions.current()
    with pytest.raises(RuntimeError), transaction.atomic():
        set_availability("akta-kelahiran", Availability.PAUSED)
        assert editions.current() != edition
        raise RuntimeError
    assert editions.current() == edition
    assert how("/status/") == "hit"


def test_a_page_that_is_overtaken_by_a_publish_is_not_kept_as_new() -> None:
    """The publish comes after the view has read its rows and before the page is stored."""
    done: list[bool] = []

    def publish_after_the_last_read(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "catalogue_servicetext" in sql and "availability" in sql and sql.startswith("SELECT") and not done:
            done.append(True)
            set_availability("akta-kelahiran", Availability.PAUSED)
        return result

    with connection.execute_wrapper(publish_after_the_last_read):
        slow = visit("/status/")
    assert done and "Tidak ada gangguan" in slow.content.decode()
    assert "Dihentikan sementara" in visit("/status/").content.decode()


def test_saving_a_draft_renews_nothing() -> None:
    visit("/layanan/akta-kelahiran/")
    page = ServicePage.objects.get(locale__language_code="id", code="akta-kelahiran")
    page.title = "Belum terbit"
    page.save_revision()
    content = ContentPage.objects.get(locale__language_code="id", slug="bantuan")
    content.lead = "Belum terbit"
    content.save_revision()
    assert how("/layanan/akta-kelahiran/") == "hit"


def test_a_resident_who_applies_renews_nothing(alice: User) -> None:
    visit("/")
    client = Client()
    client.force_login(alice)
    assert client.get("/layanan/akta-kelahiran/ajukan/").status_code == 303
    assert how("/") == "hit"


# Of the catalogue and the pages, the tables that no public page is made from.
NOT_SHOWN = {
    "catalogue.DepartmentMember",
    "catalogue.DepartmentChange",  # for operators
    "catalogue.Invitation",
    "catalogue.AvailabilityWish",  # who wants to hear when a service is open again
    "catalogue.Holiday",  # promises of one's own case
    "catalogue.SearchWord",  # written together with its SearchEntry
    "catalogue.SearchTerm",  # likewise
    "catalogue.SearchCount",  # for editors
    "catalogue.SearchClick",
    "cms.CatalogueCheck",  # for operators
    "cms.LogPosition",
    "cms.PageFigure",  # for the owner of a page, as the next two
    "cms.PageRemark",
    "cms.PageVote",
    "cms.PageUpkeep",
    "cms.DepartmentPage",  # its text is handed to the catalogue's Department
    "cms.ServicePage",  # projected into Service and ServiceText
    "cms.JourneyPage",  # projected into Journey and JourneyStep
    "cms.FormPage",  # published as a FormVersion
    "cms.DepartmentFolder",  # for editors, as the next three
    "cms.ServiceImport",
    "cms.DepartmentReviewTask",
    "cms.FirstPublicationTask",
}


def test_every_table_of_the_public_pages_is_watched() -> None:
    models = {
        m._meta.label for app in ("catalogue", "cms") for m in apps.get_app_config(app).get_models(include_auto_created=True)
    }
    watched = set(django_settings.PUBLIC_TABLES)
    assert not models - watched - NOT_SHOWN, "name it in settings.PUBLIC_TABLES, or here with the reason"
    assert not watched & NOT_SHOWN


def test_the_triggers_are_there_and_are_put_back_when_a_migration_made_a_table_anew() -> None:
    want = triggers.wanted(connection)
    assert triggers.installed(connection).keys() == want.keys() and len(want) >= 3 * len(django_settings.PUBLIC_TABLES)
    name, table = next(iter(triggers.installed(connection).items()))
    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "{name}"{on}')
    triggers.install()
    assert triggers.installed(connection).keys() == want.keys()
