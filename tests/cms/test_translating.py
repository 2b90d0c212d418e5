"""What is not in English yet, or changed since it was translated, is on a list; the editor shows the Indonesian beside the field."""

import pytest
from django.test import Client

from accounts.models import User
from cms import translating
from cms.models import ContentPage, DepartmentPage, JourneyPage
from services.catalogue import queries
from tests.cms.editor import edit, page_of, publish, rows

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def desk(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def todo(code: str) -> translating.Todo:
    corner = DepartmentPage.objects.get(locale__language_code="id", department="dispendukcapil")
    return next(t for t in translating.todo_of([corner]) if getattr(t.page, "code", "") == code)


def test_fields_without_english_are_named_and_a_translated_one_is_not(desk: Client) -> None:
    before = todo("akta-kelahiran")
    assert "hasil layanan" in before.missing and "ringkasan" not in before.missing and before.changed == ()
    publish(page_of("akta-kelahiran", "en"), product="The certificate")
    assert "hasil layanan" not in todo("akta-kelahiran").missing


def test_what_changed_in_indonesian_since_is_named_and_a_fact_is_not(desk: Client) -> None:
    publish(page_of("akta-kelahiran", "en"), product="The certificate")
    publish(page_of("akta-kelahiran"), fee_free=None, fee_amount=5, time_value=9)
    assert todo("akta-kelahiran").changed == (), "a fee is a fact and has no translation"
    publish(page_of("akta-kelahiran"), product="Akta dan map", summary="Ringkasan lain")
    assert todo("akta-kelahiran").changed == ("ringkasan", "hasil layanan")
    publish(
        page_of("akta-kelahiran", "en"),
        product="Certificate and folder",
        summary="Another",
    )
    assert todo("akta-kelahiran").changed == ()


def test_a_draft_in_indonesian_asks_nothing_yet(desk: Client) -> None:
    publish(page_of("akta-kelahiran", "en"), product="The certificate")
    edit(desk, page_of("akta-kelahiran"), product="Masih draf")
    assert todo("akta-kelahiran").changed == ()


def test_an_english_draft_changes_nothing_public_and_is_marked(desk: Client) -> None:
    before = queries.snapshot()
    edit(desk, page_of("akta-kelahiran", "en"), product="Unfinished")
    assert queries.snapshot() == before
    page = page_of("akta-kelahiran", "en")
    page.unpublish()
    assert todo("akta-kelahiran").is_draft


def test_a_page_without_english_is_begun_from_the_list(desk: Client) -> None:
    page_of("akta-kelahiran", "en").delete()
    assert todo("akta-kelahiran").english is None
    page = page_of("akta-kelahiran")
    shown = desk.get("/petugas/terjemahan/").content.decode()
    address = f"/kelola/translation/submit/page/{page.pk}/"
    assert address in shown
    assert desk.get(address).status_code == 200


def test_bobs_list_has_his_department_only_and_the_operators_all(desk: Client, client: Client, alice: User) -> None:
    page = desk.get("/petugas/terjemahan/?dinas=dlh").content.decode()
    assert "Akta" in page and "Sampah" not in page and "Lingkungan Hidup" not in page
    client.force_login(User.objects.get(email="oper@example.org"))
    everybody = client.get("/petugas/terjemahan/").content.decode()
    assert "halaman" in everybody and "Semua dinas" in everybody
    assert "Sampah" in client.get("/petugas/terjemahan/?dinas=dlh").content.decode()
    client.force_login(alice)
    assert client.get("/petugas/terjemahan/").status_code == 403


def test_the_portals_own_pages_are_on_the_operators_list() -> None:
    ContentPage.objects.get(slug="bantuan", locale__language_code="en").delete()
    assert "bantuan" in {t.page.slug for t in translating.todo_of_the_portal()}


def test_the_translators_see_the_indonesian_text_beside_each_field(desk: Client) -> None:
    publish(
        page_of("akta-kelahiran"),
        requirements=rows({"text": "Surat kelahiran lumba-lumba", "form": "copy", "copies": "1", "where": "Bidan"}),
    )
    english = desk.get(f"/kelola/pages/{page_of('akta-kelahiran', 'en').pk}/edit/").content.decode()
    assert "Dalam bahasa Indonesia:" in english and "<p>Surat kelahiran lumba-lumba · Bidan</p>" in english
    assert 'name="fee_amount"' not in english and 'name="places-count"' not in english, "facts are not asked twice"
    assert "Dalam bahasa Indonesia:" not in desk.get(f"/kelola/pages/{page_of('akta-kelahiran').pk}/edit/").content.decode()


def test_a_journey_without_its_english_is_on_the_list_of_the_desk() -> None:
    english = JourneyPage.objects.get(life_event="kelahiran", locale__language_code="en")
    corner = DepartmentPage.objects.get(department="diskominfo", locale__language_code="id")
    assert not [found for found in translating.todo_of([corner]) if isinstance(found.page.specific, JourneyPage)]
    english.delete()
    (open_one,) = [found for found in translating.todo_of([corner]) if isinstance(found.page.specific, JourneyPage)]
    assert open_one.english is None and "langkah-langkah" in open_one.missing
