"""What anybody can read: every service, lists, filters, search, and what machines read."""

import gzip
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms import publishing
from cms.models import ServicePage
from portal.lib import editions
from services.catalogue.actions import publish_service, publish_services, set_availability
from services.catalogue.models import Availability, Channel, Department, Service, ServiceText

pytestmark = pytest.mark.usefixtures("demo_city")

FIXED = ["/", "/layanan/", "/dinas/", "/status/", "/bantuan/", "/privasi/", "/aksesibilitas/", "/data/", "/tentang/"]


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def record(code: str):  # type: ignore[no-untyped-def]
    page = ServicePage.objects.get(locale__language_code="id", code=code)
    return publishing.record_of(page, publishing.department_of(page))


def test_every_service_and_department_can_be_read(client: Client) -> None:
    for text in ServiceText.objects.filter(language="id").select_related("service"):
        assert f"<h1>{text.name}</h1>" in html(client, f"/layanan/{text.slug}/").replace("&amp;", "&")
    for code in Department.objects.values_list("code", flat=True):
        html(client, f"/dinas/{code}/")


def test_reading_leaves_no_cookie_and_no_inline_code(client: Client) -> None:
    for path in [*FIXED, "/layanan/akta-kelahiran/", "/layanan/?q=akte+lair", "/dinas/dispendukcapil/"]:
        page = html(client, path)
        assert not client.cookies, path
        assert " style=" not in page and "<style" not in page and "onclick" not in page
        assert not re.search(r"<script(?![^>]*(\bsrc=|type=.application/ld\+json))", page)
        assert page.count("<h1") == 1
        assert 'name="description"' in page and 'rel="canonical"' in page
        assert len(gzip.compress(page.encode())) < 12_000


def test_only_an_online_service_has_a_start_button(client: Client) -> None:
    start = "/ajukan/"
    assert "/layanan/akta-kelahiran/ajukan/" in html(client, "/layanan/akta-kelahiran/")
    for code in Service.objects.exclude(channel=Channel.FORM).values_list("code", flat=True):
        assert start not in html(client, f"/layanan/{code}/")


def test_an_application_is_linked_only_when_its_address_is_known(client: Client) -> None:
    assert 'href="https://oss.go.id"' in html(client, "/layanan/nib-oss/")
    unknown = html(client, "/layanan/bphtb/")
    assert "e-BPHTB" in unknown and "Kami belum punya alamat resminya" in unknown
    assert 'href="tel:119"' in html(client, "/layanan/psc-119/")


def test_sample_data_says_so(client: Client) -> None:
    assert "Data contoh" in html(client, "/layanan/akta-kelahiran/")


def test_trouble_is_told_and_a_pause_takes_the_button_away(client: Client) -> None:
    set_availability("akta-kelahiran", Availability.QUEUEING)
    page = html(client, "/layanan/akta-kelahiran/")
    assert "meneruskannya begitu sistem dinas menerima lagi" in page and "/ajukan/" in page
    assert "Akta Kelahiran" in html(client, "/status/")
    assert "sedang terganggu" in html(client, "/")
    set_availability("akta-kelahiran", Availability.PAUSED)
    assert "/ajukan/" not in html(client, "/layanan/akta-kelahiran/")
    set_availability("akta-kelahiran", Availability.AVAILABLE)
    assert "Tidak ada gangguan" in html(client, "/status/")


def test_filters_narrow_and_can_be_taken_off(client: Client) -> None:
    everything = html(client, "/layanan/")
    assert "94 layanan" in everything
    page = html(client, "/layanan/?dinas=dlh&cara=FORM")
    number = Service.objects.filter(department__code="dlh", channel="FORM", is_public=True).count()
    assert f"{number} layanan" in page
    assert 'href="?cara=FORM"' in page and 'href="?dinas=dlh"' in page
    free = Service.objects.filter(is_free=True).count()
    assert f"{free} layanan" in html(client, "/layanan/?gratis=1")


