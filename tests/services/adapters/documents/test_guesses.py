"""What a proposal guesses, and where it says that it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from services.adapters.declared import bodies
from services.adapters.documents import fields, openapi, proposals, recognition, wsdl
from services.adapters.mapping import run
from tests.backends import city_tax

Json = dict[str, Any]
TEXT = {"type": "string"}
PERSON: Json = {"type": "object", "required": ["nik", "nama"], "properties": {"nik": TEXT, "nama": TEXT}}


def api_of(body: Json, refusal: Json | None = None, parameters: list[Json] | None = None) -> Any:
    answers: Json = {"200": {"description": "ya", "content": {"application/json": {"schema": {"type": "object"}}}}}
    if refusal is not None:
        answers["422"] = {"description": "tidak", "content": {"application/json": {"schema": refusal}}}
    operation: Json = {"operationId": "ajukan", "responses": answers, "parameters": parameters or []}
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    info = {"title": "API", "version": "1"}
    return openapi.parse({"openapi": "3.0.3", "info": info, "paths": {"/izin": {"post": operation}}})


def refusing(**members: Json) -> Json:
    items = {"type": "object", "properties": members}
    return {"type": "object", "properties": {"violations": {"type": "array", "items": items}}}


def test_the_field_of_a_refusal_is_found_by_more_than_one_name() -> None:
    api = api_of(PERSON, refusing(propertyPath=TEXT, message=TEXT))
    made = proposals.propose(api, "ajukan", "submit")
    assert made.spec["rejection"] == {"list": "violations", "field": "propertyPath", "text": "message"}


def test_a_refusal_whose_field_has_a_name_of_its_own_is_asked_about() -> None:
    made = proposals.propose(api_of(PERSON, refusing(apa=TEXT, mengapa=TEXT)), "ajukan", "submit")
    assert made.spec["rejection"] == {"list": "violations"}
    said = [text for text in made.open if "rejection." in text]
    assert len(said) == 2 and all("apa, mengapa" in text for text in said)


TWO = {"type": "object", "required": ["nik", "induk"], "properties": {**PERSON["properties"], "induk": PERSON}}


def test_another_persons_number_is_not_filled_in_with_the_applicants() -> None:
    made = proposals.propose(api_of(TWO), "ajukan", "submit")
    assert made.form is not None
    asked = {one["key"]: one for part in made.form["parts"] for one in part["questions"]}
    rows = {row["to"]: row["from"] for row in made.rows}
    assert asked[rows["nik"]]["prefill"] == "nik"
    assert rows["induk.nik"] != rows["nik"] and "prefill" not in asked[rows["induk.nik"]]


@pytest.mark.parametrize("word", ["ayah", "saksi1", "penjamin", "owner"])
def test_a_person_beside_the_applicant_is_one_also_alone(word: str) -> None:
    made = proposals.propose(api_of({"type": "object", "properties": {word: PERSON}}), "ajukan", "submit")
    assert made.form is not None
    asked = [one for part in made.form["parts"] for one in part["questions"]]
    assert [one.get("prefill") for one in asked] == [None, None]


def test_people_in_a_list_are_not_the_applicant() -> None:
    body = {"type": "object", "properties": {"anggota": {"type": "array", "items": PERSON}}}
    made = proposals.propose(api_of(body), "ajukan", "submit")
    assert made.form is not None and "prefill" not in repr(made.form)


def test_a_form_that_exists_is_not_bent_to_another_person() -> None:
    made = proposals.propose(api_of(TWO), "ajukan", "submit", keys={"nik": "NIK", "nama": "Nama"})
    assert {row["to"]: row["from"] for row in made.rows} == {"nik": "nik", "nama": "nama"}
    assert any("induk.nik" in text for text in made.open)
    keys = {"nik": "NIK", "nama": "Nama", "induk_nik": "NIK induk", "induk_nama": "Nama induk"}
    made = proposals.propose(api_of(TWO), "ajukan", "submit", keys=keys)
    assert {row["to"]: row["from"] for row in made.rows}["induk.nik"] == "induk_nik"


def test_an_object_in_the_query_is_asked_for_member_by_member_and_written_as_declared() -> None:
    schema = {"type": "object", "required": ["tahun"], "properties": {"tahun": {"type": "integer"}, "kota": TEXT}}
    parameter = {"name": "saring", "in": "query", "required": True, "style": "deepObject", "explode": True, "schema": schema}
    api = api_of(PERSON, parameters=[parameter])
    found = {one.path: one.required for one in fields.sent(api, api.operation("ajukan"))}
    assert found["@query.saring.tahun"] is True and found["@query.saring.kota"] is False
    made = proposals.propose(api, "ajukan", "submit")
    assert not any("saring" in text for text in made.open)
    rows = [row for row in made.rows if row["to"].startswith("@query")]
    sent = run(rows, {row["from"]: "2026" for row in rows}, {})["@query"]
    written = bodies.in_query("saring", sent["saring"], made.spec["parameters"]["query.saring"])
    assert written == [("saring[tahun]", "2026"), ("saring[kota]", "2026")]


def test_a_read_is_not_taken_for_the_operation_that_takes_applications() -> None:
    api = wsdl.parse({"main": city_tax.WSDL.read_text(encoding="utf-8")})
    assert recognition.guess(api)["submit"] == "BuatKodeBayar"
    only_reads = {"openapi": "3.0.3", "info": {"title": "API", "version": "1"}, "paths": {}}
    for name in ("cekStatus", "getTagihan", "CariWarga"):
        body = {"content": {"application/json": {"schema": PERSON}}}
        only_reads["paths"][f"/{name}"] = {"post": {"operationId": name, "requestBody": body, "responses": {}}}  # type: ignore[index]
    assert "submit" not in recognition.guess(openapi.parse(only_reads))


def test_an_example_of_a_lookup_is_one_that_its_pattern_takes() -> None:
    api = wsdl.parse({"main": city_tax.WSDL.read_text(encoding="utf-8")})
    (parameter,) = proposals.propose(api, "CekTagihan", "lookup").spec["lookup"]["parameters"]
    assert parameter["example"].isdigit() and len(parameter["example"]) == 18
