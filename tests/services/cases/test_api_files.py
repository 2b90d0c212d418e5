"""A consumer of the API sends files first, then the case that names them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from services.adapters.models import Connection
from services.cases.models import Attachment, Case
from services.catalogue.models import Service
from services.forms.actions import publish_form
from tests.services.cases.test_applying import NIK, document_of, pdf, photo
from tests.tokens import access_token_for

ANSWERS: dict[str, Any] = {
    "nik": NIK,
    "nama": "Alice Contoh",
    "telepon": "081200000001",
    "no_kk": "3576010101010001",
    "nama_anak": "Arjuna Pratama",
    "jenis_kelamin": "L",
    "tanggal_lahir": "2025-11-01",
    "tempat_lahir": "Kota Mojokerto",
    "anak_ke": 1,
    "nik_ibu": NIK,
    "nik_saksi_1": "3576014507900002",
    "nik_saksi_2": "3576014507900003",
    "setuju_data": True,
}


@pytest.fixture
def birth(service: Service, connect: Callable[..., Connection], settings: Any, tmp_path: Path) -> Service:
    settings.UPLOADS_ROOT = tmp_path
    service.form = publish_form("akta-uji", document_of("akta-kelahiran")).definition
    service.save()
    connect("inbox")
    return service


def upload(client: Client, key: str, question: str, file: SimpleUploadedFile) -> Any:
    return client.post(
        "/api/v1/attachments", {"question": question, "file": file}, headers={"Authorization": f"Bearer {key}"}
    )


def submit(client: Client, key: str, answers: dict[str, Any], number: str = "one") -> Any:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": number}
    body = {"service": "surat-uji", "answers": answers}
    return client.post("/api/v1/cases", body, content_type="application/json", headers=headers)


def test_a_case_with_two_files_and_its_retry_are_one(birth: Service, alice: User, client: Client) -> None:
    key = access_token_for(alice)
    answers = dict(ANSWERS)
    for question, file in (("surat_lahir", photo()), ("buku_nikah", pdf())):
        made = upload(client, key, question, file)
        assert made.status_code == 201, made.content
        answers[question] = [made.json()["ref"]]
    first, again = submit(client, key, answers), submit(client, key, answers)
    assert first.status_code == again.status_code == 201, first.content
    assert first.json() == again.json()
    assert Case.objects.get().attachments.count() == 2


def test_adi_cannot_name_alices_file(birth: Service, alice: User, adi: User, client: Client) -> None:
    ref = upload(client, access_token_for(alice), "surat_lahir", photo()).json()["ref"]
    answer = submit(client, access_token_for(adi), {**ANSWERS, "surat_lahir": [ref], "buku_nikah": [ref]})
    assert answer.status_code == 422
    assert {(e["code"], e["pointer"]) for e in answer.json()["errors"]} == {
        ("not_a_file", "/surat_lahir"),
        ("not_a_file", "/buku_nikah"),
    }
    assert not Case.objects.exists()


def test_a_hostile_file_is_refused_with_a_sentence(birth: Service, alice: User, client: Client) -> None:
    answer = upload(client, access_token_for(alice), "surat_lahir", SimpleUploadedFile("a.jpg", b"<svg onload=x>"))
    assert answer.status_code == 422 and answer.json()["code"] == "file_refused"
    assert not Attachment.objects.exists()


def test_a_full_disk_asks_the_client_to_come_back(birth: Service, alice: User, client: Client, monkeypatch: Any) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.cases.attachments.os.fsync", full)
    answer = upload(client, access_token_for(alice), "surat_lahir", photo())
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "no_room", "60")
    assert not Attachment.objects.exists()


def test_a_body_beyond_every_limit_is_not_even_read(client: Client, settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 1000
    file = SimpleUploadedFile("a.bin", io.BytesIO(b"x" * 5000).read())
    assert client.post("/api/v1/attachments", {"question": "a", "file": file}).status_code == 413
