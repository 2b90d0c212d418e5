"""Promise: an API document of any of three versions is one set of values; what is almost right is read, with a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from services.adapters.documents.openapi import parse
from services.adapters.documents.reading import DocumentError, read
from services.adapters.documents.values import Api, Schema

EXAMPLES = Path(__file__).parent / "examples"
MODERN, OLD, NEW = ((EXAMPLES / f"{name}.yaml").read_text() for name in ("modern_3_0", "old_2_0", "new_3_1"))


def api(text: str) -> Api:
    return parse(read(text.encode()))


def minimal(**change: Any) -> dict[str, Any]:
    answers = {"responses": {"200": {"description": "ok"}}}
    return {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": answers}}, **change}


def accepts(schema: Schema, defs: Any, value: Any) -> bool:
    document = {"$defs": dict(defs), "allOf": [schema]}
    Draft202012Validator.check_schema(document)
    return bool(Draft202012Validator(document, registry=Registry()).is_valid(value))


def test_a_modern_document_is_read_whole() -> None:
    found = api(MODERN)
    assert (found.version, found.title, found.servers) == ("3.0", "Uji KIR", ("https://kir.contoh.example/api",))
    assert [(one.name, one.method, one.path) for one in found.operations] == [
        ("daftar", "GET", "/kendaraan"),
        ("buat", "POST", "/kendaraan"),
        ("get_kendaraan_nomor_uji_ke", "GET", "/kendaraan/{nomor}/uji/{ke}"),
    ]
    page, tag = found.operation("daftar").parameters
    assert (page.name, page.required, page.schema) == ("hal", True, {"type": "string"}), "the operation's own wins"
    assert (tag.style, tag.explode) == ("pipeDelimited", False)
    nomor, ke = found.operations[2].parameters
    assert nomor.required and (ke.name, ke.required, ke.schema) == ("ke", True, {"type": "string"})
    assert any("{ke}" in text for text in found.warnings)
    assert found.operations[2].security == ("mesin",) and found.operations[0].security == ("kunci",)
    assert found.operation("daftar").answers[0].content_type == "application/hal+json"
    assert [answer.status for answer in found.operation("buat").answers] == ["201", "4XX", "default"]


def test_security_says_how_to_prove_oneself() -> None:
    found = api(MODERN).security
    assert (found["kunci"].kind, found["kunci"].place, found["kunci"].parameter) == ("api_key", "header", "X-Kunci")
    assert found["orang"].kind == "bearer" and found["lain"].kind == "" and found["lain"].says == "openIdConnect"
    assert (found["mesin"].kind, found["mesin"].token_url) == ("oauth2", "https://kir.contoh.example/token")
    old = api(OLD).security
    assert old["b"].kind == "basic" and old["m"].token_url == "https://lama.contoh.example/t"


def test_schemas_are_those_of_each_direction() -> None:
    found = api(MODERN)
    body = found.operation("buat").body
    assert body and body.content_type == "application/json" and body.required
    assert accepts(body.schema, found.sent, {"nomor": "S 1", "rahasia": "x"}), "what they make is not asked of us"
    assert not accepts(body.schema, found.sent, {"nomor": "s"}) and not accepts(body.schema, found.sent, {})
    assert accepts(body.schema, found.sent, {"nomor": "S", "berat": None, "jenis": None})
    assert not accepts(body.schema, found.sent, {"nomor": "S", "berat": 0}), "exclusiveMinimum: true"
    assert not accepts(body.schema, found.sent, {"nomor": "S", "induk": {"nomor": 1}}), "a circle is followed"
    answer = found.operation("buat").answers[0].schema
    assert answer is not None and not accepts(answer, found.answered, {"nomor": "S"}), "they do tell the id"
    assert accepts(answer, found.answered, {"nomor": "S", "id": "1"})


def test_a_swagger_document_is_read_in_the_same_words() -> None:
    found = api(OLD)
    assert found.servers == ("https://lama.contoh.example/v1",) and found.operations[0].path == "/warga/{nik}"
    get, put, photo = found.operations
    assert get.parameters[1].style == "form" and get.parameters[1].explode and get.body is None
    assert put.body and accepts(put.body.schema, found.sent, {"nik": None, "umur": 3})
    assert not accepts(put.body.schema, found.sent, {"nik": "1"}), "`required: true` inside a property"
    assert photo.body and photo.body.content_type == "multipart/form-data"
    assert accepts(photo.body.schema, found.sent, {"foto": "x"}) and not accepts(
        photo.body.schema, found.sent, {"judul": "x"}
    )
    assert get.answers[0].content_type == "application/json"


def test_the_newest_version_keeps_what_stands_beside_a_reference() -> None:
    found = api(NEW)
    body = found.operations[0].body
    assert body and body.content_type == "application/x-www-form-urlencoded" and isinstance(body.schema, dict)
    assert body.schema["properties"]["n"] == {"$ref": "#/$defs/Nama", "description": "nama"}
    assert found.sent["Nama"] == {"exclusiveMinimum": 3, "type": ["string", "null"]}
    assert found.operations[0].answers[0].schema is True


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "bukan dokumen OpenAPI"),
        ("x", "bukan dokumen OpenAPI"),
        ({}, "Tidak ada kunci openapi"),
        ({"openapi": "4.0.0"}, "OpenAPI 4.0.0 belum didukung"),
        ({"swagger": "1.2"}, "OpenAPI 1.2 belum didukung"),
        ({"info": {"_postman_id": "x"}}, "koleksi Postman"),
        ({"asyncapi": "2.0"}, "AsyncAPI"),
        (minimal(paths={}), "tidak berisi satu operasi"),
        (minimal(paths=None), "tidak berisi satu operasi"),
        (minimal(paths={"/a": {"$ref": "#/paths/~1a"}}), "berputar tanpa akhir"),
        (minimal(paths={f"/{n}": {"get": {}} for n in range(2001)}), "lebih dari 2.000 operasi"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(document: Any, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        parse(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": {"$ref": "https://evil.example/s.json"}}, "https://evil.example/s.json"),
        ({"schema": {"$ref": "file:///etc/passwd"}}, "file:///etc/passwd"),
        ({"schema": {"$ref": "other.yaml#/x"}}, "other.yaml"),
        ({"schema": {"$ref": 3}}, "Rujukan keluar"),
        ({"schema": {"$ref": "#/components/schemas/Tidak"}}, "menunjuk bagian yang tidak ada"),
        ({"schema": {"type": "text"}}, "Jenis text tidak dikenal"),
        ({"schema": {"type": "string", "pattern": "(a"}}, "Pola (a tidak dipakai"),
        ({"schema": {"type": "string", "pattern": "a{1,2147483647}"}}, "tidak dipakai"),
    ],
)
def test_what_is_almost_right_is_read_with_a_warning(change: dict[str, Any], said: str) -> None:
    body = {"content": {"application/json": change}}
    found = parse(minimal(paths={"/a": {"post": {"requestBody": body, "responses": {}}}}))
    assert any(said in text for text in found.warnings), found.warnings
    sent = found.operations[0].body
    assert sent and accepts(sent.schema, found.sent, "anything")


def test_doubled_and_missing_names_are_made_unique() -> None:
    one = {"operationId": "sama", "responses": {}}
    found = parse(
        minimal(
            paths={
                "/a": {"get": one, "post": one},
                "/b": {
                    "get": {
                        "parameters": [
                            {"name": "x", "in": "query"},
                            {"name": "x", "in": "query"},
                            {"name": "y", "in": "path"},
                            "z",
                            {"in": "query"},
                        ]
                    }
                },
            }
        )
    )
    assert [operation.name for operation in found.operations] == ["sama", "sama_2", "get_b"]
    assert [parameter.name for parameter in found.operations[2].parameters] == ["x"]
    assert len(found.warnings) == 3, found.warnings


def test_many_operations_share_one_copy_of_many_schemas() -> None:
    schemas = {
        f"S{n}": {"type": "object", "properties": {"n": {"$ref": f"#/components/schemas/S{(n + 1) % 300}"}}}
        for n in range(300)
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}
    paths = {f"/{n}": {"post": {"requestBody": {"content": content}, "responses": {}}} for n in range(300)}
    found = parse(minimal(components={"schemas": schemas}, paths=paths))
    assert len(found.sent) == 300 and len(found.operations) == 300


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab$/{}#", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type $ref properties items allOf required nullable enum pattern example parameters name in schema content "
                "responses 200 get post requestBody application/json components schemas security servers url paths minimum "
                "exclusiveMinimum operationId style collectionFormat flows".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["3.0.1", "3.1.0", "2.0"]), json_values, json_values, json_values)
def test_any_shape_is_read_or_refused(version: str, paths: Any, components: Any, more: Any) -> None:
    key = "swagger" if version == "2.0" else "openapi"
    document = {key: version, "info": more, "paths": {"/a/{b}": paths, "/c": {"post": more}}, "components": components}
    document |= {"definitions": components, "securityDefinitions": more, "servers": more, "host": more, "consumes": more}
    try:
        found = parse(document)
    except DocumentError as error:
        assert error.message
        return
    for operation in found.operations:
        assert operation.name and operation.path.startswith("/")
        Draft202012Validator.check_schema({"$defs": {}})
