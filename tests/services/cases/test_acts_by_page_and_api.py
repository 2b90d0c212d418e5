"""The doors of later acts: the page and the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from services.cases import delivery as work
from services.cases.models import Attachment, Case, Delivery
from tests.services.cases.later_acts import Submit
from tests.services.cases.test_applying import pdf
from tests.tokens import access_token_for

pytestmark = pytest.mark.usefixtures("demo_without_past")


def test_alice_answers_by_the_page_with_a_file_and_a_double_press_is_one_act(
    asked: Case, client: Client, alice: User, adi: User
) -> None:
    client.force_login(alice)
    address = f"/permohonan/{asked.reference}/jawab/"
    token = client.get(f"/permohonan/{asked.reference}/").context["token"]
    for _press in range(2):
        values = {"pesan": "Ini fotonya", "kunci": token, "berkas": pdf("ktp.pdf")}
        assert client.post(address, values)["Location"] == f"/permohonan/{asked.reference}/"
    delivery = Delivery.objects.get(number=1)
    page = client.get(f"/permohonan/{asked.reference}/").content.decode()
    assert "Ini fotonya" in page and "ktp.pdf" in page and "Menunggu diteruskan ke dinas" in page
    assert Attachment.objects.filter(delivery=delivery).count() == 1
    work.deliver(delivery.pk)
    assert "Sudah sampai di dinas" in client.get(f"/permohonan/{asked.reference}/").content.decode()
    client.force_login(adi)
    for path in ("jawab", "berkas", "batalkan"):
        assert client.post(f"/permohonan/{asked.reference}/{path}/", {"pesan": "x"}).status_code == 404


def test_what_alice_wrote_stays_when_her_file_is_refused(asked: Case, client: Client, alice: User) -> None:
    client.force_login(alice)
    values = {"pesan": "Tulisan panjang", "kunci": "t", "berkas": SimpleUploadedFile("ktp.exe", b"MZ")}
    answer = client.post(f"/permohonan/{asked.reference}/jawab/", values)
    page = answer.content.decode()
    assert "Tulisan panjang" in page and "Ada 1 yang perlu diperbaiki" in page
    assert not Delivery.objects.filter(number=1).exists() and not Attachment.objects.exists()


def test_an_answer_after_the_session_has_ended_is_there_again(asked: Case, client: Client, alice: User) -> None:
    address = f"/permohonan/{asked.reference}/jawab/"
    assert client.post(address, {"pesan": "Sudah saya tulis", "kunci": "t"}).status_code == 303
    client.force_login(alice)
    assert "Sudah saya tulis" in client.get(address).content.decode()


@pytest.fixture
def api(client: Client, alice: User) -> Callable[..., Any]:
    token = access_token_for(alice)

    def post(case: Case, act: str, body: dict[str, Any], key: str = "a1", files: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        kind = {} if files else {"content_type": "application/json"}
        return client.post(f"/api/v1/cases/{case.reference}/{act}", body, headers=headers, **kind)

    return post


def test_a_consumer_answers_once_by_its_key(asked: Case, api: Callable[..., Any], adi: User, submit: Submit) -> None:
    first, again = (api(asked, "answer", {"text": "Ini"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert first.json()["reference"] == f"{asked.reference}.1"
    assert api(asked, "answer", {"text": "Lain"}).status_code == 422
    late = api(asked, "answer", {"text": "Lagi"}, key="a2")
    assert (late.status_code, late["Content-Type"]) == (409, "application/problem+json") and late.json()["detail"]
    assert api(submit(resident=adi), "answer", {"text": "x"}, key="a3").status_code == 404


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": "x" * 2001}, {"text": "a", "status": "COMPLETED"}])
def test_a_bad_answer_is_refused_in_words(asked: Case, api: Callable[..., Any], body: dict[str, Any]) -> None:
    refused = api(asked, "answer", body)
    assert refused.status_code == 400 and refused.json()["detail"]


def test_a_consumer_adds_a_file_and_withdraws(asked: Case, api: Callable[..., Any]) -> None:
    for status in (201, 200):
        body = {"file": pdf("surat.pdf"), "text": "Susulan"}
        assert api(asked, "attachments", body, key="f1", files=True).status_code == status
    assert Attachment.objects.count() == 1
    assert api(asked, "attachments", {"text": "tanpa"}, key="f2").status_code == 400
    bad = {"file": SimpleUploadedFile("surat.exe", b"MZ")}
    assert api(asked, "attachments", bad, key="f3", files=True).json()["code"] == "file_refused"
    assert api(asked, "withdraw", {}, key="w").json()["act"] == "WITHDRAW"
    assert api(asked, "withdraw", {}, key="w2").status_code == 409
