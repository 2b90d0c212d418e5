"""What is wrong with a department's pages: links asked at night, half-year reminders, one list, one command."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from cms import checks, links, reminders, upkeep
from cms.models import ContentPage, DepartmentPage, HomePage, JourneyPage, PageUpkeep, PageVote, ServicePage
from services.catalogue import members
from services.catalogue.models import Department, Service
from services.catalogue.models import DepartmentRole as Role
from services.notifications.models import Message
from tests.cms.editor import desk_of, page_of

pytestmark = pytest.mark.usefixtures("demo_city")


class Site(BaseHTTPRequestHandler):
    """Somebody else's site: the path says what it answers."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        type(self).asked.append(f"{self.command} {self.path}")
        code = int(self.path.strip("/").split("-")[0])
        if code == 302:
            self.send_response(302)
            self.send_header("Location", "/404-secret")
        elif code == 405:
            self.send_response(405 if self.command == "HEAD" else 200)
        else:
            self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    settings.LINK_CHECK_NETWORKS = ["127.0.0.0/8"]
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def with_links(*urls: str) -> ServicePage:
    page = page_of("akta-kelahiran")
    page.sources = "\n".join(urls)
    page.save()
    return page


@pytest.mark.parametrize(("path", "cause"), [
    ("/200", ""), ("/404", "gone"), ("/410", "gone"), ("/403", ""), ("/429", ""), ("/405", ""), ("/503", "ill"), ("/302", ""),
])  # fmt: skip
def test_a_link_is_broken_when_nothing_is_there(site: str, path: str, cause: str) -> None:
    assert links.ask(site + path) == cause
    assert not any("secret" in asked for asked in Site.asked), "no redirect is followed"


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/",
    "http://192.168.1.1/admin", "http://0x7f.1/", "https://example.org:8443/", "http://example.org:22/", "http://2130706433/",
    "http://metadata.internal/",
])  # fmt: skip
def test_a_link_is_no_way_into_a_private_network(url: str, settings: Any) -> None:
    settings.LINK_CHECK_NETWORKS = []
    settings.ADAPTER_ALLOWED_NETWORKS = [
        "127.0.0.0/8",
        "10.0.0.0/8",
    ]  # what is open for departments' systems is not for links
    assert links.ask(url) in {"forbidden", "address"}


@pytest.mark.parametrize(
    "url", ["http://", "http://user:pass@example.org/", "http://exa mple.org/", "http://example.org:99999/"]
)
def test_a_link_that_is_no_address_is_said_to_be_none(url: str) -> None:
    assert links.ask(url) in {"address", "forbidden"}


def test_all_fields_of_a_page_are_read_for_links() -> None:
    page = page_of("akta-kelahiran")
    page.app_url = "https://a.example/"
    page.sources = "https://b.example/x https://b.example/x#bagian"
    page.requirements = [("item", "Unduh di (https://c.example/f.pdf).")]
    page.steps = [("step", {"title": "Buka", "text": "https://d.example/?a=1&b=2, lalu tekan"})]
    found = {link.url: link.field for link in links.links_of(page)}
    assert found == {
        "https://a.example/": "app_url",
        "https://b.example/x": "sources",
        "https://c.example/f.pdf": "requirements",
        "https://d.example/?a=1&b=2": "steps",
    }


def test_home_department_journey_and_content_pages_are_read_for_links_too() -> None:
    corner = DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id")
    corner.about = "Antrean ada di https://a.example/antre."
    journey = JourneyPage.objects.filter(locale__language_code="id").first()
    assert journey is not None
    journey.intro = "Baca https://b.example/panduan"
    content = ContentPage.objects.filter(locale__language_code="id").first()
    assert content is not None
    content.body = '<p><a href="https://c.example/?a=1&amp;b=2">baca</a></p>'
    found = [(link.url, link.field) for page in (corner, journey, content) for link in links.links_of(page)]
    assert found == [
        ("https://a.example/antre", "about"),
        ("https://b.example/panduan", "intro"),
        ("https://c.example/?a=1&b=2", "body"),
    ]
    kinds = {type(page) for page in links.watched()}
    assert kinds == {ServicePage, ContentPage, DepartmentPage, HomePage, JourneyPage}


