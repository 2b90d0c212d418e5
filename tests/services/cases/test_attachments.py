"""Alice's papers are taken when they are what they say, and nothing is left of those that are not."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from PIL import Image

from accounts.models import User
from portal.lib.clocks import today
from services.cases import attachments, drafts
from services.cases.models import Attachment, Draft
from services.catalogue.models import Service
from services.forms import lint
from services.forms.actions import publish_form
from services.forms.documents import Part, load
from services.forms.schemas import derive, document_from

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF"


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def photo(size: tuple[int, int] = (40, 30), kind: str = "JPEG", **options: Any) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, "red").save(output, kind, **options)
    return output.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("surat.pdf", b""),
        ("surat.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("surat.html", b"<html>"),
        ("surat.pdf", b"<html><script>alert(1)</script>"),
        ("surat.jpg", PDF),
        ("surat.pdf", photo()),
        ("surat.php.jpg", photo()),
        ("surat.exe", PDF),
        ("surat.pdf.exe", PDF),
        ("surat", PDF),
        ("surat.pdf", b"GIF89a" + PDF),
        ("surat.pdf", PDF + b"PK\x05\x06" + b"\0" * 18),
        ("surat.jpg", photo()[:60]),
        ("surat.jpg", photo()[:20] + b"<script>alert(1)</script>" + photo()[20:]),
        ("surat.png", png_that_claims(60_000, 60_000)),
        ("surat.png", png_that_claims(6_000, 6_000)),
        ("surat.pdf", PDF + b"x" * (5 * 1024 * 1024)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_what_it_says_is_refused_with_a_sentence(name: str, data: bytes) -> None:
    with pytest.raises(attachments.RefusedFileError) as refused:
        attachments.judge(upload(name, data))
    assert str(refused.value).startswith(("Berkas", "Jenis", "Isi", "Foto"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("surat\x00\r\nlahir.pdf", "suratlahir.pdf"),
        ("\u202efdp.surat.pdf", "fdp.surat.pdf"),
        ('a"b<c>.pdf', "a-b-c-.pdf"),
        ("Surat Lahir Bu. Ani.pdf", "Surat Lahir Bu. Ani.pdf"),
        ("n" * 300 + ".pdf", "n" * 116 + ".pdf"),
    ],
)
def test_a_hostile_name_becomes_a_readable_one(name: str, kept: str) -> None:
    assert attachments.clean_name(name) == kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_loses_where_it_was_taken(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Jalan rahasia 7"
    judged = attachments.judge(upload(f"foto.{kind.lower()}", photo(kind=kind, exif=exif)))
    assert b"rahasia" not in judged.data
    assert Image.open(io.BytesIO(judged.data)).size == (40, 30)


def test_a_large_photo_is_made_smaller_and_stays_readable() -> None:
    judged = attachments.judge(upload("foto.jpg", photo((7_000, 5_000), quality=30)))
    assert max(Image.open(io.BytesIO(judged.data)).size) == attachments.LONGEST_SIDE


@pytest.fixture
def draft(service: Service, alice: User, settings: Any, tmp_path: Path) -> Draft:
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    questions = [
        {"key": "foto", "type": "file", "label": {"id": "Foto"}, "max_files": 2},
        {"key": "satu", "type": "file", "label": {"id": "Surat"}, "max_files": 1},
        {"key": "kecil", "type": "file", "label": {"id": "Pas foto"}, "hint": {"id": "Latar merah."}, "max_mb": 1},
    ]
    part = {"key": "isi", "title": {"id": "Isi"}, "questions": questions}
    service.form = publish_form("berkas-uji", {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}).definition
    service.save()
    return drafts.start(service, alice)


def part_of(draft: Draft) -> Part:
    return load(draft.version.document).parts[0]


def save(draft: Draft, **files: list[SimpleUploadedFile]) -> Draft:
    sent = MultiValueDict({f"f.{key}": uploads for key, uploads in files.items()})
    drafts.save_part(draft, part_of(draft), MultiValueDict(), sent, judge=True)
    return Draft.objects.get(pk=draft.pk)


def on_disk(settings: Any) -> int:
    return sum(path.is_file() for path in Path(settings.UPLOADS_ROOT).rglob("*"))


def test_a_refused_file_is_told_once_and_the_good_one_stays(draft: Draft, settings: Any) -> None:
    draft = save(draft, foto=[upload("baik.pdf", PDF), upload("buruk.pdf", b"")])
    assert list(draft.upload_problems) == ["foto"]
    assert on_disk(settings) == 1
    assert save(draft).upload_problems == {}, "an optional file that was refused does not keep anybody"


def test_a_third_file_is_one_too_many_and_the_first_two_stay(draft: Draft) -> None:
    draft = save(draft, foto=[upload(f"{n}.pdf", PDF) for n in range(3)])
    assert draft.upload_problems["foto"].startswith("Foto paling banyak 2 berkas")
    assert draft.attachments.count() == 2
    draft = save(draft, foto=[upload("lagi.pdf", PDF)])
    assert draft.attachments.count() == 2


def test_a_new_paper_takes_the_place_of_the_old_one(
    draft: Draft, settings: Any, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        save(draft, satu=[upload("lama.pdf", PDF)])
        save(draft, satu=[upload("baru.pdf", PDF)])
    assert [found.name for found in draft.attachments.all()] == ["baru.pdf"]
    assert on_disk(settings) == 1


def test_all_files_together_have_a_limit(draft: Draft, settings: Any) -> None:
    settings.CASE_ATTACHMENTS_MAX_BYTES = len(PDF) + 10
    draft = save(draft, foto=[upload("a.pdf", PDF), upload("b.pdf", PDF)])
    assert draft.upload_problems["foto"].startswith("Semua berkas bersama lebih dari")
    assert (draft.attachments.count(), on_disk(settings)) == (1, 1)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(draft: Draft, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.cases.attachments.os.fsync", full)
    draft = save(draft, foto=[upload("a.pdf", PDF)])
    assert draft.upload_problems["foto"].startswith("Portal sedang tidak bisa menerima berkas")
    assert (draft.attachments.count(), on_disk(settings)) == (0, 0)


def test_a_save_that_fails_leaves_no_file_behind(draft: Draft, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Draft, "save", lambda *_args, **_kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(draft, foto=[upload("a.pdf", PDF)])
    assert (Attachment.objects.count(), on_disk(settings)) == (0, 0)


def test_an_expired_draft_is_gone_and_a_new_one_can_be_started(draft: Draft, service: Service, alice: User) -> None:
    Draft.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert drafts.draft_of(alice, draft.ref) is None
    assert drafts.start(service, alice).ref != draft.ref


def heavy(mb: float) -> bytes:
    return PDF + b" " * int(mb * 1024 * 1024)


def test_a_question_may_want_smaller_files_than_the_portal_does(draft: Draft) -> None:
    draft = save(draft, kecil=[upload("besar.pdf", heavy(1))], foto=[upload("besar.pdf", heavy(1))])
    assert draft.upload_problems == {"kecil": "Berkas besar.pdf lebih dari 1 MB. Pilih berkas yang lebih kecil"}
    assert [found.question for found in draft.attachments.all()] == ["foto"]
    draft = save(draft, kecil=[upload("pas.pdf", heavy(0.5))])
    assert draft.upload_problems == {} and draft.attachments.filter(question="kecil").exists()


def test_the_resident_reads_how_big_a_file_may_be_beside_the_hint(draft: Draft, client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get(f"/isian/{draft.ref}/isi/").content.decode()
    assert "Latar merah. Paling besar 1 MB tiap berkas." in page and page.count("tiap berkas") == 1
    english = client.get(f"/en/isian/{draft.ref}/isi/").content.decode()
    assert "At most 1 MB a file." in english


def test_the_portals_own_limit_holds_whatever_a_question_says(settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 2 * 1024 * 1024
    with pytest.raises(attachments.RefusedFileError, match="lebih dari 2 MB"):
        attachments.judge(upload("besar.pdf", heavy(2.5)), max_mb=5)


def test_a_file_that_came_by_the_api_is_weighed_when_the_answers_come(draft: Draft, alice: User) -> None:
    held = attachments.hold(alice, "kecil", attachments.judge(upload("besar.pdf", heavy(1))))
    fine = attachments.hold(alice, "foto", attachments.judge(upload("besar.pdf", heavy(1))))
    answers = {"kecil": [held.ref], "foto": [fine.ref]}
    _kept, problems = drafts.read_api_answers(draft.version, answers, today(), attachments.held_by(alice))
    assert [(problem["code"], problem["pointer"]) for problem in problems] == [("too_big", "/kecil")]
    assert problems[0]["detail"] == "Pas foto: satu berkas paling besar 1 MB. Ganti yang lebih besar"


@pytest.mark.parametrize(
    ("most", "wrong"), [(1, False), (5, False), (6, True), (0, True), (1.5, True), ("2", True), (True, True)]
)
def test_a_form_cannot_allow_more_than_the_portal_does(most: Any, wrong: bool) -> None:
    question = {"key": "foto", "type": "file", "label": {"id": "Foto"}, "max_mb": most}
    part = {"key": "isi", "title": {"id": "Isi"}, "questions": [question]}
    document = {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}
    assert bool(lint.errors_of(document)) is wrong


def test_the_size_of_files_travels_with_the_form() -> None:
    question = {"key": "foto", "type": "file", "label": {"id": "Foto"}, "max_mb": 2}
    part = {"key": "isi", "title": {"id": "Isi"}, "questions": [question]}
    document = {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}
    assert document_from(*derive(document)) == document
    assert load(document).parts[0].questions[0].max_mb == 2
