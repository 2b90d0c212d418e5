"""The city's desk writes a journey; it is judged against the forms that are published, and is public at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from wagtail.models import GroupPagePermission, Page
from wagtail.test.utils.form_data import nested_form_data, streamfield

from accounts.models import User
from cms import journeys, publishing, scope
from cms.models import DepartmentPage, JourneyPage
from portal.demo.journeys import page_of
from services.catalogue import members
from services.catalogue.journeys import lint, queries
from services.catalogue.models import Department, DepartmentRole, Journey, Service
from services.forms.actions import publish_form
from tests.cms.editor import decide, desk_of

pytestmark = pytest.mark.usefixtures("demo_city")


def birth(language: str = "id") -> JourneyPage:
    return JourneyPage.objects.get(life_event="kelahiran", locale__language_code=language)


def said(page: JourneyPage) -> str:
    return " ".join(problem.text for problem in journeys.problems(page))


def with_step(page: JourneyPage, of: str, **changes: Any) -> JourneyPage:
    """The page with one step changed, as an editor would leave it."""
    steps = [("step", {**dict(b.value), **(changes if b.value["key"] == of else {})}) for b in page.steps]
    page.steps = steps
    return page


def test_the_journeys_of_the_demo_city_are_complete_and_ask_nothing_twice() -> None:
    assert JourneyPage.objects.count() == 6, "three, each in two languages"
    for page in JourneyPage.objects.filter(locale__language_code="id"):
        assert lint.findings(journeys.record_of(page)) == [], page.title


def test_birth_says_what_happens_in_which_order_before_anyone_signs_in(client: Client) -> None:
    page = client.get("/peristiwa/kelahiran/").content.decode()
    names = ["Penerbitan Akta Kelahiran", "Kartu Keluarga", "Kartu Identitas Anak", "Aktivasi JKN", "DTSEN", "Imunisasi"]
    places = [page.index(name) for name in names]
    assert places == sorted(places)
    for words in (
        "Dispendukcapil, Dinkes PPKB, Dinsos P3A",
        "3 hari kerja",
        "Gratis",
        "Data contoh",
        "Bila perlu",
        "5 dari 6 langkah",
    ):
        assert words in page, words
    assert 'KTP-el orang tua</span> <span class="k-muted">(langkah 1, 3)' in page, "one paper for two steps"
    assert 'href="/peristiwa/kelahiran/mulai/"' in page and "sessionid" not in client.cookies


def test_somebody_who_reads_english_reads_the_journey(client: Client) -> None:
    page = client.get("/en/peristiwa/kelahiran/").content.decode()
    assert "A child is born" in page and "Registers the birth" in page and "/en/peristiwa/kelahiran/mulai/" in page
    assert 'lang="id">KTP-el orang tua' in page, "what is not translated says so"
    assert "A child is born" in client.get("/en/").content.decode()


def test_a_life_event_without_a_known_order_lists_its_services(client: Client) -> None:
    page = client.get("/peristiwa/menikah/").content.decode()
    assert "Surat Pengantar Nikah" in page and "Urutannya" not in page and "mulai/" not in page
    assert client.get("/peristiwa/nirwana/").status_code == 404
    assert client.get("/peristiwa/menikah/mulai/").status_code == 302, "sign in first"
    events = client.get("/peristiwa/").content.decode()
    assert "Punya anak" in events and "Dengan urutan langkah" in events


def test_every_way_leads_to_the_journey(client: Client) -> None:
    link = 'href="/peristiwa/kelahiran/"'
    for path in (
        "/",
        "/layanan/?peristiwa=kelahiran",
        "/layanan/?kebutuhan=lahir-nikah-meninggal",
        "/layanan/akta-kelahiran/",
    ):
        assert link in client.get(path).content.decode(), path
    assert link not in client.get("/layanan/?peristiwa=sekolah").content.decode()
    assert "/peristiwa/kelahiran/" in client.get("/sitemap.xml").content.decode()


def test_the_open_data_has_the_steps_in_order(client: Client) -> None:
    answer = client.get("/api/v1/life-events/kelahiran?lang=en")
    body = answer.json()
    assert [step["key"] for step in body["journey"]["steps"]] == ["akta", "kk", "kia", "jkn", "sosial", "imunisasi"]
    assert body["journey"]["steps"][2]["after"] == ["akta", "kk"] and body["journey"]["title"] == "A child is born"
    assert len({step["department"] for step in body["journey"]["steps"]}) == 3
    assert body["other_services"] == ["pelayanan-kb"] and "max-age" in answer["Cache-Control"]
    assert client.get("/api/v1/life-events/menikah").json()["journey"] is None
    missing = client.get("/api/v1/life-events/nirwana")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda page: with_step(page, "kk", service="nirwana"), "layanan nirwana tidak ada"),
        (lambda page: with_step(page, "kk", service=""), "layanan – tidak ada"),
        (lambda page: with_step(page, "kk", why=" "), "tulis untuk apa"),
        (lambda page: with_step(page, "akta", after="kia"), "menunggu “kia”, tetapi langkah itu tidak ada sebelumnya"),
        (lambda page: with_step(page, "kk", after="kk"), "menunggu “kk”"),
        (lambda page: with_step(page, "kk", key="akta"), "dipakai dua kali"),
        (lambda page: with_step(page, "kk", key="K K"), "hanya boleh huruf kecil"),
        (lambda page: with_step(page, "kk", presets="alasan = terbang"), "bukan jawaban untuk alasan"),
        (lambda page: with_step(page, "kk", presets="nirwana = x"), "pertanyaan itu tidak ada di formulirnya"),
        (lambda page: with_step(page, "imunisasi", presets="nik = 1"), "tidak punya formulir daring"),
        (lambda page: with_step(page, "kk", gives=[{"name": "no", "label": "No", "to": "akta.anak_ke"}]), "hanya bisa mengisi langkah sesudah"),
        (lambda page: with_step(page, "kk", gives=[{"name": "no", "label": "No", "to": "kia.no_akta"}]), "sudah terisi dari"),
        (lambda page: sharing(page, "akta.nirwana"), "Yang ada: nik, nama"),
        (lambda page: sharing(page, "nirwana.nik"), "langkah itu tidak ada"),
        (lambda page: sharing(page, "akta.surat_lahir"), "berkas, baris berulang"),
        (lambda page: sharing(page, "akta.anak_ke\nkk.rt"), "jenis atau pilihannya berbeda"),
        (lambda page: sharing(page, "akta.anak_ke\nakta.anak_ke"), "sudah terisi dari"),
        (lambda page: sharing(page, ""), "tidak mengisi apa pun"),
        (lambda page: emptied(page), "paling sedikit satu layanan"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_of_it_goes_live(
    change: Callable[[JourneyPage], JourneyPage], sentence: str
) -> None:
    before = queries.snapshot()
    page = change(birth())
    assert sentence in said(page)
    with pytest.raises(ValidationError):
        page.save_revision().publish()
    assert queries.snapshot() == before


def sharing(page: JourneyPage, places: str) -> JourneyPage:
    page.shared = [("part", {"key": "x", "title": "X", "questions": [{"key": "baru", "to": places}]})]
    return page


def emptied(page: JourneyPage) -> JourneyPage:
    page.steps = []
    return page


def test_a_service_that_is_not_public_keeps_a_journey_back() -> None:
    Service.objects.filter(code="imunisasi-anak").update(is_public=False)
    assert "layanan imunisasi-anak belum terbit" in said(birth())


def test_a_question_that_is_gone_from_a_form_is_named_at_the_next_publication() -> None:
    service = Service.objects.get(code="kartu-identitas-anak")
    assert service.form is not None
    document = service.form.versions.latest().document
    document["parts"][0]["questions"] = [q for q in document["parts"][0]["questions"] if q["key"] != "no_kk"]
    publish_form("kartu-identitas-anak", document)
    assert "“kia.no_kk”: pertanyaan itu tidak ada" in said(birth())
    publishing.rebuild()  # goes on with what is still there, and is no drift
    assert publishing.drift() == []


def test_a_question_that_two_steps_ask_is_pointed_out() -> None:
    page = birth()
    page.shared = [("part", {**dict(b.value), "questions": []}) for b in page.shared]
    warned = " ".join(journeys.warnings(page))
    assert "“NIK pemohon” ditanyakan di langkah “akta” dan “kk”" in warned
    assert "Alasan" not in warned, "it is answered by the journey"


def test_whatever_happens_to_the_pages_the_catalogue_equals_a_rebuild() -> None:
    page = birth()
    page.title = "Bayi baru"
    page.save_revision().publish()
    assert Journey.objects.get(life_event__slug="kelahiran").title == {"id": "Bayi baru", "en": "A child is born"}
    page = birth()
    page.life_event = "sakit"
    page.save_revision().publish()
    assert not Journey.objects.get(life_event__slug="kelahiran").is_public and publishing.drift() == []
    birth_again = JourneyPage.objects.get(life_event="sakit")
    birth_again.unpublish()
    assert not Journey.objects.get(life_event__slug="sakit").is_public and publishing.drift() == []
    JourneyPage.objects.get(life_event="rumah", locale__language_code="id").delete()
    assert not Journey.objects.get(life_event__slug="rumah").is_public and publishing.drift() == []


def test_an_english_page_that_is_taken_offline_leaves_indonesian(client: Client) -> None:
    birth("en").unpublish()
    page = client.get("/en/peristiwa/kelahiran/").content.decode()
    assert re.search(r'<h1 lang="id">Kelahiran anak', page) and publishing.drift() == []


def test_a_kept_page_is_new_at_once_when_the_journey_changes(client: Client) -> None:
    assert "Kelahiran anak" in client.get("/peristiwa/kelahiran/").content.decode()
    page = birth()
    page.title = "Bayi lahir"
    page.save_revision().publish()
    assert "<h1>Bayi lahir" in client.get("/peristiwa/kelahiran/").content.decode()


@pytest.fixture
def desk(carol: User) -> Client:
    """Carol writes for the city's desk."""
    desk = Department.objects.get(code="diskominfo")
    members.set_roles(carol, department=desk, roles=[DepartmentRole.EDITOR], by=None, added=True)
    client = Client()
    client.force_login(carol)
    return client


