"""Did this page help? Counted without cookie, session or address; read by the page's owner and nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from cms import feedback
from cms.feedback_views import A_MINUTE
from cms.models import PageRemark, PageVote
from portal.lib.clocks import today
from services.catalogue.models import Department, DepartmentRole, Guide, Service

pytestmark = pytest.mark.usefixtures("demo_city")
DOOR, ROOM = "/umpan-balik/", "/petugas/umpan-balik/"
OURS = {"Origin": "http://testserver"}
PAGE = "/layanan/akta-kelahiran/"


@pytest.fixture(autouse=True)
def nobody_has_said_anything() -> None:
    cache.clear()


def say(client: Client, path: str = PAGE, *, door: str = DOOR, headers: dict[str, str] = OURS, **form: str) -> Any:
    return client.post(door, {"halaman": path, **form}, headers=headers)


def test_every_public_page_asks_and_sets_no_cookie() -> None:
    for path in (PAGE, "/layanan/", "/dinas/dlh/", "/dinas/", "/status/", "/bantuan/", f"/en{PAGE}"):
        answer = Client().get(path)
        page = answer.content.decode()
        assert f'name="halaman" value="{path.removeprefix("/en")}"' in page and not answer.cookies, path
        assert "csrfmiddlewaretoken" not in page


def test_every_page_of_the_site_map_counts_what_its_own_box_sends() -> None:
    places = re.findall(r"<loc>http://[^/]+(/[^<]*)</loc>", Client().get("/sitemap.xml").content.decode())
    kinds = {path.removeprefix("/en").split("/")[1]: path for path in places}  # one of each kind is enough
    paths = {"/", "/en/", *kinds.values(), "/peristiwa/", "/peristiwa/kelahiran/", "/en/peristiwa/kelahiran/", "/pandu/"}
    paths |= {f"/pandu/{row.need.slug}/" for row in Guide.objects.select_related("need")[:1]}
    assert len(paths) > 10
    for path in sorted(paths):
        page = Client().get(path).content.decode()
        named = re.search(r'name="halaman" value="([^"]+)"', page)
        assert named, f"{path} does not ask"
        cache.clear()
        door = "/en" + DOOR if path.startswith("/en/") else DOOR
        assert say(Client(), named[1], door=door, membantu="ya").status_code == 303, path


def test_an_answer_is_counted_by_page_language_and_day() -> None:
    client = Client()
    thanked = say(client, membantu="ya")
    assert thanked.status_code == 303 and not client.cookies
    assert "Terima kasih" in client.get(thanked["Location"]).content.decode()
    say(client, membantu="ya")
    asked = say(client, membantu="tidak")
    assert "Apa yang kurang di halaman ini?" in client.get(asked["Location"]).content.decode()
    row = PageVote.objects.get()
    assert (row.path, row.language, row.day, row.helpful, row.not_helpful) == (PAGE, "id", today(), 2, 1)
    english = say(client, door=f"/en{DOOR}", membantu="tidak")
    assert english["Location"].startswith("/en/umpan-balik/?") and PageVote.objects.get(language="en").not_helpful == 1


def test_a_remark_is_kept_without_long_numbers_and_addresses() -> None:
    answer = say(Client(), kata="Salah!\r\n\u202eNIK saya 3576011203880002, hubungi ani@example.org atau 081234567890\x07")
    assert answer.status_code == 303 and "terima=1" in answer["Location"]
    text = PageRemark.objects.get().text
    assert "3576011203880002" not in text and "ani@" not in text and "081234567890" not in text and "\u202e" not in text
    assert text.startswith("Salah! NIK saya")


@pytest.mark.parametrize("words", ["", "   ", "\x00\x01", "!!! ???", "\u200b"])
def test_a_remark_that_says_nothing_is_asked_for_again(words: str) -> None:
    page = say(Client(), kata=words)
    assert page.status_code == 200 and "Tulis apa yang kurang" in page.content.decode()
    assert not PageRemark.objects.exists()


def test_a_remark_is_never_longer_than_its_field() -> None:
    say(Client(), kata="panjang " * 5000)
    assert len(PageRemark.objects.get().text) <= feedback.MAX_REMARK


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Referer": "https://evil.example/testserver"},
     {"Origin": "http://testserver.evil.example"}],
)  # fmt: skip
def test_another_site_cannot_speak_for_people(headers: dict[str, str]) -> None:
    assert say(Client(), headers=headers, membantu="tidak").status_code == 403
    assert not PageVote.objects.exists()


def test_an_old_browser_that_sends_only_a_referer_is_heard() -> None:
    assert say(Client(), headers={"Referer": f"http://testserver{PAGE}"}, membantu="ya").status_code == 303


def test_what_was_said_of_a_merged_department_is_read_by_its_heir() -> None:
    say(Client(), "/dinas/dlh/", kata="Jam buka di halaman ini salah")
    assert PageRemark.objects.get().department == Department.objects.get(code="dlh")
    heir = Department.objects.get(code="dishub")
    bob = User.objects.get(email="bob@example.org")
    bob.memberships.create(department=heir, role=DepartmentRole.EDITOR)
    assert not feedback.remarks(bob).exists()
    Department.objects.filter(code="dlh").update(merged_into=heir)
    assert feedback.remarks(bob).count() == 1


def test_one_network_is_heard_a_few_times_a_minute_and_told_so() -> None:
    client = Client()
    for _once in range(A_MINUTE):
        assert say(client, membantu="tidak").status_code == 303
    answer = say(client, kata="Yang penting ini")
    assert answer.status_code == 429 and "Yang penting ini" in answer.content.decode()
    assert PageVote.objects.get().not_helpful == A_MINUTE


@pytest.mark.parametrize(
    "path",
    ["", "layanan", "/peristiwa/x/", "/pandu/x/", "/layanan/tidak-ada/", "/petugas/", "//evil.example/",
     "https://evil.example/", "/akun/", "/dinas/x/",
     "/layanan/../", "/layanan/akta-kelahiran/ajukan/", "/\x00/", "/layanan/akta-kelahiran/?q=1"],
)  # fmt: skip
def test_nobody_says_anything_of_a_page_that_there_is_not(path: str) -> None:
    assert say(Client(), path, membantu="ya").status_code == 404
    assert Client().get(DOOR, {"halaman": path}).status_code == 404
    assert not PageVote.objects.exists()


def as_person(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client


def test_an_editor_reads_of_own_pages_and_an_operator_of_all() -> None:
    say(Client(), membantu="tidak")
    say(Client(), kata="Kurang jelas biayanya")
    say(Client(), "/layanan/pengangkutan-sampah/", kata="Jadwalnya lama")
    say(Client(), "/bantuan/", kata="Nomornya mana")
    seen = {name: as_person(name).get(ROOM).content.decode() for name in ("bob", "dewi", "oper")}
    assert "Kurang jelas" in seen["bob"] and "Jadwalnya" not in seen["bob"] and "Nomornya" not in seen["bob"]
    assert "Jadwalnya" in seen["dewi"] and "Kurang jelas" not in seen["dewi"] and PAGE not in seen["dewi"]
    assert all(words in seen["oper"] for words in ("Kurang jelas", "Jadwalnya", "Nomornya"))
    assert "1 (100%)" in seen["bob"] and re.search(rf'<a href="{PAGE}">', seen["bob"])
    for name in ("alice", "ivan", "wali"):
        assert as_person(name).get(ROOM).status_code == 403, name
    assert Client().get(ROOM).status_code == 302


def test_who_has_seen_to_a_remark_says_so_and_another_department_cannot() -> None:
    say(Client(), kata="Kurang jelas biayanya")
    pk = PageRemark.objects.get().pk
    assert as_person("dewi").post(f"{ROOM}{pk}/selesai/").status_code == 404
    assert as_person("bob").post(f"{ROOM}{pk}/selesai/").status_code == 302
    row = PageRemark.objects.get()
    assert row.state == "DONE" and row.done_by is not None and row.done_by.email == "bob@example.org"
    assert as_person("bob").post(f"{ROOM}{pk}/selesai/").status_code == 404
    assert "Kurang jelas" in as_person("bob").get(ROOM, {"tampil": "selesai"}).content.decode()


def test_a_page_that_changes_hands_takes_its_voices_along() -> None:
    say(Client(), kata="Kurang jelas biayanya")
    Service.objects.filter(code="akta-kelahiran").update(department=Department.objects.get(code="dlh"))
    assert "Kurang jelas" in as_person("dewi").get(ROOM).content.decode()
    assert "Kurang jelas" not in as_person("bob").get(ROOM).content.decode()


def test_hostile_words_are_words() -> None:
    say(Client(), kata='<script>alert(1)</script><img src=x onerror="alert(2)">')
    page = as_person("bob").get(ROOM).content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page and "&lt;script&gt;" in page


def test_unhelpful_votes_are_counted_by_service() -> None:
    say(Client(), membantu="tidak")
    say(Client(), membantu="ya")
    assert feedback.votes_of(["akta-kelahiran", "uji-kir"], today() - timedelta(days=1)) == {"akta-kelahiran": (1, 2)}