def test_what_is_broken_outside_service_pages_is_told_to_whoever_can_mend_it(site: str) -> None:
    corner = DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id")
    corner.about = f"Antrean ada di {site}/404"
    corner.save()
    content = ContentPage.objects.filter(locale__language_code="id").first()
    assert content is not None
    content.body = f'<p><a href="{site}/410">baca</a></p>'
    content.save()
    english = page_of("akta-kelahiran", "en")
    english.fee_note = f"See {site}/404"
    english.save()
    for page in (corner, content, english):
        links.check(page)
    bobs = desk_of("bob").get("/petugas/halaman/").content.decode()
    assert f"/kelola/pages/{corner.pk}/edit/#id_about" in bobs and f"{site}/410" not in bobs
    assert f"Tautan {site}/404 di halaman Inggris" in bobs
    desk = desk_of("rina").get("/petugas/halaman/").content.decode()
    assert f"/kelola/pages/{content.pk}/edit/#id_body" in desk


def test_a_bad_night_is_not_told_before_the_second_one(site: str) -> None:
    page = with_links(f"{site}/404", f"{site}/503")
    first = links.check(page)
    assert [row["cause"] for row in first.links] == ["gone", "ill"]
    assert [row["url"] for row in links.broken(first)] == [f"{site}/404"]
    second = links.check(page_of("akta-kelahiran"))
    assert len(links.broken(second)) == 2
    page = with_links(f"{site}/200")
    assert links.check(page).links == []


def test_each_night_those_asked_longest_ago_come_first_and_each_address_once(site: str) -> None:
    ServicePage.objects.update(sources="", app_url="")
    with_links(f"{site}/404")
    other = page_of("akta-kematian")
    other.sources = f"{site}/404"
    other.save()
    done = links.check_some(60)
    assert done >= 94 and Site.asked.count("HEAD /404") == 1
    assert links.check_some(60) == 0, "asked within twenty hours"
    PageUpkeep.objects.update(links_checked_at=timezone.now() - timedelta(days=1))
    assert links.check_some(0) <= 1, "a run ends on time"


def test_the_list_names_what_is_missing_in_ones_own_department(site: str) -> None:
    page = with_links(f"{site}/404")
    links.check(page)
    page_of("akta-kematian", "en").delete()
    old = page_of("akta-perkawinan")
    ServicePage.objects.filter(pk=old.pk).update(reviewed=date(2020, 1, 1))
    dlh = page_of("pengangkutan-sampah")
    ServicePage.objects.filter(pk=dlh.pk).update(reviewed=date(2020, 1, 1))
    shown = desk_of("bob").get("/petugas/halaman/").content.decode()
    assert page.title in shown and f"{site}/404" in shown and f"/kelola/pages/{page.pk}/edit/#id_sources" in shown
    assert page_of("akta-kematian").title in shown and "Belum ada dalam bahasa Inggris" in shown
    assert old.title in shown and "Sudah lama tidak diperiksa" in shown
    assert dlh.title not in shown
    assert dlh.title in desk_of("dewi").get("/petugas/halaman/").content.decode()
    english = desk_of("bob").get("/en/petugas/halaman/").content.decode()
    assert "Not in English yet" in english and "that page does not exist any more" in english


def test_the_list_is_for_whoever_has_a_part_in_pages(client: Client) -> None:
    assert client.get("/petugas/halaman/").status_code == 302
    for name in ("alice", "ivan", "oper", "wali"):
        assert desk_of(name).get("/petugas/halaman/").status_code == 403, name
    admin = desk_of("admin")
    ServicePage.objects.filter(pk=page_of("pengangkutan-sampah").pk).update(reviewed=date(2020, 1, 1))
    assert page_of("pengangkutan-sampah").title in admin.get("/petugas/halaman/?dinas=dlh").content.decode()
    assert "Tidak ada yang perlu dibenahi" in admin.get("/petugas/halaman/?dinas=dispendukcapil").content.decode()
    assert admin.get("/petugas/halaman/?dinas=tidak-ada&hal=x").status_code == 200


