"""A stranger's page comes from the cache and is never one edition old; nobody else's page gets in or out of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page

from accounts.models import User
from cms.models import ContentPage, DepartmentPage, ServicePage
from portal.lib import cache as tolerant
from portal.lib import editions
from portal.lib.editions import triggers
from services.catalogue.actions import set_availability, withdraw_service
from services.catalogue.models import Availability, Category, Department, LifeEvent, Need, Service, ServicePoint, ServiceText

pytestmark = pytest.mark.usefixtures("demo_city", "no_pages")


@pytest.fixture
def no_pages(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    caches[editions.CACHE].clear()
    monkeypatch.setattr(tolerant, "_silent_until", float("-inf"))


@pytest.fixture
def shared(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A cache that several processes see, and a clock that stands still until it is moved."""
    settings.CACHE_IS_SHARED = True
    clock = [1000.0]
    monkeypatch.setattr(editions.time, "monotonic", lambda: clock[0])
    editions._memory = editions._Memory("", "", float("-inf"))
    yield clock
    editions._memory = editions._Memory("", "", float("-inf"))


def visit(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers)


def how(path: str, **headers: str) -> str:
    return str(visit(path, **headers).get("X-Page-Cache", "none"))


def queries_of(path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert how(path) == "hit"
    return len(captured)


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


def truth(path: str) -> tuple[int, str]:
    """What a stranger would read if there were no cache."""
    caches[editions.CACHE].clear()
    answer = visit(path)
    return answer.status_code, answer.content.decode()


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
    "catalogue.Holiday",  # promises of one's own case
    "catalogue.SearchWord",  # written together with its SearchEntry
    "cms.CatalogueCheck",  # for operators
    "cms.HomePage",
    "cms.DepartmentPage",  # its text is handed to the catalogue's Department
    "cms.ServicePage",  # projected into Service and ServiceText
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


# --- nobody else's page ---------------------------------------------------------------------------------------------


def test_with_a_session_the_page_is_made_afresh_and_kept_nowhere(alice: User) -> None:
    visit("/")
    client = Client()
    client.force_login(alice)
    own = client.get("/")
    assert "Alice" in own.content.decode() and "no-store" in own["Cache-Control"]
    assert not own.has_header("X-Accel-Expires") and not own.has_header("X-Page-Cache") and not own.has_header("ETag")
    caches[editions.CACHE].clear()
    client.get("/")
    stranger = visit("/")
    assert stranger["X-Page-Cache"] == "miss" and "Alice" not in stranger.content.decode()


def test_a_session_that_means_nothing_gets_no_kept_page_either() -> None:
    visit("/")
    client = Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = SessionStore().session_key or "tidak-ada"
    assert "no-store" in client.get("/")["Cache-Control"]


def test_a_message_for_one_visitor_is_read_by_that_visitor_only() -> None:
    client = Client()
    client.cookies["messages"] = "W10:tanda"
    assert not client.get("/status/").has_header("X-Page-Cache")
    assert how("/status/") == "miss"


@pytest.mark.parametrize(
    "path", ["/lacak/", "/akun/masuk/", "/akun/daftar/", "/healthz", "/readyz", "/tidak-ada/", "/layanan/x/"]
)
def test_forms_with_a_token_and_what_is_not_a_page_are_never_kept(path: str) -> None:
    for _ in range(2):
        answer = visit(path)
        assert not answer.has_header("X-Page-Cache") and not answer.has_header("X-Accel-Expires")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "en"},
        {"Accept": "application/json"},
        {"User-Agent": "<script>"},
        {"Referer": "https://example.org/"},
        {"X-Forwarded-Host": "example.org"},
        {"X-Forwarded-Proto": "https"},
        {"X-Original-URL": "/kelola/"},
        {"X-HTTP-Method-Override": "POST"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Range": "bytes=0-10"},
        {"Cookie": "django_language=en; csrftoken=aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB"},
    ],
    ids=lambda h: next(iter(h)),
)
@pytest.mark.parametrize("path", ["/", "/layanan/?cara=FORM"])
def test_no_header_changes_what_others_read(path: str, headers: dict[str, str]) -> None:
    plain = truth(path)[1]
    caches[editions.CACHE].clear()
    assert visit(path, **headers).content.decode() == plain
    second = visit(path)
    assert second["X-Page-Cache"] == "hit" and second.content.decode() == plain


