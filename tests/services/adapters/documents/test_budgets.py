"""A few lines of a document that stand for millions of values are read in part, and the integrator is told so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.adapters.connecting import documents, registering
from services.adapters.connecting import service as work
from services.adapters.documents import evaluation, fields, judging, openapi, proposals, recognition, samples
from services.adapters.documents.budget import MOST_NODES, Budget
from services.catalogue.models import Department, Service
from services.forms.actions import publish_form

Json = dict[str, Any]


def tower(floors: int, width: int = 10) -> Json:
    """Each schema has so many members of the one before it."""
    made: Json = {"S1": {"type": "object", "properties": {"nilai": {"type": "string"}}}}
    for floor in range(2, floors + 1):
        below = {"$ref": f"#/components/schemas/S{floor - 1}"}
        made[f"S{floor}"] = {"type": "object", "properties": {f"p{n}": below for n in range(width)}}
    return made


def lists(depth: int) -> Json:
    made: Json = {"type": "string"}
    for _ in range(depth):
        made = {"type": "array", "minItems": 10, "items": made}
    return made


def api_document(schema: Json, answer: Json, schemas: Json, operations: int = 1) -> Json:
    paths: Json = {}
    for number in range(operations):
        answers = {"200": {"description": "ya", "content": {"application/json": {"schema": answer}}}}
        body = {"content": {"application/json": {"schema": schema}}}
        paths[f"/izin{number or ''}"] = {
            "post": {"operationId": f"ajukan{number or ''}", "requestBody": body, "responses": answers}
        }
        paths[f"/izin{number or ''}/{{nomor}}"] = {"get": {"operationId": f"status{number or ''}", "responses": answers}}
    info = {"title": "API", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}}


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many nodes were read."""
    steps = [0]
    spend = Budget.spend

    def counting(self: Budget, nodes: int = 1) -> bool:
        steps[0] += 1
        return spend(self, nodes)

    monkeypatch.setattr(Budget, "spend", counting)
    return steps


def test_a_tower_of_references_is_read_in_part_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    top = {"$ref": "#/components/schemas/S12"}
    api = openapi.parse(api_document(top, top, tower(12)))
    steps = counted(monkeypatch)
    made = proposals.propose(api, "ajukan", "submit")
    assert steps[0] < 20 * MOST_NODES
    assert any(str(MOST_NODES) in note for note in made.notes), made.notes


def test_plain_fields_behind_a_tower_are_read_all_the_same() -> None:
    top = {
        "type": "object",
        "required": ["nama", "nik"],
        "properties": {
            "lampiran": {"$ref": "#/components/schemas/S12"},
            "nama": {"type": "string"},
            "nik": {"type": "string"},
        },
    }
    answer = {"type": "object", "properties": {"x": {"$ref": "#/components/schemas/S12"}, "nomor": {"type": "string"}}}
    api = openapi.parse(api_document(top, answer, tower(12)))
    budget = Budget()
    assert {"nama", "nik"} <= {one.path for one in fields.sent(api, api.operation("ajukan"), budget)}
    assert budget.spent
    assert "nomor" in {one.path for one in fields.answered(api, api.operation("ajukan"))}
    made = proposals.propose(api, "ajukan", "submit")
    assert made.form is not None and {"nama", "nik"} <= {row["to"] for row in made.rows}
    assert any(str(MOST_NODES) in note for note in made.notes), made.notes


def test_more_fields_than_anybody_maps_are_cut_and_that_is_said() -> None:
    top = {"$ref": "#/components/schemas/S4"}
    made = proposals.propose(openapi.parse(api_document(top, top, tower(4))), "ajukan", "submit")
    assert made.form is not None and len(made.rows) > 50
    assert any("200" in note for note in made.notes), made.notes


def test_many_operations_with_the_same_tower_do_not_multiply_it(monkeypatch: pytest.MonkeyPatch) -> None:
    top = {"$ref": "#/components/schemas/S8"}
    api = openapi.parse(api_document(top, top, tower(8), operations=300))
    steps = counted(monkeypatch)
    recognition.guess(api)
    assert (
        steps[0] < 5 * recognition.MOST_READ
    )  # a node is spent in three budgets: its try's, its answer's and the document's