def test_half_a_year_later_editors_get_one_mail_and_again_after_a_month() -> None:
    today = timezone.localdate() + timedelta(days=200)
    told = reminders.remind(today)
    mails = Message.objects.filter(template="pages_to_review")
    people = set(mails.values_list("recipient__email", flat=True))
    assert told == mails.count() and {"bob@example.org", "dewi@example.org"} <= people
    bobs = mails.get(recipient__email="bob@example.org").context
    assert bobs["count"] > 5 and len(bobs["titles"]) <= 20
    assert reminders.remind(today) == 0 and reminders.remind(today + timedelta(days=1)) == 0
    reviewed = page_of("akta-kelahiran")
    ServicePage.objects.filter(pk=reviewed.pk).update(reviewed=today)
    assert reminders.remind(today + timedelta(days=31)) > 0
    again = Message.objects.filter(template="pages_to_review", recipient__email="bob@example.org").latest("pk").context
    assert again["count"] == bobs["count"] - 1 and reviewed.title not in again["titles"]


def test_the_writer_of_a_page_is_reminded_while_an_editor_and_the_manager_where_there_is_none() -> None:
    today = timezone.localdate()
    edo = User.objects.create_user("edo@example.org", "x", name="Edo")
    dispendukcapil = Department.objects.get(code="dispendukcapil")
    members.set_roles(edo, department=dispendukcapil, roles=[Role.EDITOR], by=None)
    page = page_of("akta-kelahiran")
    ServicePage.objects.filter(pk=page.pk).update(owner=edo, next_review=today)
    reminders.remind(today)
    assert list(Message.objects.values_list("recipient__email", flat=True)) == ["edo@example.org"]
    PageUpkeep.objects.update(reminded_on=None)
    for person in (edo, User.objects.get(email="bob@example.org")):
        members.set_roles(person, department=dispendukcapil, roles=[Role.MANAGER] if person == edo else [], by=None)
    reminders.remind(today + timedelta(days=1))
    assert Message.objects.latest("pk").recipient == edo


