"""From an API document that the code has never seen to a delivered case, by the API only, against a backend of its own code."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from services.adapters.models import Exchange
from services.cases import delivery as work
from services.cases.models import Case, Delivery
from services.catalogue.models import Service
from tests.backends.documented import Documented
from tests.services.adapters.api.program import Program
from tests.services.adapters.connecting.document import DOCUMENT

PLANTED = "rahasia-tertanam-4711"


def connect(program: Program, backend: Documented, document: bytes, service: str) -> dict[str, Any]:
    """Every step of an integrator, up to the binding that is in service. Returns the last contract run."""
    program.good("POST", "connections", {"code": "trayek", "kind": "openapi", "label": "Sistem baru"})
    report = program.good("PUT", "connections/trayek/document", raw=document)
    options = {**report["options"], **({"words": report["words"]} if report["words"] else {})}
    program.good(
        "PATCH",
        "connections/trayek",
        {"options": options, "base_url": backend.url, "test_url": backend.url, "idempotency": "key"},
    )
    program.good("PUT", "connections/trayek/secrets/api_key", {"value": PLANTED})
    for role, operation_id in report["roles"].items():
        path = f"connections/trayek/proposal?operation_id={operation_id}&role={role}&service={service}"
        proposal = program.good("GET", path)
        assert proposal["open"] == []
        program.good("PUT", f"connections/trayek/operations/{role}", {"spec": proposal["spec"]})
        if role == "submit":
            program.good("PUT", f"connections/trayek/bindings/{service}/form", {"document": proposal["form"]})
            program.good("PUT", f"connections/trayek/bindings/{service}", {"mapping": proposal["mapping"]})
    run: dict[str, Any] = program.good("POST", f"connections/trayek/bindings/{service}/tests")
    return run


@pytest.fixture
def connected(program: Program, backend: Documented, service: Service) -> dict[str, Any]:
    return connect(program, backend, DOCUMENT, service.code)


def test_a_document_becomes_a_delivered_case(
    program: Program, backend: Documented, service: Service, connected: dict[str, Any], carol: User
) -> None:
    assert connected["green"], connected["rows"]
    published = program.good("POST", "connections/trayek/bindings/izin-trayek/publish")
    assert published["live"] and published["obstacles"] == []
    Service.objects.filter(pk=service.pk).update(is_public=True)
    tested = len(backend.arrived)
    answers = {
        "nik": "3576010101900001",
        "nopol": "S 1234 XY",
        "trayek": "B",
        "mulai": "2026-12-01",
        "panjang_m": "7,5",
        "sopir": [{"nama": "Budi Contoh", "umur": 40}],
    }
    case = program.good("POST", "cases", {"service": "izin-trayek", "answers": answers}, **{"Idempotency-Key": "satu"})
    delivery = Delivery.objects.get(case__reference=case["reference"])
    assert work.deliver(delivery.pk) == "sent"
    assert len(backend.arrived) == tested + 1
    assert backend.arrived[-1] == {
        "external_id": case["reference"],
        "nik": "3576010101900001",
        "nopol": "S 1234 XY",
        "trayek": "B",
        "mulai": "2026-12-01",
        "panjang_m": 7.5,
        "sopir": [{"nama": "Budi Contoh", "umur": 40}],
    }
    method, path, headers, _raw = next(one for one in reversed(backend.seen) if one[0] == "POST")
    assert (method, path, headers["idempotency-key"], headers["x-kunci"]) == ("POST", "/izin", case["reference"], PLANTED)
    assert Case.objects.get(reference=case["reference"]).backend_reference == backend.numbers[case["reference"]]


def test_the_record_of_it_holds_no_answer_and_no_secret(program: Program, connected: dict[str, Any]) -> None:
    rows = program.good("GET", "connections/trayek/exchanges")["results"]
    assert {row["operation"] for row in rows} >= {"submit", "status", "withdraw"}
    said = repr(rows) + repr(list(Exchange.objects.values()))
    assert PLANTED not in said and "35760101" not in said


def test_a_secret_is_never_shown(program: Program, connected: dict[str, Any]) -> None:
    shown = program.good("GET", "connections/trayek")
    assert shown["secrets"][0]["name"] == "api_key" and PLANTED not in repr(shown)
    assert PLANTED not in repr(program.call("GET", "connections/trayek/secrets"))
    answer = program.client.get("/api/v1/connections/trayek/manifest", headers={"Authorization": f"Bearer {program.token}"})
    assert answer.status_code == 200 and PLANTED.encode() not in answer.content


def test_the_way_to_the_backend_is_shown_hop_by_hop(program: Program, connected: dict[str, Any]) -> None:
    found = program.good("POST", "connections/trayek/test")
    assert found["ok"], found
    assert [hop["name"] for hop in found["hops"]] == ["address", "connect", "answer"]


def test_a_manifest_is_the_same_again_and_its_dry_run_changes_nothing(program: Program, connected: dict[str, Any]) -> None:
    client, headers = program.client, {"Authorization": f"Bearer {program.token}"}
    text = client.get("/api/v1/connections/trayek/manifest", headers=headers).content
    assert program.good("PUT", "connections/trayek/manifest", raw=text)["results"] == []
    changed = text.replace(b"ceiling: 4", b"ceiling: 5")
    told = program.good("PUT", "connections/trayek/manifest?dry_run=true", raw=changed)["results"]
    assert told == ["trayek: ceiling"]
    assert program.good("GET", "connections/trayek")["ceiling"] == 4
    assert program.good("PUT", "connections/trayek/manifest", raw=changed)["results"] == ["trayek: ceiling"]
    assert program.good("GET", "connections/trayek")["ceiling"] == 5