def test_what_is_not_filled_in_by_us_is_left_out_before_the_list_is_cut() -> None:
    given: Json = {f"a{n}": {"type": "string", "readOnly": True} for n in range(300)}
    schema = {"type": "object", "properties": {**given, "nama": {"type": "string"}}}
    api = openapi.parse(api_document(schema, {"type": "object"}, {}))
    assert [one.path for one in fields.sent(api, api.operation("ajukan"))] == ["nama"]


def test_a_sample_of_lists_in_lists_is_made_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    steps, budget = counted(monkeypatch), Budget()
    made = samples.sample(lists(7), {}, budget)
    assert isinstance(made, list) and budget.spent
    assert steps[0] < 2 * MOST_NODES


def test_a_sample_does_not_try_every_value_of_an_endless_list(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = counted(monkeypatch)
    samples.sample({"type": "integer", "enum": [f"t{n}" for n in range(50_000)]}, {})
    assert steps[0] < 2 * MOST_NODES


@pytest.mark.parametrize("repeats", [2, 10])
def test_alternatives_in_alternatives_are_not_judged(repeats: int) -> None:
    """By our own measure such a value would be visited more than 20,000 times at one place."""
    deep: Json = {"S0": {"type": "object"}}
    for floor in range(1, 31):
        deep[f"S{floor}"] = {"allOf": [{"$ref": f"#/$defs/S{floor - 1}"}] * repeats}
    inside = {"S": {"allOf": [{"properties": {"a": {"$ref": "#/$defs/S"}}}] * repeats}}
    value: Json = {}
    for _ in range(40):
        value = {"a": value}
    for schema in ({"$ref": "#/$defs/S30", "$defs": deep}, {"$ref": "#/$defs/S", "$defs": inside}):
        assert evaluation.is_too_heavy(schema)
        assert judging.mismatches(value, schema) == []
        assert not judging.usable(schema)
        assert not samples.fits(value, schema, {})


def test_a_schema_in_a_circle_as_departments_write_it_is_judged() -> None:
    """A parent with its kinds, each of them made of the parent; a tree."""
    defs = {
        "Hewan": {"type": "object", "required": ["jenis"], "oneOf": [{"$ref": "#/$defs/Kucing"}]},
        "Kucing": {"allOf": [{"$ref": "#/$defs/Hewan"}, {"properties": {"kumis": {"type": "integer"}}}]},
        "Pohon": {"type": "object", "properties": {"anak": {"type": "array", "items": {"$ref": "#/$defs/Pohon"}}}},
    }
    assert not evaluation.is_too_heavy({"$ref": "#/$defs/Hewan", "$defs": defs})
    tree = {"$ref": "#/$defs/Pohon", "$defs": defs}
    assert [one.path for one in judging.mismatches({"anak": [{"anak": 3}]}, tree)] == ["anak.0.anak"]


@pytest.mark.django_db
def test_a_contract_test_against_such_a_document_ends_and_says_what_was_left_out() -> None:
    department = Department.objects.create(code="dinas-uji", name="Dinas Uji", short_name="Uji", kind="dinas")
    service = Service.objects.create(code="izin-trayek", department=department)
    connection = registering.register(department, {"code": "uji", "kind": "openapi", "stand_in": True}, by="uji")
    answer = {"type": "object", "properties": {"id": {"type": "string"}, "besar": lists(7)}}
    asked = {"type": "object", "required": ["nama"], "properties": {"nama": {"type": "string"}}}
    raw = json.dumps(api_document(asked, answer, {})).encode()
    document, _api = documents.store(connection, {"main": raw})
    made = documents.propose(document, "ajukan", "submit", service=service)
    work.save_operation(connection, "submit", made.spec, by="uji")
    assert made.form is not None
    Service.objects.filter(pk=service.pk).update(form=publish_form(service.code, made.form).definition)
    service.refresh_from_db()
    run = work.test(work.bind(connection, service, made.rows, by="uji"))
    rows = {row["name"]: row for row in run.rows}
    assert rows["submit"]["result"] == "good"
    assert rows["sample"]["result"] == "odd" and str(MOST_NODES) in rows["sample"]["text"]
