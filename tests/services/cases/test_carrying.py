"""A form changes while people fill it in: they finish what they began, or are taken over and told; nobody sends what they did
not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters.contract.state import PICTURE
from services.cases import drafts
from services.cases.models import Attachment, Case, Draft
from services.catalogue.models import Service
from services.forms.actions import publish_form
from services.forms.models import FormVersion

pytestmark = pytest.mark.usefixtures("demo_city")
CODE = "kartu-perpustakaan"


def ask(key: str, kind: str = "text", **members: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "label": {"id": f"Label {key}", "en": f"The {key}"}, **members}


def form(*questions: dict[str, Any], second: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    parts = [{"key": "satu", "title": {"id": "Satu"}, "questions": list(questions)}]
    if second:
        parts.append({"key": "dua", "title": {"id": "Dua"}, "questions": list(second)})
    return {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": parts}


ROWS = ask(
    "anak",
    "group",
    row_name={"id": "Anak"},
    min_rows=0,
    max_rows=3,
    questions=[ask("nama_anak", required=True), ask("umur")],
)
OLD = form(ask("nama", required=True), ask("lama"), ask("jumlah"), ROWS, second=(ask("surat", "file"), ask("tetap")))
CHILD = {**ROWS, "questions": [ask("nama_anak", required=True), ask("umur", "integer")]}
NEW = form(ask("nama", required=True), ask("jumlah", "integer"), CHILD, second=(ask("tetap"), ask("baru", required=True)))


@pytest.fixture
def service() -> Service:
    found = Service.objects.get(code=CODE)
    found.form = publish_form("uji-pindah", OLD).definition
    found.save(update_fields=["form"])
    return found


@pytest.fixture
def draft(service: Service, alice: User) -> Draft:
    """Alice has filled in everything, and gone through both parts."""
    made = drafts.start(service, alice)
    client = door(alice)
    client.post(
        f"/isian/{made.ref}/satu/",
        {"f.nama": "Siti", "f.lama": "hilang", "f.jumlah": "dua", "q.anak": "1", "r.anak": "7", "aksi": "lanjut",
         "g.anak.7.nama_anak": "Budi", "g.anak.7.umur": "tiga"},
    )  # fmt: skip
    file = SimpleUploadedFile("surat.png", PICTURE, "image/png")
    client.post(f"/isian/{made.ref}/dua/", {"f.tetap": "sama", "f.surat": file, "aksi": "lanjut"})
    made.refresh_from_db()
    assert made.seen == ["satu", "dua"] and made.attachments.count() == 1
    return made


def door(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def seen_by(person: User, address: str) -> str:
    return door(person).get(address, follow=True).content.decode()


def send(person: User, draft: Draft) -> Any:
    client = door(person)
    page = client.get(f"/isian/{draft.ref}/periksa/", follow=True)
    digest = (page.context or {}).get("digest", "")
    return client.post(f"/isian/{draft.ref}/kirim/", {"sidik": digest, "setuju": "1"}, follow=True)


def test_a_running_draft_is_finished_on_the_version_it_was_begun_with(draft: Draft, alice: User, adi: User) -> None:
    newest = publish_form("uji-pindah", NEW)
    assert "Label lama" in seen_by(alice, f"/isian/{draft.ref}/satu/")
    assert drafts.start(draft.service, adi).version == newest, "who begins now has the new form"
    sent = send(alice, draft)
    case = Case.objects.get(submission_key=f"draft:{draft.ref}")
    assert case.reference in sent.content.decode()
    assert (case.version_id, case.answers["lama"]) == (draft.version_id, "hilang")


def test_alice_is_taken_over_and_told_once_what_went_changed_and_is_new(draft: Draft, alice: User) -> None:
    publish_form("uji-pindah", NEW, replaces_drafts=True)
    page = seen_by(alice, f"/isian/{draft.ref}/periksa/")
    assert "Formulir ini diperbarui sejak Anda mulai mengisi" in page
    told = page.split("Formulir ini diperbarui")[1].split("k-tasks")[0]
    gone, changed, new = told.split("<ul>")[1:]
    assert "Label lama" in gone and "Label surat" in gone and "Label nama" not in gone
    assert "Label jumlah" in changed and "Label anak" in changed and "Label tetap" not in changed
    assert "Label baru" in new
    assert "The lama" in seen_by(alice, f"/en/isian/{draft.ref}/"), "told again until she goes on, in her language"

    draft.refresh_from_db()
    assert draft.answers == {"nama": "Siti", "tetap": "sama", "anak": [{"_id": "7", "nama_anak": "Budi"}]}
    assert draft.seen == [] and not Attachment.objects.filter(question="surat").exists()
    client = door(alice)
    client.post(f"/isian/{draft.ref}/satu/", {"f.nama": "Siti", "aksi": "lanjut"})
    assert "Formulir ini diperbarui" not in seen_by(alice, f"/isian/{draft.ref}/")


def test_a_part_that_stayed_as_it_was_stays_done(draft: Draft, alice: User) -> None:
    same = {
        **OLD,
        "parts": [OLD["parts"][0], {**OLD["parts"][1], "questions": [*OLD["parts"][1]["questions"], ask("baru")]}],
    }
    publish_form("uji-pindah", same, replaces_drafts=True)
    seen_by(alice, f"/isian/{draft.ref}/")
    draft.refresh_from_db()
    assert draft.seen == ["satu"] and draft.attachments.count() == 1
    assert draft.answers["lama"] == "hilang"


def test_what_alice_types_on_an_old_page_is_kept_and_nothing_unseen_is_sent(draft: Draft, alice: User) -> None:
    client = door(alice)
    digest = client.get(f"/isian/{draft.ref}/periksa/").context["digest"]
    publish_form("uji-pindah", NEW, replaces_drafts=True)
    answer = client.post(f"/isian/{draft.ref}/satu/", {"f.nama": "Siti Aminah", "f.lama": "x", "aksi": "lanjut"})
    assert answer["Location"] == f"/isian/{draft.ref}/"
    draft.refresh_from_db()
    assert draft.answers["nama"] == "Siti Aminah" and draft.version.number == 2
    client.post(f"/isian/{draft.ref}/kirim/", {"sidik": digest, "setuju": "1"})
    assert not Case.objects.filter(submission_key=f"draft:{draft.ref}").exists()


def test_sending_the_old_page_after_the_change_leads_to_the_task_list(draft: Draft, alice: User) -> None:
    client = door(alice)
    digest = client.get(f"/isian/{draft.ref}/periksa/").context["digest"]
    publish_form("uji-pindah", NEW, replaces_drafts=True)
    answer = client.post(f"/isian/{draft.ref}/kirim/", {"sidik": digest, "setuju": "1"})
    assert (
        answer["Location"] == f"/isian/{draft.ref}/" and not Case.objects.filter(resident=alice, service__code=CODE).exists()
    )


def test_several_versions_are_one_step_and_the_newest_counts(draft: Draft, alice: User) -> None:
    publish_form("uji-pindah", NEW, replaces_drafts=True)
    third = publish_form("uji-pindah", form(ask("nama", required=True), ask("tetap")))
    seen_by(alice, f"/isian/{draft.ref}/")
    draft.refresh_from_db()
    assert draft.version == third and set(draft.answers) == {"nama", "tetap"}


def test_the_end_of_an_old_version_is_said_before_and_holds(draft: Draft, alice: User) -> None:
    publish_form("uji-pindah", NEW, old_until=timezone.now() + timedelta(days=2))
    page = seen_by(alice, f"/isian/{draft.ref}/")
    assert "Kirim sebelum" in page and "diperbarui sejak" not in page
    FormVersion.objects.filter(pk=draft.version_id).update(accept_until=timezone.now() - timedelta(minutes=1))
    page = seen_by(alice, f"/isian/{draft.ref}/")
    assert "Versi yang lama diterima sampai" in page
    draft.refresh_from_db()
    assert draft.version.number == 2


def test_a_version_without_successor_that_has_ended_is_not_sent(draft: Draft, alice: User) -> None:
    FormVersion.objects.filter(pk=draft.version_id).update(accept_until=timezone.now() - timedelta(minutes=1))
    sent = send(alice, draft)
    assert "Formulir ini hanya diterima sampai" in sent.content.decode()
    assert not Case.objects.filter(submission_key=f"draft:{draft.ref}").exists()
    draft.refresh_from_db()
    assert draft.open and draft.answers["nama"] == "Siti", "nothing she wrote is lost"


def test_rows_are_added_filled_in_and_taken_away_without_a_script(service: Service, alice: User) -> None:
    made = drafts.start(service, alice)
    client, here = door(alice), f"/isian/{made.ref}/satu/"
    added = client.post(here, {"f.nama": "Siti", "q.anak": "1", "aksi": "tambah:anak"})
    place = added["Location"].split("#baris-")[1]
    page = client.get(here).content.decode()
    assert f'id="baris-{place}"' in page and f'name="g.anak.{place}.nama_anak"' in page and "Hapus Anak 1" in page
    wrong = client.post(here, {"f.nama": "Siti", "q.anak": "1", "r.anak": place, "aksi": "lanjut"}, follow=True)
    assert f'href="#g-anak-{place}-nama_anak"' in wrong.content.decode() and "label nama_anak ke-1" in wrong.content.decode()
    filled = {"f.nama": "Siti", "q.anak": "1", "r.anak": [place], f"g.anak.{place}.nama_anak": "Budi"}
    client.post(here, {**filled, "aksi": "tambah:anak"})
    made.refresh_from_db()
    second = made.answers["anak"][1]["_id"]
    assert [row.get("nama_anak") for row in made.answers["anak"]] == ["Budi", None]
    both = {**filled, "r.anak": [second, place], f"g.anak.{second}.nama_anak": "Ani"}
    client.post(here, {**both, "aksi": "lanjut"})
    client.post(f"/isian/{made.ref}/dua/", {"aksi": "lanjut"})
    check = client.get(f"/isian/{made.ref}/periksa/").content.decode()
    assert (
        check.index("Anak 1: Label nama_anak")
        < check.index("Ani")
        < check.index("Anak 2: Label nama_anak")
        < check.index("Budi")
    )
    send(alice, made)
    case = Case.objects.get(submission_key=f"draft:{made.ref}")
    assert case.answers["anak"] == [{"nama_anak": "Ani"}, {"nama_anak": "Budi"}], "no mark of a draft leaves it"


@pytest.mark.parametrize("mark", ["", "x" * 40, "../..", "7' or 1", "é"])
def test_odd_marks_of_rows_are_not_taken(service: Service, alice: User, mark: str) -> None:
    made = drafts.start(service, alice)
    here = f"/isian/{made.ref}/satu/"
    odd = {"q.anak": "1", "r.anak": [mark] * 900, f"g.anak.{mark}.nama_anak": "x", "aksi": "lanjut"}
    assert door(alice).post(here, odd).status_code == 303
    for action in (f"hapus:anak:{mark}", f"tambah:{mark}", "tambah:nama", "hapus:", "tambah:anak:x:y"):
        assert door(alice).post(here, {"aksi": action}).status_code == 303
    made.refresh_from_db()
    assert all(row["_id"].isalnum() for row in made.answers.get("anak", []))
