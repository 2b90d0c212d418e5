"""Somebody who reads English meets no Indonesian sentence of ours, except where the page says that it is Indonesian.

The list of what must not be seen is the catalogue itself: every message id whose English differs.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import User
from cms.models import ContentPage, DepartmentPage, PageUpkeep, ServicePage
from services.cases import drafts
from services.cases.delivery import deliver
from services.cases.models import Case
from services.catalogue.models import Channel, Department, Service, ServiceText
from services.notifications.models import Message
from services.notifications.tasks import send_message

pytestmark = pytest.mark.usefixtures("demo_city")

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "en" / "LC_MESSAGES" / "django.mo"
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
# Names of the administration and of a building in an address: they stay what they are.
NAMES = frozenset({"Kelurahan", "Kecamatan", "Mal Pelayanan Publik Gajah Mada"})
READ_ALOUD = ("title", "aria-label", "alt", "placeholder", "data-l", "data-offline-text")


class _Reader(HTMLParser):
    """The pieces of text a person reads or hears in the language of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.languages: list[str] = []
        self.pieces: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        here = given.get("lang") or (self.languages[-1] if self.languages else "")
        if here == "en":
            self.pieces += [given[name] or "" for name in READ_ALOUD if name in given]
            if tag == "meta" and given.get("name") == "description":
                self.pieces.append(given.get("content") or "")
        if tag not in VOID:
            self.languages.append(here)
            self.silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.languages.pop()
            self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self.languages and self.languages[-1] == "en" and not self.silent:
            self.pieces.append(data)


