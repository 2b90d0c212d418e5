"""The proxy: declared reads with scope, level, consent, cache and an access entry; whose fault it is when there is no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from accounts.models import AccessEntry, User
from services.adapters.connecting import documents
from services.adapters.lookups import asking, plans, shield
from services.adapters.models import Binding, Connection, Exchange, Operation
from services.catalogue.models import Department, Service
from tests.backends import chaos, city_tax
from tests.services.adapters.api.program import Program
from tests.tokens import access_token_for

SPEC: dict[str, Any] = {
    "method": "GET",
    "path": "/penduduk/{nik}",
    "absent": {"status": 404, "path": "kode", "equals": "tidak_ada"},
    "rejection": {"message": "pesan"},
    "answer_schema": {"type": "object", "properties": {"nama": {"type": "string"}, "lahir": {"type": "string"}}},
    "lookup": {
        "parameters": [{"name": "nik", "source": "nik"}],
        "request": [{"to": "@path.nik", "from": "nik"}],
        "answer": [{"to": "nama", "from": "nama", "required": True}],
        "level": 2,
        "consent": False,
        "private": True,
        "cache_seconds": 60,
    },
}
PUBLIC: dict[str, Any] = {
    **SPEC,
    "path": "/tarif",
    "lookup": {
        "parameters": [{"name": "jenis", "pattern": "[a-z]{2,10}", "example": "mobil"}],
        "request": [{"to": "@query.jenis", "from": "jenis"}],
        "answer": [{"to": "tarif", "from": "nama"}],
        "private": False,
        "cache_seconds": 60,
        "stale_seconds": 600,
    },
}
BODY = json.dumps({"nama": "Alice Contoh", "lahir": "1990-01-01", "rahasia": "x"}).encode()
GOOD = chaos.answer(200, BODY)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    for _round in range(2):
        cache.clear()
        plans.forget()
        asking.forget()
        shield.forget()
        if _round == 0:
            yield


@pytest.fixture
def connection(service: Service) -> Connection:
    assert service.department is not None
    made = Connection.objects.create(code="dukcapil-uji", department=service.department, label="Uji", kind="rest")
    Operation.objects.create(connection=made, name="nama", spec=SPEC, purpose="Mengisi nama pemohon")
    Operation.objects.create(connection=made, name="tarif", spec=PUBLIC, purpose="Menampilkan tarif")
    Binding.objects.create(service=service, connection=made, operation="nama")
    Service.objects.filter(pk=service.pk).update(is_public=True)
    return made


def change(connection: Connection, name: str, **lookup: Any) -> None:
    operation = connection.operations.get(name=name)
    operation.spec = {**operation.spec, "lookup": {**operation.spec["lookup"], **lookup}}
    operation.save()
    plans.forget()
    asking.forget()


@pytest.fixture
def alice(alice: User) -> User:
    """Verified: the portal knows the NIK."""
    alice.nik, alice.assurance_level = "3576010101900001", 2
    alice.save()
    return alice


@pytest.fixture
def resident(alice: User) -> Program:
    return Program(access_token_for(alice, scopes=("openid", "profile:read", "cases:write")))


def at(connection: Connection, url: str) -> None:
    connection.base_url = url
    connection.save()
    asking.forget()


NAME = "services/izin-trayek/lookups/nama"
FEE = "services/izin-trayek/lookups/tarif?jenis=mobil"


def test_a_resident_gets_what_is_declared_and_finds_it_in_the_access_log(
    connection: Connection, resident: Program, alice: User
) -> None:
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        found = resident.good("GET", NAME)
    assert found["data"] == {"nama": "Alice Contoh"}
    assert found["stale"] is False and found["source"]["department"] == "dishub-uji"
    assert f"/penduduk/{alice.nik} ".encode() in server.requests[0]
    entry = AccessEntry.objects.get(subject=alice)
    assert (entry.purpose, entry.actor_department, entry.action) == ("Mengisi nama pemohon", "dishub-uji", "data.lookup")
    assert alice.nik not in repr(list(Exchange.objects.values()))


def test_a_private_answer_is_kept_for_its_person_only(connection: Connection, resident: Program, bob: User) -> None:
    bob.nik, bob.assurance_level = "3576010101900077", 2
    bob.save()
    with chaos.chaos(GOOD, chaos.answer(200, b'{"nama": "Bob Contoh"}')) as server:
        at(connection, server.url)
        assert resident.good("GET", NAME)["data"] == resident.good("GET", NAME)["data"] == {"nama": "Alice Contoh"}
        other = Program(access_token_for(bob, scopes=("openid", "profile:read")))
        assert other.good("GET", NAME)["data"] == {"nama": "Bob Contoh"}
        assert len(server.requests) == 2
    assert AccessEntry.objects.filter(action="data.lookup").count() == 3, "an answer from the cache is a release too"


def test_the_cache_holds_no_clear_text(connection: Connection, resident: Program) -> None:
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        resident.good("GET", NAME)
    kept = repr(getattr(cache, "_cache", {}))
    assert "Alice" not in kept


def test_without_a_person_a_scope_or_the_level_nothing_is_asked(
    connection: Connection, alice: User, adi: User, program: Program
) -> None:
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        answer = Client().get(f"/api/v1/{NAME}")
        assert answer.status_code == 401 and answer.json()["fault"] == "caller"
        bare = Program(access_token_for(alice, scopes=("openid",)))
        assert bare.call("GET", NAME)[0] == 403
        unverified = Program(access_token_for(adi, scopes=("openid", "profile:read")))
        status, problem = unverified.call("GET", NAME)
        assert (status, problem["code"]) == (401, "insufficient_user_authentication")
        assert server.requests == []


def test_consent_is_asked_given_and_taken_back(connection: Connection, resident: Program, alice: User) -> None:
    change(connection, "nama", consent=True, cache_seconds=0)
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        status, problem = resident.call("GET", NAME)
        assert (status, problem["code"], problem["purpose"]) == (403, "consent_missing", "Mengisi nama pemohon")
        assert server.requests == []
        resident.good("PUT", f"{NAME}/consent")
        assert resident.call("GET", NAME)[0] == 200
        assert resident.call("DELETE", f"{NAME}/consent")[0] == 204
        assert resident.call("GET", NAME)[0] == 403
    actions = list(AccessEntry.objects.filter(subject=alice).order_by("pk").values_list("action", flat=True))
    assert actions == ["consent.given", "data.lookup", "consent.withdrawn"]


def test_a_changed_purpose_needs_a_new_consent(connection: Connection, resident: Program) -> None:
    change(connection, "nama", consent=True)
    resident.good("PUT", f"{NAME}/consent")
    connection.operations.filter(name="nama").update(purpose="Iklan")
    plans.forget()
    asking.forget()
    assert resident.call("GET", NAME)[1]["code"] == "consent_missing"


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", {"jenis": "missing"}),
        ("?jenis=", {"jenis": "missing"}),
        ("?jenis=M%20obil", {"jenis": "pattern"}),
        ("?jenis=mobil&jenis=motor", {"jenis": "doubled"}),
        ("?jenis=mobil&nik=3576010101900001", {"nik": "unknown"}),
        ("?jenis=" + "a" * 300, {"jenis": "too_long"}),
        ("?jenis=mobil%00", {"jenis": "pattern"}),
    ],
)
def test_odd_parameters_are_named_and_not_passed_on(connection: Connection, query: str, errors: dict[str, str]) -> None:
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        answer = Client().get(f"/api/v1/services/izin-trayek/lookups/tarif{query}")
    assert answer.status_code == 422
    assert {one["parameter"]: one["code"] for one in answer.json()["errors"]} == errors
    assert server.requests == []


def test_a_nik_cannot_be_asked_for_another(connection: Connection, resident: Program) -> None:
    status, problem = resident.call("GET", f"{NAME}?nik=3576010101900099")
    assert status == 422 and problem["errors"] == [{"parameter": "nik", "code": "unknown"}]


@pytest.mark.parametrize(
    ("script", "status", "code", "fault"),
    [
        (chaos.answer(404, b'{"kode": "tidak_ada"}'), 404, "nothing_found", "caller"),
        (chaos.answer(404, b'{"kode": "lain"}'), 502, "department_failed", "department"),
        (chaos.answer(500, b"{}"), 502, "department_failed", "department"),
        (chaos.answer(401, b"{}"), 502, "department_failed", "department"),
        (chaos.answer(429, b"{}", "Retry-After: 30"), 503, "department_unavailable", "department"),
        (chaos.answer(422, b'{"pesan": "Tarif tidak berlaku"}'), 422, "refused_by_department", "caller"),
        (chaos.answer(200, b"<html>", kind="text/html"), 502, "department_failed", "department"),
        (chaos.answer(200, b'{"lahir": "1990-01-01"}'), 502, "department_failed", "department"),
        (chaos.answer(200, b"[]"), 502, "department_failed", "department"),
        (chaos.answer(302, b"", "Location: http://127.0.0.1/"), 502, "department_failed", "department"),
    ],
)
def test_whose_fault_it_is(
    connection: Connection, resident: Program, script: Any, status: int, code: str, fault: str
) -> None:
    with chaos.chaos(script) as server:
        at(connection, server.url)
        got, problem = resident.call("GET", NAME)
    assert (got, problem["code"], problem["fault"]) == (status, code, fault)
    assert not AccessEntry.objects.filter(action="data.lookup").exists()


def test_a_public_answer_is_better_stale_than_none_and_says_so(connection: Connection) -> None:
    with chaos.chaos(GOOD, chaos.answer(500, b"{}")) as server:
        at(connection, server.url)
        assert Client().get(f"/api/v1/{FEE}").json()["data"] == {"tarif": "Alice Contoh"}
        change(connection, "tarif", cache_seconds=1, stale_seconds=600)
        time.sleep(1.1)
        stale = Client().get(f"/api/v1/{FEE}")
    assert stale.status_code == 200 and stale.json()["stale"] is True


def test_after_five_failures_nothing_is_asked_for_a_while(
    connection: Connection, resident: Program, caplog: pytest.LogCaptureFixture
) -> None:
    with chaos.chaos(*[chaos.answer(500, b"{}")] * 8) as server:
        at(connection, server.url)
        codes = [resident.call("GET", NAME)[1]["code"] for _ in range(7)]
        assert len(server.requests) == shield.FAILURES_TO_OPEN
    assert codes == ["department_failed"] * 5 + ["department_unavailable"] * 2
    # A department's outage is told by its breaker and its figures: our own errors must not drown in it.
    assert [record for record in caplog.records if record.name == "django.request"] == []


def test_what_the_list_and_the_document_say_is_what_is_answered(connection: Connection) -> None:
    with chaos.chaos(GOOD) as server:
        at(connection, server.url)
        answer = Client().get(f"/api/v1/{FEE}").json()
    listed = Client().get("/api/v1/services/izin-trayek/lookups").json()["results"]
    assert {one["name"] for one in listed} == {"nama", "tarif"}
    assert next(one for one in listed if one["name"] == "nama")["parameters"] == []
    document = Client().get("/api/v1/services/izin-trayek/lookups/openapi.json").json()
    operation = document["paths"]["/api/v1/services/izin-trayek/lookups/tarif"]["get"]
    jsonschema.validate(answer, operation["responses"]["200"]["content"]["application/json"]["schema"])
    assert operation["parameters"][0]["schema"]["pattern"] == "^(?:[a-z]{2,10})$"


def test_what_is_not_public_or_not_declared_is_not_there(
    connection: Connection, resident: Program, service: Service
) -> None:
    assert resident.call("GET", "services/izin-trayek/lookups/submit")[0] == 404
    Service.objects.filter(pk=service.pk).update(is_public=False)
    plans.forget()
    asking.forget()
    assert resident.call("GET", NAME)[0] == 404


def test_each_reader_gets_the_departments_name_in_his_own_language(connection: Connection, resident: Program) -> None:
    Department.objects.filter(code="dishub-uji").update(name_en="Test Transport Office")
    with translation.override("en"):
        english = plans.plan_of("izin-trayek", "nama")
    with translation.override("id"):
        indonesian = plans.plan_of("izin-trayek", "nama")
    assert english is not None and indonesian is not None
    assert english.department_label == "Test Transport Office"
    assert indonesian.department_label == "Dinas Perhubungan Uji"


def test_too_little_scope_and_too_little_assurance_are_the_callers_fault_too(
    connection: Connection, alice: User, resident: Program
) -> None:
    few = Program(access_token_for(alice, scopes=("openid",)))
    status, said = few.call("GET", NAME)
    assert (status, said["code"], said["fault"]) == (403, "insufficient_scope", "caller")
    change(connection, "nama", level=3)
    status, said = resident.call("GET", NAME)
    assert (status, said["code"], said["fault"]) == (401, "insufficient_user_authentication", "caller")
    status, said = Program("salah").call("GET", NAME)
    assert (status, said["fault"]) == (401, "caller")
    assert resident.call("PUT", f"{NAME}/tidak-ada")[0] == 404


def test_what_a_wsdl_answers_is_described_where_the_operation_says_nothing(service: Service) -> None:
    assert service.department is not None
    made = Connection.objects.create(code="pajak", department=service.department, label="Pajak", kind="soap")
    document, _api = documents.store(made, {"main": city_tax.WSDL.read_bytes()})
    rows = [
        {"to": "total", "from": "total"},
        {"to": "tagihan", "from": "tagihan", "each": [{"to": "tahun", "from": "tahun"}, {"to": "lunas", "from": "lunas"}]},
    ]
    lookup = {"parameters": [{"name": "nop"}], "request": [{"to": "nop", "from": "nop"}], "answer": rows, "private": False}
    spec = {"operation_id": "CekTagihan", "document": document.digest, "lookup": lookup}
    Operation.objects.create(connection=made, name="tagihan", spec=spec, purpose="Melihat tagihan")
    Binding.objects.create(service=service, connection=made, operation="tagihan")
    Service.objects.filter(pk=service.pk).update(is_public=True)
    (shown,) = Client().get("/api/v1/services/izin-trayek/lookups").json()["results"]
    found = shown["answer"]["properties"]
    assert found["total"] == {"type": "string"}
    assert found["tagihan"]["items"]["properties"] == {"lunas": {"type": "boolean"}, "tahun": {"type": "integer"}}