def test_the_command_looks_at_every_live_page(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_pages")
    assert capsys.readouterr().out == ""
    ServicePage.objects.filter(code="akta-kelahiran", locale__language_code="id").update(product=" ")
    draft = page_of("akta-kematian")
    draft.summary = ""
    draft.save_revision(clean=False)
    with pytest.raises(SystemExit) as ended:
        call_command("check_pages", drafts=True)
    assert ended.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert "akta-kelahiran\tid\tterbit\tproduct\tIsi hasil layanan yang diterima warga." in lines
    assert any(line.startswith("akta-kematian\tid\tdraf\tsummary\t") for line in lines)
    ServicePage.objects.filter(code="akta-kelahiran").update(product="Kutipan")
    call_command("check_pages", drafts=True)


def test_the_gate_beside_the_editor_names_every_part(client: Client) -> None:
    bob, page = desk_of("bob"), page_of("akta-kelahiran")
    shown = bob.get(f"/kelola/pages/{page.pk}/edit/").content.decode()
    assert 'data-gate-missing="0"' in shown and "Tujuan permohonan" in shown
    page.product = ""
    page.save_revision(clean=False)
    shown = bob.get(f"/kelola/pages/{page.pk}/edit/").content.decode()
    assert 'data-gate-missing="1"' in shown and '<a href="#id_product" data-gate-field="product">' in shown
    english = bob.get(f"/kelola/pages/{page_of('akta-kelahiran', 'en').pk}/edit/").content.decode()
    assert 'data-gate-missing="0"' in english


def test_the_gate_stands_beside_a_new_page_from_the_first_letter_on_and_asks_for_the_category() -> None:
    corner = page_of("akta-kelahiran").get_parent()
    shown = desk_of("bob").get(f"/kelola/pages/add/cms/servicepage/{corner.pk}/?contoh=").content.decode()
    assert 'data-side-panel="gate"' in shown and 'data-gate-field="category"' in shown
    page = page_of("akta-kelahiran")
    page.category = None
    assert [part.field for part in checks.problems(page)] == ["category"]


def test_the_second_to_save_is_warned_and_nothing_is_lost() -> None:
    from tests.cms.editor import form_of

    bob, page = desk_of("bob"), page_of("akta-kelahiran")
    edo = User.objects.create_user("edo@example.org", "x", name="Edo Contoh")
    members.set_roles(edo, department=Department.objects.get(code="dispendukcapil"), roles=[Role.EDITOR], by=None)
    opened = page.latest_revision
    assert opened is not None
    seen = {"loaded_revision_id": opened.pk, "loaded_revision_created_at": opened.created_at.isoformat()}
    address = f"/kelola/pages/{page.pk}/edit/"
    assert desk_of("edo").post(address, {**form_of(page, late="Dari Edo"), **seen}).status_code == 302
    answer = bob.post(address, {**form_of(page, late="Dari Bob"), **seen})
    text = answer.content.decode()
    assert answer.status_code == 200 and "Edo Contoh menyimpan versi yang lebih baru" in text and "Dari Bob" in text
    latest = page_of("akta-kelahiran").latest_revision
    assert latest is not None and latest.as_object().late == "Dari Edo"
    now_seen = {"loaded_revision_id": latest.pk, "loaded_revision_created_at": latest.created_at.isoformat()}
    assert f'value="{latest.pk}"' in text
    assert bob.post(address, {**form_of(page, late="Dari Bob"), **now_seen}).status_code == 302
    kept = [revision.as_object().late for revision in page.revisions.order_by("pk")]
    assert kept[-2:] == ["Dari Edo", "Dari Bob"], "both are in the history"


def test_states_of_nothing() -> None:
    assert upkeep.states([]) == []


def votes(code: str, *, helpful: int, not_helpful: int, ago: int = 0) -> None:
    PageVote.objects.create(
        path=f"/layanan/{code}/",
        language="id",
        day=timezone.localdate() - timedelta(days=ago),
        service=Service.objects.get(code=code),
        helpful=helpful,
        not_helpful=not_helpful,
    )


def unhelpful(code: str) -> list[str]:
    return [line.text for state in upkeep.states([page_of(code)]) for line in state.lines if line.kind == "unhelpful"]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [(0, 4, False), (0, 5, True), (10, 5, True), (11, 5, False), (400, 5, False), (0, 0, False)],
    ids=["a few", "five of five", "a third", "less than a third", "of many", "nobody said anything"],
)
def test_a_page_that_did_not_help_many_is_on_the_list(good: int, bad: int, told: bool) -> None:
    votes("akta-kelahiran", helpful=good, not_helpful=bad)
    votes("akta-kelahiran", helpful=0, not_helpful=90, ago=upkeep.VOTE_DAYS)
    assert bool(unhelpful("akta-kelahiran")) is told


def test_the_list_says_how_many_of_how_many_and_leads_to_what_people_said() -> None:
    votes("akta-kelahiran", helpful=3, not_helpful=6)
    votes("akta-kelahiran", helpful=1, not_helpful=1, ago=upkeep.VOTE_DAYS - 1)
    assert unhelpful("akta-kelahiran") == ["Tidak membantu bagi 7 dari 11 orang yang menilai dalam 90 hari."]
    page = desk_of("bob").get("/petugas/halaman/").content.decode()
    assert (
        "bagi 7 dari 11 orang" in page
        and 'href="/petugas/umpan-balik/"' in page.split("bagi 7 dari 11")[1].split("</li>")[0]
    )
    assert "7 dari 11" not in desk_of("dewi").get("/petugas/halaman/").content.decode()


def test_votes_on_a_page_that_is_not_public_any_more_are_nobodys_task() -> None:
    votes("akta-kelahiran", helpful=0, not_helpful=9)
    page_of("akta-kelahiran").unpublish()
    assert unhelpful("akta-kelahiran") == []
