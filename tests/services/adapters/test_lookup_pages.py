"""A resident asks a department's system on the portal's own page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import AccessEntry, User
from services.adapters.lookup_views import shown
from services.adapters.lookups import asking, plans, shield
from services.adapters.models import Binding, Connection, Operation
from services.catalogue.models import Channel, Department, Service, ServiceText
from tests.backends import chaos

PUBLIC = {
    "method": "GET",
    "path": "/tagihan",
    "absent": {"status": 404, "path": "kode", "equals": "tidak_ada"},
    "lookup": {
        "purpose": "Cek tagihan",
        "labels": {"total": "Jumlah yang harus dibayar"},
        "parameters": [{"name": "nop", "label": "NOP", "pattern": "[0-9]{18}", "example": "357600000000000123"}],
        "request": [{"to": "@query.nop", "from": "nop"}],
        "answer": [
            {"to": "total", "from": "total"},
            {"to": "tahun", "from": "tahun", "each": [{"to": "pokok", "from": "pokok"}]},
        ],
        "private": False,
    },
}
BODY = json.dumps({"total": 150000, "tahun": [{"pokok": 100000}, {"pokok": 50000}], "nama": "Alice Contoh"}).encode()
NOP = "357600000000000123"
PAGE = "/layanan/cek-pajak/cek/tagihan/"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    plans.forget()
    asking.forget()
    shield.forget()
    yield
    plans.forget()
    asking.forget()
    shield.forget()


@pytest.fixture
def connection(db: None) -> Connection:
    department = Department.objects.create(code="pajak-uji", name="Badan Pajak Uji", short_name="Pajak", kind="dinas")
    service = Service.objects.create(code="cek-pajak", department=department, channel=Channel.APP, is_public=True)
    ServiceText.objects.create(service=service, language="id", slug="cek-pajak", name="Cek pajak")
    made = Connection.objects.create(code="pajak-uji", department=department, label="Uji", kind="rest")
    Operation.objects.create(connection=made, name="tagihan", spec=PUBLIC)
    Binding.objects.create(service=service, connection=made, operation="tagihan")
    return made


def at(connection: Connection, url: str, **lookup: object) -> None:
    connection.base_url = url
    connection.save()
    asking.forget()
    operation = connection.operations.get()
    operation.spec = {**PUBLIC, "lookup": {**PUBLIC["lookup"], **lookup}}  # type: ignore[dict-item]
    operation.save()
    plans.forget()
    asking.forget()


def test_the_answer_is_read_on_the_page_and_only_what_is_declared(connection: Connection, client: Client) -> None:
    with chaos.chaos(chaos.answer(200, BODY)) as server:
        at(connection, server.url)
        assert "Contoh: 357600000000000123" in client.get(PAGE).content.decode()
        said = client.post(PAGE, {"nop": NOP}).content.decode()
    assert "Jumlah yang harus dibayar" in said and "150000" in said and "50000</td>" in said
    assert "Alice" not in said


def test_what_was_typed_stays_and_the_fault_is_named(connection: Connection, client: Client) -> None:
    said = client.post(PAGE, {"nop": "123"}).content.decode()
    assert "NOP tidak sesuai bentuknya. Contoh: 357600000000000123" in said and 'value="123"' in said
    assert "Isi NOP" in client.post(PAGE, {}).content.decode()


def test_nothing_and_trouble_are_told_apart(connection: Connection, client: Client) -> None:
    with chaos.chaos(chaos.answer(404, b'{"kode": "tidak_ada"}'), chaos.answer(500, b"{}")) as server:
        at(connection, server.url)
        assert "Tidak ada data" in client.post(PAGE, {"nop": NOP}).content.decode()
        said = client.post(PAGE, {"nop": NOP}).content.decode()
    assert "sedang tidak bisa menjawab" in said and "Tidak ada data" not in said


def test_a_private_one_needs_a_person_and_consent_and_is_written_down(
    connection: Connection, client: Client, alice: User
) -> None:
    with chaos.chaos(chaos.answer(200, BODY)) as server:
        at(connection, server.url, private=True, level=1, consent=True)
        assert client.get(PAGE).headers["Location"].startswith("/akun/masuk/")
        client.force_login(alice)
        assert "Saya mengizinkan" in client.get(PAGE).content.decode()
        assert "Beri izin dahulu" in client.post(PAGE, {"nop": NOP}).content.decode()
        assert server.requests == []
        assert "150000" in client.post(PAGE, {"nop": NOP, "izinkan": "1"}).content.decode()
    actions = list(AccessEntry.objects.filter(subject=alice).order_by("pk").values_list("action", flat=True))
    assert actions == ["consent.given", "data.lookup"]


def test_a_stranger_cannot_ask_without_end(connection: Connection, client: Client) -> None:
    with chaos.chaos(*[chaos.answer(200, BODY)] * 25) as server:
        at(connection, server.url)
        answers = [client.post(PAGE, {"nop": NOP}).content.decode() for _ in range(22)]
        assert len(server.requests) == 20
    assert "Terlalu banyak pertanyaan" in answers[-1]


def test_the_service_page_leads_there(connection: Connection, client: Client) -> None:
    assert f'href="{PAGE}"' in client.get("/layanan/cek-pajak/").content.decode()


def test_what_is_no_lookup_is_not_there(connection: Connection, client: Client) -> None:
    assert client.get("/layanan/cek-pajak/cek/lain/").status_code == 404
    assert client.get("/layanan/lain/cek/tagihan/").status_code == 404


def test_nested_answers_are_lines_and_tables() -> None:
    lines, tables = shown({"a": {"b": True}, "c": ["x", "y"], "d": [{"e": None}]}, {"a.b": "Lunas"})
    assert lines == [("A: Lunas", "Ya"), ("C", "x, y")]
    assert tables == [{"label": "D", "columns": ["E"], "rows": [[("E", "–")]]}]


def test_money_and_days_are_written_as_people_read_them() -> None:
    data = {"total": "1198350.00", "denda": 3850.5, "tempo": "2024-09-30", "kode": "2024-99-99", "d": [{"x": 1000}]}
    lines, tables = shown(data, {}, {"total", "denda", "d.x"})
    assert [text for _label, text in lines] == ["Rp1.198.350", "Rp3.850,5", "30 September 2024", "2024-99-99"]
    assert tables[0]["rows"] == [[("X", "Rp1.000")]]
