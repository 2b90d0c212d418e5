"""Alice applies for a birth certificate: drafts, mistakes, files, sending once; and nobody else gets in."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from accounts.models import AccessEntry, User
from services.adapters.models import Connection
from services.cases.models import Attachment, Case, Draft
from services.catalogue.models import Department, DepartmentMember, DepartmentRole, Service
from services.forms.actions import publish_form
from services.forms.from_domain import document_for

DATA = yaml.safe_load((Path("portal") / "demo" / "services.yaml").read_text(encoding="utf-8"))
NIK = "3576014507900001"


def document_of(slug: str) -> dict[str, Any]:
    row = next(row for row in DATA["services"] if row["slug"] == slug)
    return document_for(row, DATA["default_form_fields"])


def photo(name: str = "surat.jpg", size: int = 40) -> SimpleUploadedFile:
    output = io.BytesIO()
    Image.new("RGB", (size, size), "red").save(output, "JPEG")
    return SimpleUploadedFile(name, output.getvalue(), "image/jpeg")


def pdf(name: str = "buku.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF", "application/pdf")


APPLICANT = {"f.nik": NIK, "f.nama": "Alice Contoh", "f.telepon": "0812 0000 0001", "f.no_kk": "3576010101010001"}
CHILD = {
    "f.nama_anak": "Arjuna Pratama",
    "f.jenis_kelamin": "L",
    "f.tanggal_lahir.d": "1",
    "f.tanggal_lahir.m": "11",
    "f.tanggal_lahir.y": "2025",
    "f.tempat_lahir": "Kota Mojokerto",
    "f.anak_ke": "1",
}
PARENTS = {"f.nik_ibu": NIK, "f.nik_saksi_1": "3576014507900002", "f.nik_saksi_2": "3576014507900003"}


class Applicant:
    """A person at the keyboard: follows the pages of one application."""

    def __init__(self, client: Client, person: User) -> None:
        self.client = client
        client.force_login(person)
        self.root = client.get("/layanan/surat-uji/ajukan/")["Location"]

    def fill(self, part: str, values: dict[str, Any], aksi: str = "lanjut") -> str:
        response = self.client.post(f"{self.root}{part}/", {**values, "aksi": aksi})
        assert response.status_code == 303
        return response["Location"]

    def problems(self, location: str) -> list[str]:
        return re.findall(r'<li><a href="#[^"]*">(.*?)</a>', self.client.get(location).content.decode())

    def fill_all(self) -> None:
        self.fill("pemohon", APPLICANT)
        self.fill("data-anak", CHILD)
        self.fill("orang-tua", PARENTS)
        self.fill("dokumen", {"f.surat_lahir": photo(), "f.buku_nikah": pdf()})

    def digest(self) -> str:
        found = re.search(r'name="sidik" value="(\w+)"', self.client.get(f"{self.root}periksa/").content.decode())
        assert found is not None
        return found[1]

    def send(self, digest: str | None = None, agreed: bool = True) -> HttpResponse:
        values = {"sidik": digest or self.digest()} | ({"setuju": "1"} if agreed else {})
        return self.client.post(f"{self.root}kirim/", values)


@pytest.fixture
def birth(service: Service, connect: Callable[..., Connection], settings: Any, tmp_path: Path) -> Service:
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    version = publish_form("akta-uji", document_of("akta-kelahiran"))
    service.form = version.definition
    service.save()
    connect("inbox")
    return service


@pytest.fixture
def applicant(birth: Service, alice: User, client: Client) -> Applicant:
    alice.nik, alice.phone = NIK, "081200000001"
    alice.save()
    return Applicant(client, alice)


def test_alice_applies_with_two_files_and_gets_a_receipt(applicant: Applicant) -> None:
    applicant.fill_all()
    answer = applicant.send()
    case = Case.objects.get()
    assert answer.status_code == 303 and answer["Location"] == f"/permohonan/{case.reference}/terkirim/"
    assert case.reference in applicant.client.get(answer["Location"]).content.decode()
    assert case.answers["tanggal_lahir"] == "2025-11-01" and case.answers["nama_anak"] == "Arjuna Pratama"
    assert case.attachments.count() == 2 and case.deliveries.count() == 1


def test_known_data_is_filled_in_and_masked_on_the_check_page(applicant: Applicant) -> None:
    page = applicant.client.get(f"{applicant.root}pemohon/").content.decode()
    assert f'value="{NIK}"' in page and 'value="Alice Contoh"' in page
    applicant.fill_all()
    assert NIK not in applicant.client.get(f"{applicant.root}periksa/").content.decode().split("Orang tua")[0]


def test_every_mistake_is_a_sentence_and_every_answer_is_kept(applicant: Applicant) -> None:
    location = applicant.fill("pemohon", {**APPLICANT, "f.nik": "357601", "f.no_kk": ""})
    assert location.endswith("pemohon/?cek=1")
    assert applicant.problems(location) == [
        "NIK pemohon harus 16 angka. Yang Anda isi baru 6 angka",
        "Isi nomor Kartu Keluarga",
    ]
    page = applicant.client.get(location).content.decode()
    assert 'value="357601"' in page and "<title>Ada 2 yang perlu diperbaiki:" in page
    assert page.count('aria-invalid="true"') == 2
    for anchor in re.findall(r'<li><a href="#([^"]*)">', page):
        assert f'id="{anchor}"' in page


@pytest.mark.parametrize(
    "typed", ["x" * 100_000, "\x00\x07", "１２３４", "<script>alert(1)</script>", "\u202e\u202e", "' OR 1=1 --"]
)
def test_hostile_answers_give_sentences_and_never_a_500(applicant: Applicant, typed: str) -> None:
    values = dict.fromkeys([*APPLICANT, *CHILD, *PARENTS], typed)
    for part in ("pemohon", "data-anak", "orang-tua"):
        location = applicant.fill(part, values)
        page = applicant.client.get(location)
        assert page.status_code == 200 and b"<script>alert" not in page.content


def test_a_megabyte_in_every_answer_is_refused_with_our_page(applicant: Applicant) -> None:
    answer = applicant.client.post(f"{applicant.root}pemohon/", dict.fromkeys(APPLICANT, "x" * 1000000))
    assert answer.status_code == 400 and "tidak hilang" in answer.content.decode()


def test_ten_thousand_fields_are_refused_with_our_page(applicant: Applicant) -> None:
    answer = applicant.client.post(f"{applicant.root}pemohon/", {f"f.{n}": "" for n in range(1100)})
    assert answer.status_code == 400 and "tidak hilang" in answer.content.decode()


def test_a_fresh_draft_has_only_what_came_from_the_account(applicant: Applicant) -> None:
    page = applicant.client.get(applicant.root).content.decode()
    listed = page[page.index("k-tasks") : page.index("</ul>", page.index("k-tasks"))]
    states = re.findall(r"(Sebagian terisi|Belum diisi|Selesai)", listed)
    assert states == ["Sebagian terisi", "Belum diisi", "Belum diisi", "Belum diisi"], "the rest waits for its person"


def test_an_early_look_at_the_check_page_leads_back_to_the_tasks(applicant: Applicant) -> None:
    assert applicant.client.get(f"{applicant.root}periksa/")["Location"].startswith(applicant.root)


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (SimpleUploadedFile("kosong.pdf", b""), "kosong"),
        (SimpleUploadedFile("besar.pdf", b"%PDF-1.4" + b"0" * (5 * 1024 * 1024)), "lebih dari 5 MB"),
        (SimpleUploadedFile("surat.exe", b"MZ0000"), "tidak bisa dipakai"),
        (SimpleUploadedFile("surat.svg", b"<svg onload=alert(1)>"), "tidak bisa dipakai"),
        (SimpleUploadedFile("surat.pdf", b"<html><script>alert(1)</script>"), "tidak cocok"),
        (SimpleUploadedFile("surat.jpg", b"%PDF-1.4 bukan foto"), "tidak cocok"),
        (SimpleUploadedFile("surat.php.jpg", b"<?php echo 1;"), "tidak bisa dipakai"),
        (SimpleUploadedFile("rusak.jpg", b"\xff\xd8\xff\xe0" + b"0" * 500), "rusak"),
    ],
)
def test_a_file_that_cannot_be_taken_is_said_why(applicant: Applicant, upload: SimpleUploadedFile, sentence: str) -> None:
    upload.seek(0)
    location = applicant.fill("dokumen", {"f.surat_lahir": upload, "f.buku_nikah": pdf()})
    assert any(sentence in problem for problem in applicant.problems(location)), applicant.problems(location)
    assert [a.question for a in Attachment.objects.all()] == ["buku_nikah"], "the good file beside it stays"


def test_a_photo_loses_its_metadata_and_lies_encrypted(applicant: Applicant, settings: Any) -> None:
    output = io.BytesIO()
    image = Image.new("RGB", (40, 40), "blue")
    exif = Image.Exif()
    exif[0x010E] = "RAHASIA-GPS"
    image.save(output, "JPEG", exif=exif)
    applicant.fill("dokumen", {"f.surat_lahir": SimpleUploadedFile("../../etc/pass\u202ewd.jpg", output.getvalue())})
    attachment = Attachment.objects.get()
    assert attachment.name == "passwd.jpg"
    stored = next(p for p in Path(settings.UPLOADS_ROOT).rglob("*") if p.is_file()).read_bytes()
    assert b"RAHASIA" not in stored and not stored.startswith(b"\xff\xd8")
    data = applicant.client.get(f"/berkas/{attachment.ref}/")
    assert data.content.startswith(b"\xff\xd8\xff") and b"RAHASIA" not in data.content
    assert data["Content-Disposition"].startswith("attachment") and "sandbox" in data["Content-Security-Policy"]
    assert "no-store" in data["Cache-Control"]


def test_a_removed_file_is_gone(applicant: Applicant, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    applicant.fill("dokumen", {"f.surat_lahir": photo()})
    with django_capture_on_commit_callbacks(execute=True):
        applicant.fill("dokumen", {}, aksi=f"buang:{Attachment.objects.get().ref}")
    assert not Attachment.objects.exists()
    assert not [p for p in Path(settings.UPLOADS_ROOT).rglob("*") if p.is_file()]


def test_a_declaration_is_needed(applicant: Applicant) -> None:
    applicant.fill_all()
    answer = applicant.send(agreed=False)
    assert applicant.problems(answer["Location"]) == ["Centang pernyataan bahwa data ini benar"]
    assert not Case.objects.exists()


def test_answers_that_changed_in_another_tab_are_shown_again(applicant: Applicant) -> None:
    applicant.fill_all()
    old = applicant.digest()
    applicant.fill("data-anak", {**CHILD, "f.anak_ke": "2"})
    answer = applicant.send(old)
    assert "Isian berubah sejak halaman ini dibuka" in applicant.client.get(answer["Location"]).content.decode()
    assert not Case.objects.exists()


def test_pressing_send_again_shows_the_same_receipt(applicant: Applicant) -> None:
    applicant.fill_all()
    digest = applicant.digest()
    places = {applicant.send(digest)["Location"] for _ in range(5)}
    assert len(places) == 1 and Case.objects.count() == 1
    for page in ("", "pemohon/", "periksa/"):
        assert applicant.client.get(applicant.root + page)["Location"] in places
    assert applicant.fill("pemohon", APPLICANT) in places, "a page left open in another tab leads to the receipt"


def test_a_service_that_was_taken_offline_meanwhile_takes_nothing_and_keeps_what_was_typed(applicant: Applicant) -> None:
    applicant.fill_all()
    digest, before = applicant.digest(), Draft.objects.get().answers
    Service.objects.update(is_public=False)
    told = applicant.client.get(applicant.send(digest)["Location"]).content.decode()
    assert "sudah tidak dibuka untuk permohonan baru" in told and not Case.objects.exists()
    assert Draft.objects.get().answers == before
    Service.objects.update(is_public=True)
    applicant.send(digest)
    assert Case.objects.count() == 1


def test_one_open_draft_for_one_service(applicant: Applicant) -> None:
    again = applicant.client.get("/layanan/surat-uji/ajukan/")["Location"]
    assert again == applicant.root and Draft.objects.count() == 1


def test_leaving_keeps_half_an_answer_without_judging_it(applicant: Applicant) -> None:
    assert applicant.fill("pemohon", {"f.nik": "35"}, aksi="keluar") == "/akun/"
    assert Draft.objects.get().answers["nik"] == "35"


def test_carol_cannot_see_alices_draft_files_or_receipt(applicant: Applicant, carol: User) -> None:
    applicant.fill_all()
    applicant.send()
    case, file = Case.objects.get(), Attachment.objects.first()
    assert file is not None
    stranger = Client()
    stranger.force_login(carol)
    for address in (
        applicant.root,
        f"{applicant.root}pemohon/",
        f"/berkas/{file.ref}/",
        f"/permohonan/{case.reference}/",
        f"/permohonan/{case.reference}/terkirim/",
        "/permohonan/MJK-2611-0000-0/",
    ):
        assert stranger.get(address).status_code == 404, address
    assert stranger.get("/petugas/").status_code == 403
    assert Client().get(applicant.root).status_code == 302, "not signed in: to the sign-in page"


def test_only_clerks_of_the_department_open_the_case_and_alice_can_see_that(
    applicant: Applicant, bob: User, dewi: User, department: Department
) -> None:
    other = Department.objects.create(code="lain", name="Lain", short_name="Lain", kind="dinas")
    DepartmentMember.objects.create(user=bob, department=department, role=DepartmentRole.CLERK)
    DepartmentMember.objects.create(user=dewi, department=other, role=DepartmentRole.CLERK)
    applicant.fill_all()
    applicant.send()
    case, file = Case.objects.get(), Attachment.objects.first()
    assert file is not None
    ours, theirs = Client(), Client()
    ours.force_login(bob)
    theirs.force_login(dewi)
    assert case.reference in ours.get("/petugas/").content.decode()
    assert case.reference not in theirs.get("/petugas/").content.decode()
    page = ours.get(f"/petugas/permohonan/{case.reference}/")
    assert "Arjuna Pratama" in page.content.decode()
    assert theirs.get(f"/petugas/permohonan/{case.reference}/").status_code == 404
    assert theirs.post(f"/petugas/permohonan/{case.reference}/putuskan/", {"keputusan": "terima"}).status_code == 404
    assert ours.get(f"/berkas/{file.ref}/").status_code == 200
    assert theirs.get(f"/berkas/{file.ref}/").status_code == 404
    assert AccessEntry.objects.filter(subject=case.resident, action__startswith="viewed").count() == 1


def test_an_unknown_service_is_a_404_with_search(applicant: Applicant) -> None:
    answer = applicant.client.get("/layanan/tidak-ada/ajukan/")
    assert answer.status_code == 404 and b'role="search"' in answer.content


def test_what_was_typed_after_the_session_ended_is_there_after_sign_in(applicant: Applicant, alice: User, adi: User) -> None:
    applicant.client.logout()
    answer = applicant.client.post(
        f"{applicant.root}pemohon/", {**APPLICANT, "f.nama": "Alice Panjang Contoh", "aksi": "lanjut"}
    )
    assert answer.status_code == 303 and answer["Location"] == f"/akun/masuk/?next={applicant.root}pemohon/"
    applicant.client.force_login(alice)
    page = applicant.client.get(f"{applicant.root}pemohon/", follow=True)
    assert 'value="Alice Panjang Contoh"' in page.content.decode()


def test_adi_cannot_write_into_alices_draft_that_way(applicant: Applicant, adi: User) -> None:
    stranger = Client()
    stranger.post(f"{applicant.root}pemohon/", {"f.nama": "Jahat"})
    stranger.force_login(adi)
    assert stranger.get(f"{applicant.root}pemohon/").status_code == 404
    assert Draft.objects.get().answers["nama"] == "Alice Contoh"
