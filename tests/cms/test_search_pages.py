"""The page of results, suggestions and counting, as a browser meets them."""

import re
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.lib import throttle
from services.catalogue import notices, synonyms
from services.catalogue.models import Guide, SearchClick, SearchCount, Service
from tests.search import quality

pytestmark = pytest.mark.usefixtures("demo_city")


def html(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def test_results_mark_the_words_and_tell_fee_time_department_and_why(client: Client) -> None:
    page = html(client, "/layanan/?q=akta+kelahiran")
    assert "Penerbitan <mark>Akta</mark> <mark>Kelahiran</mark>" in page
    assert "Dispendukcapil" in page and "Gratis" in page and "hari kerja" in page
    assert "Karena “merid” kami artikan" in html(client, "/layanan/?q=merid")
    assert "Kami membaca “kelahran” sebagai" in html(client, "/layanan/?q=akta+kelahran")


def test_nothing_found_still_offers_a_way(client: Client) -> None:
    page = html(client, "/layanan/?q=zzxqw&dinas=dlh&gratis=1")
    for offer in (
        'href="?q=zzxqw&amp;gratis=1"',
        "Hapus semua saringan",
        "lebih umum",
        "Tanya petugas",
        "/layanan/curhat-ning-ita/",
        "/pandu/",
    ):
        assert offer in page, offer
    assert "Hapus saringan “DLH”" not in page, "it would not help"
    page = html(client, "/layanan/?q=kir&dinas=dlh&cara=FORM")
    assert "Tidak ada layanan yang cocok" in page and "Hapus saringan “DLH”</a> (" in page
    assert re.search(r"Hapus semua saringan</a>|Hapus semua saringan \(", page)


def test_wider_words_are_those_of_the_search_that_find_something_alone(client: Client) -> None:
    """Of a search that finds nothing at all, what most people look for."""

    def offered(query: str) -> list[str]:
        line = html(client, f"/layanan/?{query}").partition("lebih umum:")[2].partition("</li>")[0]
        return re.findall(r">([^<]+)</a>", line)

    assert offered("q=kir+zzxqw&dinas=dlh&cara=FORM") == ["kir"]
    assert len(offered("q=zzxqw")) == 5


def test_pages_of_the_portal_stand_below_the_services(client: Client) -> None:
    page = html(client, "/layanan/?q=privasi+data+pribadi")
    assert page.index("Halaman dan pengumuman di portal ini") > page.index('id="jml"') and 'href="/privasi/"' in page
    assert 'href="/en/privasi/"' in html(client, "/en/layanan/?q=personal+data")


def test_a_notice_stands_below_the_services_and_leads_to_its_words(client: Client) -> None:
    notice = notices.announce(
        kind="OUTAGE",
        title="Antrean akta kelahiran pindah loket",
        text="Datang ke lantai dua.",
        starts_at=timezone.now(),
        ends_at=None,
        by=User.objects.get(email="oper@example.org"),
    )
    page = html(client, "/layanan/?q=akta+kelahiran")
    place = f"#pengumuman-{notice.pk}"
    assert page.index(f'href="/status/{place}"') > page.index('data-code="akta-kelahiran"')
    assert f'id="{place[1:]}"' in html(client, "/status/") and "Datang ke lantai dua." in page
    assert f'href="/en/status/{place}"' in html(client, "/en/layanan/?q=akta+kelahiran")
    notices.take_back(notice)
    assert place not in html(client, "/layanan/?q=akta+kelahiran")


@pytest.mark.parametrize("place", range(len(quality.HOSTILE)))
def test_hostile_words_are_answered_by_pages_and_suggestions(client: Client, place: int) -> None:
    raw = quote(quality.HOSTILE[place].encode("utf-8", "surrogatepass"))
    for path in ("/layanan/", "/en/layanan/"):
        page = html(client, f"{path}?q={raw}&hal=1000000000")
        assert "<script>alert" not in page and "Traceback" not in page
    assert len(client.get(f"/layanan/cari/saran/?q={raw}").content) <= 4096
    assert client.post(f"/layanan/cari/hitung/?q={raw}").status_code == 204


def test_odd_filters_and_pages_are_ignored_and_said(client: Client) -> None:
    for page in ("1000000000", "-1", "0", "x", "9" * 400):
        html(client, f"/layanan/?q=akta&hal={page}")
    page = html(client, "/layanan/?q=akta&dinas=tidak-ada&kategori=%3Cb%3E&cara=%00&asing=1&gratis=mungkin")
    assert "diabaikan: " in page and "tidak-ada" in page and "&lt;b&gt;" in page and "<b>," not in page
    assert 'data-code="akta-kelahiran"' in page, "what is not known narrows nothing"


def test_suggestions_are_a_small_fragment_and_cost_no_cookie(client: Client) -> None:
    answer = client.get("/layanan/cari/saran/?q=akta kel")
    page = answer.content.decode()
    assert len(answer.content) <= 4096 and page.count('role="option"') in range(1, 7) and not answer.cookies
    assert 'data-url="/layanan/akta-kelahiran/"' in page and "<html" not in page
    assert "/en/layanan/" in client.get("/en/layanan/cari/saran/?q=birth cert").content.decode()
    for nothing in ("", "a", "zzxqw", "%00"):
        assert client.get("/layanan/cari/saran/", {"q": nothing}).content.strip() == b""


def test_searches_and_what_was_opened_are_counted_without_a_cookie(client: Client) -> None:
    cache.clear()
    answer = client.post("/layanan/cari/hitung/", {"q": "Akte lair"})
    assert answer.status_code == 204 and not answer.cookies
    client.post("/layanan/cari/hitung/", {"q": "akte lair", "kode": "akta-kelahiran"})
    client.post("/layanan/cari/hitung/?q=akte+lair&kode=akta-kelahiran", "PING", content_type="text/ping")
    count = SearchCount.objects.get()
    assert (count.words, count.searches) == ("akte lair", 1) and count.found > 0
    assert SearchClick.objects.get().clicks == 2
    assert {f.name for f in SearchCount._meta.fields} == {"id", "day", "words", "searches", "found"}


def test_another_site_and_a_flood_count_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: 1e9))  # one minute, however slow the machine
    cache.clear()
    client.post("/layanan/cari/hitung/", {"q": "akta"}, headers={"origin": "https://lain.example"})
    assert not SearchCount.objects.exists()
    for number in range(70):
        client.post("/layanan/cari/hitung/", {"q": f"akta {'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10]}"})
    assert SearchCount.objects.count() == 60
    assert client.get("/layanan/cari/hitung/").status_code == 405


