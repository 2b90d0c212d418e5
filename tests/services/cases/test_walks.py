"""Alice has had a baby and walks the journey "birth": what is asked once, what opens when, what is kept and what is not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters.models import Binding, Connection
from services.cases.constants import Status
from services.cases.delivery import deliver
from services.cases.journeys import runs
from services.cases.journeys.walks import State, walk_of
from services.cases.models import Case, Draft, JourneyMark, JourneyRun
from services.cases.timetable import expire_drafts
from services.catalogue.journeys.actions import withdraw_journey
from services.catalogue.models import Journey, JourneyStep, Opens, Service
from services.forms.actions import publish_form
from tests.services.cases.walking import NIK, Walker, decide

pytestmark = pytest.mark.usefixtures("demo_city")

CERTIFICATE = {"no_akta": "3576-LU-01112025-0042", "nik_anak": "3576010111250042"}


@pytest.fixture(autouse=True)
def _uploads(settings: pytest.FixtureRequest, tmp_path: pytest.TempPathFactory) -> None:
    settings.UPLOADS_ROOT = tmp_path / "uploads"  # type: ignore[attr-defined]


@pytest.fixture
def walker(client: Client, alice: User) -> Walker:
    walker = Walker(client, alice)
    walker.begin()
    return walker


def states(walker: Walker) -> dict[str, str]:
    return {standing.step.key: standing.state.value for standing in walk_of(walker.run).standings}


def test_birth_goes_over_three_departments_and_asks_each_shared_answer_once(walker: Walker) -> None:
    walker.answer_shared()
    departments = set()
    for step in ("akta", "kk", "kia", "jkn", "sosial"):
        case = walker.send_step(step)
        departments.add(case.department.code)
        decide(case, Status.COMPLETED, **(CERTIFICATE if step == "akta" else {}))
    walker.press("imunisasi", "sudah")
    assert departments == {"dispendukcapil", "dinkesppkb", "dinsosp3a"}
    assert walk_of(walker.run).finished and "6 dari 6 langkah selesai" in walker.page()

    journey = Journey.objects.get(life_event__slug="kelahiran")
    shared = {tuple(place) for row in journey.shared for place in row["to"]}
    given = {tuple(place) for step in journey.steps.all() for gift in step.gives for place in gift["to"]}
    asked = Counter(walker.asked)
    known = {"nik", "nama", "telepon"}  # her account knows them: not asked at all
    assert {row["key"] for row in journey.shared} - known == {key for where, key in asked if where == "shared"}
    assert set(asked.values()) == {1}
    assert not (shared | given | {("kk", "alasan")}) & set(asked), "a step asks what was answered before"
    everything = Counter(key for where, key in walker.asked)
    assert {key: n for key, n in everything.items() if n > 1} == {}


def test_the_cases_say_what_she_said_once_and_what_the_department_gave(walker: Walker) -> None:
    walker.answer_shared()
    decide(walker.send_step("akta"), Status.COMPLETED, **CERTIFICATE)
    decide(walker.send_step("kk"), Status.COMPLETED)
    card = walker.send_step("kia")
    assert card.answers["no_akta"] == CERTIFICATE["no_akta"] and card.answers["nik_anak"] == CERTIFICATE["nik_anak"]
    assert card.answers["no_kk"] == "3576010101010001" and card.answers["tanggal_lahir"] == "2025-11-01"
    assert Case.objects.get(service__code="kartu-keluarga").answers["alasan"] == "tambah"
    assert "3576-LU-01112025-0042" in walker.page()


def test_a_step_opens_when_those_before_are_done(walker: Walker) -> None:
    assert states(walker) == {"akta": "open"} | dict.fromkeys(("kk", "kia", "jkn", "sosial", "imunisasi"), "closed")
    assert "Terbuka setelah" in walker.page()
    assert walker.press("kk", "isi").startswith("/urusan/"), "a closed step gives no draft"
    assert not Draft.objects.exists() and "terbuka setelah: Penerbitan Akta Kelahiran" in walker.page()
    walker.answer_shared()
    case = walker.send_step("akta")
    assert states(walker)["akta"] == "sent" and states(walker)["kk"] == "closed"
    decide(case, Status.COMPLETED)
    assert (states(walker)["kk"], states(walker)["imunisasi"], states(walker)["kia"]) == ("open", "open", "closed")
    assert "1 dari 6 langkah selesai" in walker.page()


def test_a_step_may_open_as_soon_as_the_department_has_accepted_the_one_before(walker: Walker) -> None:
    JourneyStep.objects.filter(journey__life_event__slug="kelahiran", key="kk").update(opens_on=Opens.ACCEPTED)
    walker.answer_shared()
    case = walker.send_step("akta")
    assert states(walker)["kk"] == "closed" and "diterima dinas" in walker.page()
    Case.objects.filter(pk=case.pk).update(accepted_at=timezone.now())
    assert states(walker)["kk"] == "open"
    decide(case, Status.REFUSED)
    assert states(walker)["kk"] == "closed", "a refused step lets nobody through"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.REFUSED, "Baca alasannya, perbaiki, lalu ajukan lagi"),
        (Status.WITHDRAWN, "Permohonan ini dibatalkan. Ajukan lagi"),
    ],
)
def test_a_step_that_failed_says_what_to_do_and_can_be_sent_anew(walker: Walker, status: str, words: str) -> None:
    walker.answer_shared()
    first = walker.send_step("akta")
    decide(first, status)
    assert states(walker)["akta"] == "failed" and words in walker.page() and "Ajukan lagi" in walker.page()
    before = len(walker.asked)
    second = walker.send_step("akta")
    assert second.pk != first.pk and states(walker)["akta"] == "sent"
    assert {key for _where, key in walker.asked[before:]}.isdisjoint({"no_kk", "nama_anak", "tanggal_lahir"})


def test_what_is_done_outside_the_portal_is_ticked_and_can_be_taken_back(walker: Walker) -> None:
    assert "tidak bisa dilakukan" not in walker.page()
    walker.press("akta", "sudah")  # the certificate is at hand already
    assert states(walker)["akta"] == "done" and states(walker)["imunisasi"] == "open"
    page = walker.page()
    assert "Datang ke kantor" in page and "Selesai menurut Anda" in page
    walker.press("imunisasi", "sudah")
    walker.press("imunisasi", "belum")
    walker.press("akta", "belum")
    assert states(walker)["imunisasi"] == "closed" and "0 dari 6 langkah selesai" in walker.page()
    walker.press("jkn", "sudah")
    assert states(walker)["jkn"] == "closed", "a step that waits for another cannot be done yet"


def test_an_optional_step_is_left_out_and_no_other_is(walker: Walker) -> None:
    walker.press("jkn", "lewati")
    walker.press("akta", "lewati")
    assert states(walker)["jkn"] == "skipped" and states(walker)["akta"] == "open"
    page = walker.page()
    assert "0 dari 5 langkah selesai" in page and "Langkah ini tidak bisa dilewati" in page
    walker.press("jkn", "perlu")
    assert states(walker)["jkn"] == "closed"


def test_what_she_answers_only_in_a_step_is_not_asked_again_in_the_next(walker: Walker) -> None:
    """She did not stop at the shared questions and began with the first step."""
    decide(walker.send_step("akta"), Status.COMPLETED)
    assert ("akta", "no_kk") in walker.asked and ("akta", "nama_anak") in walker.asked
    decide(walker.send_step("kk"), Status.COMPLETED)
    walker.send_step("kia")
    assert ("kk", "no_kk") not in walker.asked and ("kia", "nama_anak") not in walker.asked


def test_a_changed_shared_answer_reaches_open_drafts_but_not_what_she_changed_there(walker: Walker) -> None:
    walker.answer_shared()
    place = walker.press("akta", "isi")
    draft = Draft.objects.get()
    fields = walker.get(f"{place}pemohon/").content.decode()
    assert "Dari jawaban bersama urusan ini" in fields and "Dari akun Anda" in fields
    walker.client.post(f"{place}data-anak/", {"f.nama_anak": "Arjuna Wira Pratama", "aksi": "keluar"})
    walker.client.post(f"{walker.root}isian/pemohon/", {"f.no_kk": "3576010101010009", "aksi": "lanjut"})
    walker.client.post(f"{walker.root}isian/anak/", {"f.nama_anak": "Lain Sekali", "aksi": "lanjut"})
    assert walker.press("akta", "isi") == place, "the same draft in a second tab"
    draft.refresh_from_db()
    assert (draft.answers["no_kk"], draft.answers["nama_anak"]) == ("3576010101010009", "Arjuna Wira Pratama")


def test_a_new_version_of_a_form_asks_what_it_needs_in_its_step(walker: Walker) -> None:
    walker.answer_shared()
    service = Service.objects.get(code="akta-kelahiran")
    assert service.form is not None
    document = service.form.versions.latest().document
    for part in document["parts"]:
        for question in part["questions"]:
            if question["key"] == "no_kk":
                question["key"] = "nomor_kk"
    publish_form("akta-kelahiran", document)
    place = walker.press("akta", "isi")
    draft = Draft.objects.get()
    assert "no_kk" not in draft.answers and draft.answers["nama_anak"] == "Arjuna Pratama"
    assert 'name="f.nomor_kk" type="text" value=""' in walker.get(f"{place}pemohon/").content.decode()


def test_a_shared_answer_that_is_wrong_is_kept_said_and_not_handed_on(walker: Walker) -> None:
    answer = walker.client.post(f"{walker.root}isian/pemohon/", {"f.no_kk": "12", "f.nik": NIK, "aksi": "lanjut"})
    assert answer["Location"].endswith("?cek=1")
    page = walker.get(answer["Location"]).content.decode()
    assert "16 angka. Yang Anda isi baru 2 angka" in page and 'value="12"' in page
    walker.press("akta", "isi")
    assert not Draft.objects.get().answers.get("no_kk")


def test_shared_answers_lie_encrypted_and_go_when_every_step_is_sent(walker: Walker) -> None:
    walker.answer_shared()
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers, sources FROM cases_journeyrun")
        stored = str(cursor.fetchone())
    assert "Arjuna" not in stored and "3576010101010001" not in stored
    decide(walker.send_step("akta"), Status.COMPLETED, **CERTIFICATE)
    for step in ("jkn", "sosial"):
        walker.press(step, "lewati")
    decide(walker.send_step("kk"), Status.COMPLETED)
    walker.press("imunisasi", "sudah")
    assert walker.run.answers
    walker.send_step("kia")
    assert walker.run.answers == {} and walker.run.sources == {}
    assert "Jawaban bersama" not in walker.page(), "nothing is left to be asked for"


def test_after_thirty_idle_days_the_answers_go_and_the_steps_stay(walker: Walker) -> None:
    walker.answer_shared()
    walker.send_step("akta")
    JourneyRun.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_drafts()
    assert walker.run.answers == {} and states(walker)["akta"] == "sent"
    walker.begin()
    assert walker.run.answers == {"nik": NIK, "nama": "Alice Contoh", "telepon": "+6281200000001"}


def test_a_walk_on_which_nothing_was_done_expires_whole(walker: Walker) -> None:
    JourneyRun.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_drafts()
    assert not JourneyRun.objects.exists()


def test_her_account_says_how_far_she_is(walker: Walker) -> None:
    walker.press("akta", "sudah")
    walker.press("kk", "sudah")
    page = walker.get("/akun/").content.decode()
    assert "2 dari 6 langkah selesai" in page and "Berikutnya:" in page and walker.root in page


def test_nobody_else_meets_her_walk(walker: Walker, adi: User, bob: User) -> None:
    for person in (adi, bob):
        other = Client()
        other.force_login(person)
        for path in ("", "isian/pemohon/", "hapus/"):
            assert other.get(f"{walker.root}{path}").status_code == 404
        assert other.post(f"{walker.root}langkah/akta/", {"aksi": "sudah"}).status_code == 404
        assert walker.root not in other.get("/akun/").content.decode()
    assert Client().get(walker.root).status_code == 302
    assert not JourneyMark.objects.exists()


def test_she_deletes_the_walk_and_what_was_sent_goes_on(walker: Walker) -> None:
    walker.answer_shared()
    case = walker.send_step("akta")
    assert "Jawaban bersama" in walker.get(f"{walker.root}hapus/").content.decode()
    walker.client.post(f"{walker.root}hapus/")
    assert not JourneyRun.objects.exists() and Case.objects.get() == case


def test_the_receipt_and_the_case_lead_back_to_the_walk(walker: Walker) -> None:
    walker.answer_shared()
    case = walker.send_step("akta")
    for path in ("terkirim/", ""):
        page = walker.get(f"/permohonan/{case.reference}/{path}").content.decode()
        assert "Langkah 1 dari 6 dalam urusan" in page and walker.root in page


def test_a_second_child_is_a_walk_of_its_own(walker: Walker) -> None:
    first = walker.root
    for step in ("akta", "kk", "kia", "imunisasi"):
        walker.press(step, "sudah")
    for step in ("jkn", "sosial"):
        walker.press(step, "lewati")
    assert walk_of(walker.run).finished and "Mulai lagi dari awal" in walker.page()
    walker.begin()
    assert walker.root != first and states(walker)["akta"] == "open"


def test_a_journey_that_is_taken_out_of_sight_can_be_finished(walker: Walker) -> None:
    withdraw_journey("kelahiran")
    assert walker.client.get("/peristiwa/kelahiran/mulai/").status_code == 404
    assert "sedang tidak ditampilkan" in walker.page()
    walker.answer_shared()
    assert walker.send_step("akta").service


def test_a_service_that_is_not_public_now_is_said_so(walker: Walker) -> None:
    Service.objects.filter(code="akta-kelahiran").update(is_public=False)
    assert states(walker)["akta"] == "away" and "Layanan ini sedang tidak ada di portal" in walker.page()
    assert walker.press("akta", "isi").startswith("/urusan/")


def test_bad_presses_change_nothing_and_say_what_to_do(walker: Walker) -> None:
    for step, act in (("akta", "terbang"), ("nirwana", "isi"), ("nirwana", "sudah"), ("imunisasi", "isi")):
        assert walker.press(step, act).startswith(walker.root)
    page = walker.page()
    assert "Pilih salah satu tombol" in page and "Langkah ini tidak ada lagi" in page
    assert not JourneyMark.objects.exists()
    assert walker.client.get(f"{walker.root}isian/nirwana/").status_code == 404


def test_a_journey_without_forms_has_steps_and_no_questions(client: Client, alice: User) -> None:
    walker = Walker(client, alice)
    walker.begin("rumah")
    page = walker.page()
    assert "Jawaban bersama" not in page and "SIMBG" not in page and "Datang ke" in page
    walker.press("tata-ruang", "sudah")
    assert "Buka SIMBG" in walker.page() and "https://simbg.pu.go.id" in walker.page()
    assert walk_of(walker.run).standing("pbg").state == State.OPEN  # type: ignore[union-attr]


def test_the_clerk_names_the_number_and_the_next_step_has_it(walker: Walker, bob: User) -> None:
    inbox = Connection.objects.filter(kind="inbox").first()
    Binding.objects.filter(service__code="akta-kelahiran").update(connection=inbox, operation="")
    walker.answer_shared()
    case = walker.send_step("akta")
    deliver(case.deliveries.get().pk)
    desk = Client()
    desk.force_login(bob)
    assert "Nomor akta kelahiran" in desk.get(f"/petugas/permohonan/{case.reference}/").content.decode()
    desk.post(
        f"/petugas/permohonan/{case.reference}/putuskan/",
        {"keputusan": "selesai", "alasan": "Terbit", "hasil.no_akta": "3576-LU-7\u202e", "hasil.lain": "x"},
    )
    case.refresh_from_db()
    assert (case.status, case.results) == ("COMPLETED", {"no_akta": "3576-LU-7"})
    walker.press("kk", "sudah")
    walker.press("kia", "isi")
    draft = Draft.objects.get(service__code="kartu-identitas-anak")
    assert draft.answers["no_akta"] == "3576-LU-7" and "nik_anak" not in draft.answers


def test_what_came_from_the_account_is_masked_on_the_check_page_and_what_she_typed_is_not(walker: Walker) -> None:
    walker.answer_shared()
    place = walker.press("kia", "isi")
    assert place.startswith("/urusan/")
    walker.press("akta", "sudah")
    walker.press("kk", "sudah")
    place = walker.press("kia", "isi")
    draft = Draft.objects.get()
    for part in ("pemohon", "rincian"):
        context = walker.get(f"{place}{part}/").context  # type: ignore[attr-defined]
        walker.client.post(f"{place}{part}/", {**walker._fill("kia", context["fields"]), "aksi": "lanjut"})
    draft.refresh_from_db()
    assert runs.SHARED in draft.sources.values()
    page = walker.get(f"{place}periksa/").content.decode()
    assert "3576 •••• •••• 0001" in page and "3576 0101 0101 0001" in page
    assert NIK not in page and "3576 0145" not in page
