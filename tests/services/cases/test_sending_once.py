"""Twelve presses, two tabs, an impatient start: one draft, one case, one receipt."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from services.adapters.models import Connection
from services.cases.models import Case, CaseEvent, Delivery, Draft
from services.catalogue.models import Service
from services.forms.actions import publish_form

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small(service: Service, connect: Callable[..., Connection]) -> Service:
    question = {"key": "uraian", "type": "text", "label": {"id": "Uraian"}, "required": True}
    part = {"key": "isi", "title": {"id": "Isi"}, "questions": [question]}
    service.form = publish_form("kecil", {"profile": "kota-form/1", "title": {"id": "Uji"}, "parts": [part]}).definition
    service.save()
    connect("inbox")
    return service


def at_once(count: int, work: Callable[[Client], Any], person: User) -> list[Any]:
    clients = [Client() for _ in range(count)]
    for client in clients:
        client.force_login(person)

    def run(client: Client) -> Any:
        try:
            return work(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, clients))


def test_eight_impatient_starts_make_one_draft(small: Service, alice: User) -> None:
    places = at_once(8, lambda client: client.get("/layanan/surat-uji/ajukan/")["Location"], alice)
    assert len(set(places)) == 1
    assert Draft.objects.count() == 1


def test_twelve_presses_of_send_give_one_receipt(small: Service, alice: User, client: Client) -> None:
    client.force_login(alice)
    root = client.get("/layanan/surat-uji/ajukan/")["Location"]
    client.post(f"{root}isi/", {"f.uraian": "Lampu padam", "aksi": "lanjut"})
    digest = client.get(f"{root}periksa/").context["digest"]
    values = {"sidik": digest, "setuju": "1"}
    places = at_once(12, lambda other: other.post(f"{root}kirim/", values)["Location"], alice)
    assert set(places) == {f"/permohonan/{Case.objects.get().reference}/terkirim/"}
    assert (Delivery.objects.count(), CaseEvent.objects.filter(status="SUBMITTED").count()) == (1, 1)
    for page in ("", "isi/", "periksa/"):
        assert client.get(f"{root}{page}")["Location"] == places[0], "Back leads to the receipt"
    late = client.post(f"{root}isi/", {"f.uraian": "Lain", "aksi": "lanjut"})
    assert (late.status_code, late["Location"]) == (303, places[0])
    assert Case.objects.get().answers == {"uraian": "Lampu padam"}
