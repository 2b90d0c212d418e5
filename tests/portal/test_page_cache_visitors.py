"""Nobody else's page gets in or out of the cache, and what browsers and a sick cache are told."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.test import Client
from wagtail.models import Page

from accounts.models import User
from portal.lib import editions
from services.catalogue.actions import set_availability
from services.catalogue.models import Availability
from tests.portal.visits import how, truth, visit

pytestmark = pytest.mark.usefixtures("demo_city", "no_pages")


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
