"""Documents that the code has never seen, by the API only: real ones, and ones made at random. Import, mapping, contract tests,
into service, a delivered case; the backend is made from the document by other code."""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from services.adapters.models import ApiDocument, Connection, Operation
from services.cases import delivery as work
from services.cases.models import Case, Delivery
from services.catalogue.models import Service
from services.forms.documents import load
from services.forms.queries import current_version
from services.forms.samples import sample_answers
from tests.backends.documented import Documented
from tests.services.adapters.api.program import Program

REAL = Path("tests/services/adapters/documents/real")
SECRETS = {"api_key": "api_key", "bearer": "token", "basic": "password"}


def whole_way(program: Program, raw: bytes, service: Service) -> tuple[dict[str, Any], Any]:
    """The last contract run, and what the backend got of a resident's application."""
    backend = Documented(raw)
    try:
        program.good("POST", "connections", {"code": "unseen", "kind": "openapi", "label": "Sistem"})
        report = program.good("PUT", "connections/unseen/document", raw=raw)
        options = {**report["options"], "words": report["words"]} if report["words"] else report["options"]
        settings = {"options": options, "base_url": backend.url, "test_url": backend.url}
        program.good("PATCH", "connections/unseen", settings)
        kind = options.get("auth", {}).get("type")
        if kind in SECRETS:
            program.good("PUT", f"connections/unseen/secrets/{SECRETS[kind]}", {"value": "rahasia-uji"})
        for role, operation_id in report["roles"].items():
            asked = f"connections/unseen/proposal?operation_id={operation_id}&role={role}&service={service.code}"
            proposal = program.good("GET", asked)
            assert proposal["open"] == [], (role, proposal["open"])
            program.good("PUT", f"connections/unseen/operations/{role}", {"spec": proposal["spec"]})
            if role == "submit":
                program.good("PUT", f"connections/unseen/bindings/{service.code}/form", {"document": proposal["form"]})
                program.good("PUT", f"connections/unseen/bindings/{service.code}", {"mapping": proposal["mapping"]})
        run = program.good("POST", f"connections/unseen/bindings/{service.code}/tests")
        if not run["green"]:
            return run, None
        program.good("POST", f"connections/unseen/bindings/{service.code}/publish")
        return run, _delivered(program, service, backend)
    finally:
        backend.close()


def _delivered(program: Program, service: Service, backend: Documented) -> Any:
    Service.objects.filter(pk=service.pk).update(is_public=True)
    service.refresh_from_db()
    assert service.form is not None
    shown = program.good("POST", f"connections/unseen/bindings/{service.code}/preview", {"answers": {}})
    assert shown["count"] > 0
    from services.adapters import contract
    from services.adapters.gateway import binding_for

    binding = binding_for(service)
    assert binding is not None
    spec = Operation.objects.filter(connection=binding.connection, name="submit").latest("version").spec
    answers = contract.answers_for(binding, spec)
    case = program.good("POST", "cases", {"service": service.code, "answers": answers}, **{"Idempotency-Key": "satu"})
    delivery = Delivery.objects.get(case__reference=case["reference"])
    assert work.deliver(delivery.pk) == "sent"
    assert Case.objects.get(reference=case["reference"]).backend_reference
    return backend.arrived[-1]


def test_the_real_documents_are_as_they_were_published() -> None:
    said = (REAL / "README.md").read_text(encoding="utf-8")
    files = [path for path in REAL.iterdir() if path.suffix != ".md"]
    assert len(files) == 3
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in said, path.name


@pytest.mark.parametrize("name", ["common_hosted_email.yaml", "pay_agreements.json", "pay_swagger2.json"])
def test_a_real_document_becomes_a_delivered_case(program: Program, service: Service, name: str) -> None:
    run, arrived = whole_way(program, (REAL / name).read_bytes(), service)
    assert run["green"], run["rows"]
    assert arrived
    assert ApiDocument.objects.get().connection == Connection.objects.get(code="unseen")