def test_each_need_of_the_home_page_leads_to_as_many_services_as_it_says(client: Client) -> None:
    page = html(client, "/")
    doors = re.findall(r'kebutuhan=([\w-]+)">.*?k-q">(\d+)<', page)
    assert len(doors) == 8
    for slug, number in doors:
        assert f">{number} layanan<" in html(client, f"/layanan/?kebutuhan={slug}")


def test_unknown_filters_are_ignored_and_said_so(client: Client) -> None:
    page = html(client, "/layanan/?kategori=tidak-ada&hal=banyak&cara=%00&zz=1")
    assert "94 layanan" in page and "diabaikan: tidak-ada" in page
    assert "<script>alert" not in html(client, "/layanan/?q=<script>alert(1)</script>&kategori=<script>alert(1)</script>")


def test_pages_of_the_list_keep_the_query(client: Client) -> None:
    page = html(client, "/layanan/?gratis=1")
    assert "?gratis=1&amp;hal=2" in page or "?gratis=1&hal=2" in page
    assert html(client, "/layanan/?gratis=1&hal=2") != page


def test_search_and_help_when_nothing_fits(client: Client) -> None:
    assert "/layanan/akta-kelahiran/" in html(client, "/layanan/?q=akte+lair")
    assert "Tidak ada layanan yang cocok" in html(client, "/layanan/?q=zzzqqq")
    assert 'href="tel:112"><b>' in html(client, "/layanan/?q=kebakaran")


def test_an_unknown_service_offers_a_search_and_an_old_address_leads_on(client: Client) -> None:
    page = html(client, "/layanan/akta-lahir-anak/", 404)
    assert 'value="akta lahir anak"' in page
    publish_service(replace(record("uji-kir"), slug="uji-kendaraan"))
    response = client.get("/layanan/uji-kir/")
    assert (response.status_code, response["Location"]) == (301, "/layanan/uji-kendaraan/")
    html(client, "/dinas/tidak-ada/", 404)
    html(client, "/tidak-ada/", 404)


def test_machines_find_every_page(client: Client) -> None:
    tree = ET.fromstring(client.get("/sitemap.xml").content)
    addresses = [e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sum("/layanan/" in a for a in addresses) == 2 * 95
    assert len(addresses) == len(set(addresses))
    assert "Sitemap: " in html(client, "/robots.txt")
    assert html(client, "/.well-known/security.txt").startswith("Contact: ")


PATHS = {
    "/": 15,
    "/layanan/": 15,
    "/layanan/?gratis=1&dinas=dispendukcapil": 15,
    "/layanan/?q=akte+lair": 12,
    "/layanan/?q=akta+kelahran": 12,
    "/layanan/akta-kelahiran/": 12,
    "/dinas/dispendukcapil/": 12,
}


def counts(client: Client) -> dict[str, int]:
    """Statements of each page as it is made, with no page kept; the first correction of an edition reads the word list."""
    found = {}
    for path in PATHS:
        client.get(path)
        caches[editions.CACHE].clear()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path)["X-Page-Cache"] == "miss"
        found[path] = len(captured)
    return found


def test_the_number_of_queries_does_not_grow_with_the_city(client: Client) -> None:
    """As catalogue records: pages of the tree are never read by these addresses."""
    small = counts(client)
    assert all(small[path] <= most for path, most in PATHS.items()), small
    records = [
        replace(record(code), synonyms=(), requirements=(), product="", steps=(), exceptions=())
        for code in Service.objects.filter(is_public=True).values_list("code", flat=True)
    ]
    for copies, size in ((range(9), 940), (range(9, 99), 9_400)):
        publish_services(
            [replace(r, code=f"{r.code}-{n}", slug=f"{r.slug}-{n}", name=f"{r.name} {n}") for n in copies for r in records]
        )
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # a test database is full of what earlier tests rolled back
                cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("ANALYZE")  # as PostgreSQL does by itself soon after a commit
        assert Service.objects.filter(is_public=True).count() == size
        assert counts(client) == small