def test_only_the_citys_desk_has_journeys(desk: Client, bob: User) -> None:
    own = DepartmentPage.objects.get(department="diskominfo", locale__language_code="id")
    other = DepartmentPage.objects.get(department="dispendukcapil", locale__language_code="id")
    assert JourneyPage.can_create_at(own) and not JourneyPage.can_create_at(other)
    assert not birth().can_move_to(other)
    assert desk.get(f"/kelola/pages/{birth().pk}/edit/").status_code == 200
    assert desk.get(f"/kelola/pages/add/cms/journeypage/{own.pk}/").status_code == 200
    bobs = Client()
    bobs.force_login(bob)
    assert bobs.get(f"/kelola/pages/{birth().pk}/edit/").status_code == 404
    refused = bobs.get(f"/kelola/pages/add/cms/journeypage/{other.pk}/")
    assert (refused.status_code, refused["Location"]) == (302, "/kelola/"), "Wagtail's own refusal"
    assert GroupPagePermission.objects.filter(page=own).exists() and scope.own_corners(bob).exists()


def test_another_city_names_another_desk() -> None:
    with override_settings(CITY_DESK="dlh"):
        assert JourneyPage.can_create_at(DepartmentPage.objects.get(department="dlh", locale__language_code="id"))


def test_half_a_journey_is_saved_and_its_preview_shows_what_is_there(desk: Client) -> None:
    own = DepartmentPage.objects.get(department="diskominfo", locale__language_code="id")
    half = JourneyPage(
        title="Setengah",
        slug="setengah",
        life_event="sekolah",
        live=False,
        steps=[("step", {"key": "kia", "service": "kartu-identitas-anak"})],
    )
    own.add_child(instance=half)
    before = (queries.snapshot(), Journey.objects.count())
    answer = desk.get(f"/kelola/pages/{half.pk}/view_draft/")
    assert answer.status_code == 200 and "Kartu Identitas Anak" in answer.content.decode()
    assert (queries.snapshot(), Journey.objects.count()) == before, "a preview publishes nothing"
    assert Page.objects.get(pk=half.pk).live is False


