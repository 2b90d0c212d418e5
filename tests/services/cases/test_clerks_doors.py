"""A clerk's forms: nothing written is lost, nothing happens by accident, nobody ends on a blank page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from services.cases import delivery as work
from services.cases.constants import DeliveryState, Status
from services.cases.models import Case, Delivery
from services.catalogue.models import Department, DepartmentMember, DepartmentRole
from tests.services.cases.conftest import delivery_of

LONG = "Fotokopi tidak terbaca. " * 100


@pytest.fixture
def desk(client: Client, bob: User, department: Department) -> Client:
    DepartmentMember.objects.create(user=bob, department=department, role=DepartmentRole.CLERK)
    client.force_login(bob)
    return client


@pytest.fixture
def received(connect: Callable[..., Any], submit: Callable[..., Case]) -> Case:
    connect("inbox")
    case = submit()
    work.deliver(delivery_of(case).pk)
    case.refresh_from_db()
    return case


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"keputusan": "tolak", "alasan": LONG}, "Alasan terlalu panjang"),
        ({"alasan": "Belum memilih"}, "Pilih satu keputusan"),
        ({"keputusan": "hapus", "alasan": "Yang tidak ada"}, "Pilih satu keputusan"),
        ({"keputusan": "tolak", "alasan": "  "}, "Tulis alasan"),
    ],
)
def test_a_refused_decision_says_why_and_keeps_the_reason(
    desk: Client, received: Case, sent: dict[str, str], problem: str
) -> None:
    page = desk.post(f"/petugas/permohonan/{received.reference}/putuskan/", sent)
    html = page.content.decode()
    assert page.status_code == 200 and problem in html and 'href="#alasan"' in html and 'aria-invalid="true"' in html
    assert f">{sent['alasan'].strip()}</textarea>" in html
    before = received.status
    received.refresh_from_db()
    assert received.status == before == Status.SUBMITTED


def test_a_reason_written_while_the_session_ended_is_there_after_sign_in(desk: Client, received: Case, bob: User) -> None:
    stranger = Client()
    door = f"/petugas/permohonan/{received.reference}/putuskan/"
    answer = stranger.post(door, {"keputusan": "tolak", "alasan": "Berkas kurang jelas"})
    assert answer.status_code == 303 and answer["Location"] == f"/akun/masuk/?next={door}"
    stranger.force_login(bob)
    page = stranger.get(door)
    assert page.status_code == 200 and ">Berkas kurang jelas</textarea>" in page.content.decode()
    assert stranger.get(door)["Location"] == f"/petugas/permohonan/{received.reference}/"


def test_a_delivery_is_not_sent_again_by_a_form_without_a_choice(desk: Client, received: Case) -> None:
    Delivery.objects.update(state=DeliveryState.UNCLEAR)
    door = f"/petugas/permohonan/{received.reference}/pengiriman/"
    for sent in ({}, {"tindakan": ""}, {"tindakan": "kirim"}):
        page = desk.post(door, sent, follow=True).content.decode()
        assert "Pilih apa yang harus dilakukan" in page
        assert Delivery.objects.get().state == DeliveryState.UNCLEAR
    desk.post(door, {"tindakan": "ulang"})
    assert Delivery.objects.get().state == DeliveryState.PENDING


@pytest.mark.parametrize("act", ["putuskan", "pembatalan", "pengiriman"])
def test_the_door_of_a_form_leads_to_its_page(desk: Client, received: Case, act: str) -> None:
    page = f"/petugas/permohonan/{received.reference}/"
    assert desk.get(f"{page}{act}/")["Location"] == page
    assert desk.put(f"{page}{act}/").status_code == 405


def test_residents_doors_lead_to_their_pages_too(client: Client, alice: User, service: Any) -> None:
    client.force_login(alice)
    assert client.get("/akun/bahasa/")["Location"] == "/akun/"