@pytest.mark.parametrize("answers", ["9" * 5000, "1." * 500, "-1", "1.x", "\u0661", "0"])
def test_odd_answers_of_a_guide_begin_it_anew_or_end_it(client: Client, answers: str) -> None:
    need = Guide.objects.select_related("need").first()
    assert need is not None
    assert client.get(f"/pandu/{need.need.slug}/", {"j": answers}).status_code == 200


@pytest.mark.parametrize("typed", ["buku", "hilang", "tanah", "kartu", "ktp hilang"])
def test_no_reason_names_another_spelling_or_a_word_that_nobody_reads_there(client: Client, typed: str) -> None:
    page = client.get("/layanan/", {"q": typed}).content.decode()
    for word in ("boks", "ilang", "plot", "card", "land"):
        assert f"<i>{word}</i>" not in page
    also = re.search(r"Juga mencari: <i>([^<]*)</i>", page)
    assert also is None or not {"boks", "ilang", "plot", "card", "land"} & set(also[1].split(", "))


@pytest.mark.parametrize(("typed", "path"), [("privasi", "/privasi/"), ("bantuan", "/bantuan/")])
def test_a_page_is_found_by_the_word_of_its_address(client: Client, typed: str, path: str) -> None:
    assert path in client.get("/layanan/", {"q": typed}).content.decode().split("</main>")[0]


def test_one_person_who_reloads_is_one_search_and_three_networks_are_three(client: Client) -> None:
    cache.clear()
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"):
        client.post("/layanan/cari/hitung/", {"q": "blarak"}, REMOTE_ADDR=address)
    assert SearchCount.objects.get().searches == 3


def test_words_are_told_as_they_were_typed_and_as_they_are_written(client: Client) -> None:
    page = html(client, "/en/layanan/?q=free+school")
    assert "“fre”" not in page and "“schol”" not in page and "<i>schol</i>" not in page


def test_a_service_that_editors_linked_to_a_word_says_so(client: Client) -> None:
    service = Service.objects.get(code="sewa-rusunawa")
    by = User.objects.get(email="bob@example.org")
    link = synonyms.propose_link("blarak", service=service, by=by)
    synonyms.decide_link(link.pk, approve=True, by=User.objects.get(email="rina@example.org"))
    page = html(client, "/layanan/?q=blarak")
    assert "Karena terhubung dengan “blarak”" in page


def test_a_notice_is_found_by_a_word_of_its_text(client: Client) -> None:
    page = html(client, "/layanan/?q=pengumuman")
    assert "penguburan" not in page


def test_a_picked_value_stays_in_its_box_when_nothing_fits_it(client: Client) -> None:
    page = html(client, "/layanan/?q=ktp&kategori=pajak&dinas=dlh")
    for name, value in (("kategori", "pajak"), ("dinas", "dlh")):
        assert f'id="{name}-{value}" name="{name}" value="{value}" checked' in page