def test_an_unknown_parameter_is_answered_and_not_kept() -> None:
    for _ in range(2):
        assert how("/layanan/?cara=FORM&utm_source=surat") == "none"
    assert "utm_source" not in visit("/layanan/?cara=FORM").content.decode()
    assert how("/?q=1") == "none"
    assert how(f"/layanan/?q={'a' * 400}") == "none"


def test_another_order_or_spelling_of_a_query_is_another_page() -> None:
    visit("/layanan/?cara=FORM&gratis=1")
    assert how("/layanan/?gratis=1&cara=FORM") == "miss"
    assert how("/layanan/?cara=%46ORM&gratis=1") == "miss"
    assert how("/layanan/?cara=FORM&gratis=1") == "hit"


def test_the_two_languages_are_never_mixed_up_whatever_the_browser_speaks() -> None:
    for path in ("/", "/layanan/akta-kelahiran/"):
        for spoken in ("en", "id", "en;q=0.9, id;q=0.1"):
            for _kept in range(2):
                assert '<html lang="id"' in visit(path, Accept_Language=spoken).content.decode()
                assert '<html lang="en"' in visit(f"/en{path}", Accept_Language=spoken).content.decode()


def test_hosts_are_kept_apart_and_a_strange_host_is_refused() -> None:
    visit("/")
    assert how("/", Host="localhost") == "miss"
    assert visit("/", Host="example.org").status_code == 400


def test_a_post_and_an_api_key_pass_by() -> None:
    visit("/")
    assert Client().post("/").status_code == 405
    assert how("/", Authorization="Bearer x") == "none"


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_a_browser_that_has_the_page_is_told_so_until_it_changes() -> None:
    etag = visit("/status/")["ETag"]
    for mark in (etag, f'"x", {etag}', etag.removeprefix("W/"), "*"):
        answer = visit("/status/", If_None_Match=mark)
        assert answer.status_code == 304 and not answer.content and answer["ETag"] == etag
    set_availability("akta-kelahiran", Availability.PAUSED)
    assert visit("/status/", If_None_Match=etag).status_code == 200


def test_a_change_elsewhere_leaves_the_mark_of_a_page_as_it_was() -> None:
    etag = visit("/layanan/uji-kir/")["ETag"]
    set_availability("perantingan-pohon", Availability.PAUSED)
    again = visit("/layanan/uji-kir/", If_None_Match=etag)
    assert again.status_code == 304 and again["X-Page-Cache"] == "miss"


def test_packed_and_plain_are_the_same_page() -> None:
    plain = visit("/")
    packed = visit("/", Accept_Encoding="br;q=1.0, gzip;q=0.8")
    assert packed["Content-Encoding"] == "gzip" and gzip.decompress(packed.content) == plain.content
    assert packed["Vary"] == plain["Vary"] == "Accept-Encoding, Cookie"
    assert int(packed["Content-Length"]) == len(packed.content) < int(plain["Content-Length"])


def test_nothing_further_out_keeps_a_page_for_long() -> None:
    page = visit("/")
    assert page["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert page["X-Accel-Expires"] == "1"


# --- when the cache is not well -------------------------------------------------------------------------------------


def test_a_cache_that_is_down_makes_pages_slower_and_not_wrong(settings: Any) -> None:
    down = {"BACKEND": "portal.lib.cache.TolerantRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, editions.CACHE: down}
    settings.CACHE_IS_SHARED = True
    for word in ("PAUSED", "QUEUEING", "AVAILABLE"):
        set_availability("akta-kelahiran", word)
        page = visit("/status/").content.decode()
        assert ("Tidak ada gangguan" in page) == (word == "AVAILABLE")


def test_a_flushed_cache_starts_again(shared: list[float]) -> None:
    visit("/")
    visit("/")
    caches[editions.CACHE].clear()
    set_availability("akta-kelahiran", Availability.PAUSED)
    assert "sedang terganggu" in visit("/").content.decode()
    assert how("/") == "hit"


def test_a_cache_that_comes_back_with_old_pages_serves_none_of_them(shared: list[float]) -> None:
    """A killed cache server that was restored from its file: an old word, an old page, and a publish it never heard of."""
    visit("/")
    visit("/")
    Page.objects.filter(slug="bantuan").update(title="Lain")
    set_availability("akta-kelahiran", Availability.PAUSED)
    shared[0] += editions.TRUST_SECONDS
    assert "sedang terganggu" in visit("/").content.decode()