class Chance:
    """A document at random: one of three versions, properties of many kinds, some required, some nested, some lists."""

    NAMES = (
        "nik namaLengkap no_hp alamat tanggal_lahir jenisKelamin email jumlah-anak luas_m2 setuju keterangan kodePos "
        "tgl_mulai jam lokasi.titik kelas biaya tahun nomor_portal catatan"
    ).split()

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.version = self.dice.choice(["2.0", "3.0", "3.1"])

    def schema(self, depth: int = 0) -> dict[str, Any]:
        kind = self.dice.choice(
            ["text", "text", "int", "number", "bool", "date", "enum", "array", *(["object", "objects"] if depth < 2 else [])]
        )
        match kind:
            case "int":
                low = self.dice.randint(0, 50)
                return {"type": "integer", "minimum": low, "maximum": low + self.dice.randint(0, 500)}
            case "number":
                return {"type": "number", "minimum": 0}
            case "bool":
                return {"type": "boolean"}
            case "date":
                return {"type": "string", "format": self.dice.choice(["date", "date-time"])}
            case "enum":
                return {"type": "string", "enum": ["A1", "B2", "lain-lain"][: self.dice.randint(1, 3)]}
            case "array":
                return {"type": "array", "items": {"type": "string"}}
            case "object":
                return self.object(depth + 1)
            case "objects":
                inner = {"type": "string", "maxLength": self.dice.randint(5, 80)}
                return {"type": "array", "items": {"type": "object", "required": ["nama"], "properties": {"nama": inner}}}
        made: dict[str, Any] = {"type": "string"}
        if self.dice.random() < 0.5:
            made["maxLength"] = self.dice.randint(3, 400)
        if self.dice.random() < 0.2:
            made["pattern"] = self.dice.choice(["^[0-9]{16}$", "^[A-Z]{2}[0-9]{1,4}$", "^[a-z ]+$"])
            made.pop("maxLength", None)
        return made

    def object(self, depth: int = 0) -> dict[str, Any]:
        names = self.dice.sample(self.NAMES, self.dice.randint(2, 6))
        required = [name for name in names if self.dice.random() < 0.6]
        made: dict[str, Any] = {"type": "object", "properties": {name: self.schema(depth) for name in names}}
        if required:
            made["required"] = required
        return made

    def document(self) -> bytes:
        body = self.object()
        body["properties"].setdefault("judul", {"type": "string"})
        answer = {
            "type": "object",
            "required": ["nomor"],
            "properties": {"nomor": {"type": self.dice.choice(["string", "integer"])}, "status": {"type": "string"}},
        }
        place = "definitions" if self.version == "2.0" else "schemas"
        ref = "#/definitions/Isi" if self.version == "2.0" else "#/components/schemas/Isi"
        root: dict[str, Any] = {"info": {"title": "Acak", "version": "1"}}
        operation: dict[str, Any] = {"operationId": "kirim"}
        if self.version == "2.0":
            root |= {
                "swagger": "2.0",
                place: {"Isi": body},
                "consumes": ["application/json"],
                "produces": ["application/json"],
            }
            operation["parameters"] = [{"in": "body", "name": "isi", "required": True, "schema": {"$ref": ref}}]
            operation["responses"] = {"201": {"description": "ya", "schema": answer}}
        else:
            root |= {"openapi": f"{self.version}.0", "components": {place: {"Isi": body}}}
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"$ref": ref}}}}
            operation["responses"] = {"201": {"description": "ya", "content": {"application/json": {"schema": answer}}}}
        root["paths"] = {"/permohonan": {"post": operation}}
        return json.dumps(root).encode()


@pytest.mark.parametrize("seed", range(24))
def test_a_random_document_becomes_a_delivered_case(program: Program, service: Service, seed: int) -> None:
    raw = Chance(seed).document()
    run, arrived = whole_way(program, raw, service)
    assert run["green"], (run["rows"], raw.decode())
    assert isinstance(arrived, dict)


def test_the_samples_of_a_form_are_nobodys(program: Program, service: Service) -> None:
    whole_way(program, Chance(3).document(), service)
    service.refresh_from_db()
    assert service.form is not None
    made = sample_answers(load(current_version(service.form).document), today=Case.objects.get().created_at.date())
    assert not re.search(r"[0-9]{16}", json.dumps(made.answers)) or "3576010101" in json.dumps(made.answers)