def test_a_second_page_of_the_same_life_event_is_refused() -> None:
    twin = page_of(
        {"life_event": "kelahiran", "title": {"id": "Lagi"}, "intro": {"id": "x"}, "steps": [], "parts": []}, "id"
    )
    twin.locale = birth().locale
    with pytest.raises(ValidationError, match="sudah punya halaman urutan langkah"):
        twin.clean()


def test_script_in_a_step_is_words(client: Client) -> None:
    page = with_step(birth(), "akta", why="<script>alert(1)</script> & 'kata'")
    page.save_revision().publish()
    html = client.get("/peristiwa/kelahiran/").content.decode()
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)" in html


def form_of(page: JourneyPage, **changes: str) -> dict[str, Any]:
    """What the browser sends back from the edit view of birth, with something changed in its steps or shared questions."""

    def plain(value: Any) -> Any:
        if isinstance(value, bool):
            return "on" if value else None
        return value or ""

    def rows(block: Any, name: str) -> Any:
        kept = {key: plain(value) for key, value in block.value.items() if key != name}
        inner = [{key: plain(value) for key, value in row.items()} for row in block.value[name]]
        return {key: value for key, value in kept.items() if value is not None} | {name: inline(inner)}

    def inline(found: list[dict[str, Any]]) -> dict[str, Any]:
        shape: dict[str, Any] = {"count": len(found)}
        for number, row in enumerate(found):
            shape[str(number)] = {"deleted": "", "order": number, "type": "item", "id": "", "value": row}
        return shape

    steps = [("step", rows(block, "gives")) for block in page.steps]
    parts = [("part", rows(block, "questions")) for block in page.shared]
    for name, value in changes.items():
        steps[0][1][name] = value
    values: dict[str, Any] = {
        "title": page.title,
        "slug": page.slug,
        "life_event": page.life_event,
        "intro": page.intro,
        "steps": streamfield(steps),
        "shared": streamfield(parts),
        "illustrative": "on",
        "comments-TOTAL_FORMS": 0,
        "comments-INITIAL_FORMS": 0,
        **dict.fromkeys(("go_live_at", "expire_at", "seo_title", "search_description"), ""),
    }
    return nested_form_data(values) | {"action-submit": "1"}


def test_the_desk_changes_a_step_in_the_editor_and_it_is_public_once_it_is_approved(desk: Client, client: Client) -> None:
    page = birth()
    refused = desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, after="nirwana"))
    assert refused.status_code == 200
    assert "menunggu “nirwana”" in str(refused.context["form"].errors["steps"])  # type: ignore[index]
    assert "nirwana" not in client.get("/peristiwa/kelahiran/").content.decode()
    answer = desk.post(f"/kelola/pages/{page.pk}/edit/", form_of(page, why="Mencatat bayi Anda."))
    assert answer.status_code == 302, answer.context["form"].errors if answer.context else answer
    assert "Mencatat bayi Anda." not in client.get("/peristiwa/kelahiran/").content.decode(), "not before the review"
    decide(desk_of("admin"), page)
    public = client.get("/peristiwa/kelahiran/").content.decode()
    assert "Mencatat bayi Anda." in public and "5 dari 6 langkah" in public
    assert lint.findings(journeys.record_of(birth())) == [], "nothing was lost on the way through the editor"
    assert publishing.drift() == []