def english_pieces(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    return [" ".join(piece.split()) for piece in reader.pieces if piece.strip()]


@pytest.fixture(scope="module")
def indonesian() -> re.Pattern[str]:
    """Whole message ids, facts left open. One word alone is looked for as a whole piece, sentences also inside one."""
    with CATALOGUE.open("rb") as file:
        catalogue: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    patterns = []
    for key, english in catalogue.items():
        message = key[0] if isinstance(key, tuple) else key
        if not message or "\x04" in message or message == english or message in NAMES:
            continue
        words = re.sub(
            r"%\\\((\w+)\\\)[sd]|%[sd]|<[^>]+>", ".+?", re.escape(" ".join(re.sub(r"<[^>]+>", " ", message).split()))
        )
        plain = re.sub(r"\.\+\?|\W", "", words)
        if plain:
            patterns.append(words if len(message.split()) >= 3 and ".+?" not in words else f"^{words}$")
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


Look = Callable[[Client, str], str]


@pytest.fixture
def look(indonesian: re.Pattern[str]) -> Look:
    """Open a page and read it: no piece of it may be a message that has an English text."""

    def read(client: Client, path: str, status: int = 200) -> str:
        answer = client.get(path, follow=True)
        page = answer.content.decode()
        assert answer.status_code == status, path
        assert '<html lang="en"' in page, path
        met = [piece for piece in english_pieces(page) if indonesian.search(piece)]
        assert not met, f"{path}: {met[:5]}"
        return page

    return read


def test_the_reader_sees_what_people_see() -> None:
    page = '<html lang="en"><p title="T">a<b lang="id">Indonesia</b> b</p><img alt="c"><script>d</script></html>'
    assert english_pieces(page) == ["T", "a", "b", "c"]


def test_the_list_knows_indonesian(indonesian: re.Pattern[str]) -> None:
    for piece in ("Cari layanan", "Petugas tidak pernah meminta kata sandi atau kode.", "94 layanan", "Masuk"):
        assert indonesian.search(piece), piece
    for piece in ("Find a service", "Dinas Kesehatan", "KTP", "Alice Contoh"):
        assert not indonesian.search(piece), piece


@pytest.mark.parametrize(
    "path",
    [
        "/en/",
        "/en/layanan/",
        "/en/layanan/?gratis=1&cara=FORM&kategori=kependudukan",
        "/en/layanan/?kategori=tidak-ada",
        "/en/layanan/?q=birth+certificate",
        "/en/layanan/?q=fire",
        "/en/layanan/?q=zzxqw",
        "/en/peristiwa/",
        "/en/peristiwa/kelahiran/",
        "/en/peristiwa/menikah/",
        "/en/layanan/?peristiwa=kelahiran",
        "/en/dinas/",
        "/en/dinas/?jenis=kelurahan",
        "/en/dinas/dispendukcapil/",
        "/en/dinas/kel-mentikan/",
        "/en/status/",
        "/en/lacak/",
        "/en/akun/masuk/",
        "/en/akun/daftar/",
        "/en/akun/sandi/lupa/",
        "/en/akun/sandi/lupa/terkirim/",
        "/en/bantuan/",
        "/en/privasi/",
        "/en/aksesibilitas/",
        "/en/data/",
        "/en/tentang/",
    ],
)
def test_public_pages_are_english(client: Client, look: Look, path: str) -> None:
    look(client, path)


def test_every_service_is_english_and_says_what_is_not(client: Client, look: Look) -> None:
    for text in ServiceText.objects.filter(language="en").select_related("service"):
        page = look(client, f"/en/layanan/{text.slug}/")
        assert "Some of this page is only in Indonesian so far." in page
        assert '<ul class="k-checks" lang="id">' in page


def test_a_service_without_english_is_shown_in_indonesian_and_marked(client: Client, look: Look) -> None:
    ServiceText.objects.filter(language="en", service__code="uji-kir").delete()
    name = ServiceText.objects.get(service__code="uji-kir").name
    assert f'<h1 lang="id">{name}</h1>' in look(client, "/en/layanan/uji-kir/")
    found = re.sub("</?mark>", "", look(client, "/en/layanan/?q=kir"))
    assert re.search(rf'<h3 lang="id"><a href="/en/layanan/uji-kir/"[^>]*>{re.escape(name)}\s*</a></h3>', found)


def test_a_page_of_ours_without_english_is_shown_in_indonesian_and_marked(client: Client, look: Look) -> None:
    ContentPage.objects.get(slug="tentang", locale__language_code="en").unpublish()
    page = look(client, "/en/tentang/")
    assert "This page is only in Indonesian so far." in page and '<div lang="id"><h1>Tentang portal ini</h1>' in page


def test_refusals_are_english(client: Client, look: Any, alice: User) -> None:
    look(client, "/en/tidak/ada/", 404)
    look(client, "/en/layanan/tidak-ada/", 404)
    client.force_login(alice)
    look(client, "/en/petugas/", 403)


def test_what_is_wrong_is_said_in_english(client: Client, indonesian: re.Pattern[str]) -> None:
    for path, data in (
        ("/en/akun/masuk/", {"login": "nobody@example.org", "password": "wrong"}),
        ("/en/akun/masuk/", {}),
        ("/en/akun/daftar/", {"email": "x", "password1": "1", "name": ""}),
        ("/en/akun/sandi/lupa/", {"email": "x"}),
        ("/en/lacak/", {"nomor": "x", "hp": "1"}),
    ):
        page = client.post(path, data).content.decode()
        assert 'role="alert"' in page, path
        met = [piece for piece in english_pieces(page) if indonesian.search(piece)]
        assert not met, f"{path}: {met[:5]}"


def test_an_empty_sign_up_names_each_field_that_is_missing(client: Client) -> None:
    page = client.post("/en/akun/daftar/", {}).content.decode()
    summary = page[page.index('role="alert"') : page.index("</ul>", page.index('role="alert"'))]
    named = re.findall(r">([^<:]+): This field is required\.<", summary)
    assert named == ["Full name", "Email or mobile number", "Password"], summary


def test_mails_of_the_account_are_english_and_lead_to_english_pages(client: Client, indonesian: re.Pattern[str]) -> None:
    client.post("/en/akun/sandi/lupa/", {"email": "alice@example.org"})
    client.post("/en/akun/daftar/", {"email": "new@example.org", "password1": "a-long-enough-word", "name": "New Person"})
    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        lines = [line.strip() for line in [sent.subject, *str(sent.body).splitlines()] if line.strip()]
        assert not [line for line in lines if indonesian.search(line)]
        assert any(line.startswith("http://localhost:8000/en/akun/") for line in lines), lines


def test_what_a_department_says_of_itself_is_in_one_language_a_page(client: Client, look: Look) -> None:
    for language, words in (("id", "Kami menjaga kota bersih."), ("en", "We keep the city clean.")):
        page = DepartmentPage.objects.get(department="dlh", locale__language_code=language)
        page.about = words
        page.save_revision().publish()
    assert "Kami menjaga kota bersih." in client.get("/dinas/dlh/").content.decode()
    assert '<p class="k-lead">We keep the city clean.</p>' in look(client, "/en/dinas/dlh/")
    DepartmentPage.objects.get(department="dlh", locale__language_code="en").unpublish()
    assert '<p class="k-lead" lang="id">Kami menjaga kota bersih.</p>' in look(client, "/en/dinas/dlh/")


@pytest.fixture
def forms() -> Iterator[Service]:
    return Service.objects.filter(channel=Channel.FORM, is_public=True, form__isnull=False).iterator()


def test_every_form_is_english_with_its_mistakes(client: Client, look: Look, alice: User, forms: Iterator[Service]) -> None:
    client.force_login(alice)
    for service in forms:
        draft = drafts.start(service, alice)
        page = look(client, f"/en/isian/{draft.ref}/")
        for key in sorted(set(re.findall(rf"/en/isian/{draft.ref}/([\w-]+)/", page)) - {"periksa", "hapus", "kirim"}):
            assert client.post(f"/en/isian/{draft.ref}/{key}/", {"aksi": "lanjut"}).status_code == 303
            look(client, f"/en/isian/{draft.ref}/{key}/?cek=1")


def test_a_walk_is_english(client: Client, look: Look, alice: User) -> None:
    client.force_login(alice)
    root = client.get("/en/peristiwa/kelahiran/mulai/")["Location"].split("isian/")[0]
    for key in ("pemohon", "tempat-tinggal", "anak"):
        look(client, f"{root}isian/{key}/")
        client.post(f"{root}isian/{key}/", {"aksi": "lanjut"})
        look(client, f"{root}isian/{key}/?cek=1")
    look(client, root)
    look(client, f"{root}hapus/")
    for step, act in (("kk", "isi"), ("jkn", "lewati"), ("akta", "lewati"), ("akta", "sudah"), ("imunisasi", "sudah")):
        client.post(f"{root}langkah/{step}/", {"aksi": act})
        look(client, root)
    draft = client.post(f"{root}langkah/kk/", {"aksi": "isi"})["Location"]
    look(client, draft)
    look(client, f"{draft}pemohon/")
    assert "2 of 5 steps completed." in look(client, "/en/akun/")


def test_no_form_has_a_text_without_english() -> None:
    from services.forms.models import FormVersion

    def texts(value: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
        if isinstance(value, dict):
            if isinstance(value.get("id"), str):
                yield path, value
            for name, inner in value.items():
                yield from texts(inner, f"{path}/{name}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from texts(inner, f"{path}/{number}")

    for version in FormVersion.objects.select_related("definition"):
        bare = [path for path, text in texts(version.document, version.definition.code) if not text.get("en")]
        assert not bare, bare[:5]


def test_a_case_from_answer_to_decision_is_english(client: Client, look: Look, alice: User, dewi: User) -> None:
    client.force_login(alice)
    client.post("/en/akun/bahasa/")
    case = _send_application(client, alice)
    assert case.title_en
    look(client, f"/en/permohonan/{case.reference}/terkirim/")
    look(client, f"/en/permohonan/{case.reference}/")
    assert case.title_en in look(client, "/en/akun/")
    deliver(case.deliveries.get().pk)
    staff = Client()
    staff.force_login(dewi)
    look(staff, "/en/petugas/")
    look(staff, f"/en/petugas/permohonan/{case.reference}/")
    for decision in ("proses", "tanya"):
        choice = {"keputusan": decision, "alasan": "Photo of the tree?"}
        staff.post(f"/en/petugas/permohonan/{case.reference}/putuskan/", choice)
    look(client, f"/en/permohonan/{case.reference}/")
    look(staff, f"/en/petugas/permohonan/{case.reference}/")
    for message in Message.objects.filter(recipient=alice):
        send_message(message.pk)
    assert len(mail.outbox) >= 2
    for sent in mail.outbox:
        words = f"{sent.subject}\n{sent.body}"
        assert case.title_en in words or case.reference in words
        assert f"/en/permohonan/{case.reference}/" in str(sent.body)
        assert "Petugas tidak pernah" not in words and "Our staff never ask" in words


def test_the_list_of_what_needs_mending_is_english(client: Client, look: Look, bob: User) -> None:
    page = ServicePage.objects.get(code="akta-kelahiran", locale__language_code="id")
    client.force_login(bob)
    assert "Nothing needs mending" in look(client, "/en/petugas/halaman/")
    ServicePage.objects.filter(pk=page.pk).update(product="", reviewed=date(2020, 1, 1), requirements="[]")
    PageUpkeep.objects.create(
        page_id=page.pk, links=[{"url": "https://x.example/", "field": "sources", "cause": "gone", "times": 1}]
    )
    ServicePage.objects.get(code="akta-kelahiran", locale__language_code="en").delete()
    shown = look(client, "/en/petugas/halaman/")
    assert "that page does not exist any more" in shown and "Not in English yet" in shown and "Not reviewed" in shown


def test_the_rooms_of_roles_are_english(client: Client, look: Look, bob: User) -> None:
    client.force_login(User.objects.get(email="oper@example.org"))
    members, person = "/en/petugas/anggota/dispendukcapil/", f"/en/petugas/pengguna/{bob.public_id}/"
    for email in ("new@example.org", "alice@example.org"):
        assert client.post(members, {"email": email, "peran": ["CLERK"]}).status_code == 302
    client.post(f"{person}akun/", {"tindakan": "nonaktif", "alasan": "On leave"})
    rooms = ("", "anggota/", "pengguna/", "pengguna/?cari=zz", "pengguna/?cari=zzzz", "sistem/")
    for path in (
        *(f"/en/petugas/{room}" for room in rooms),
        members,
        f"{members}{bob.public_id}/",
        person,
        "/en/akun/peran/",
    ):
        look(client, path)
    for door, values in ((members, {"email": "x"}), (f"{person}peran/", {"peran": ["x"]}), (f"{person}akun/", {})):
        page = client.post(door, values).content.decode()
        assert "k-errors" in page and not re.search("Pilih|Tulis|Peran|Alasan", page), door
    link = Department.objects.get(code="dispendukcapil").invitations.get().token
    look(Client(), f"/en/akun/undangan/{link}/")
    look(Client(), "/en/akun/undangan/none/", 404)


def _send_application(client: Client, owner: User) -> Case:
    service = Service.objects.get(code="perantingan-pohon")
    draft = drafts.start(service, owner)
    draft.answers = {
        "nik": "3576014507900001",
        "nama": "Alice Contoh",
        "telepon": "+6281200000001",
        "kelurahan": "kel-mentikan",
        "alamat": "Jl. Contoh 1",
        "keperluan": "A branch touches the cable",
    }
    draft.seen = [part["key"] for part in draft.version.document["parts"]]
    draft.save()
    page = client.get(f"/en/isian/{draft.ref}/periksa/").content.decode()
    digest = re.search(r'name="sidik" value="(\w+)"', page)
    assert digest, page
    answer = client.post(f"/en/isian/{draft.ref}/kirim/", {"sidik": digest.group(1), "setuju": "1"})
    assert answer["Location"].startswith("/en/permohonan/"), answer["Location"]
    return Case.objects.get(resident=owner)
