"""A published form becomes blocks and the same document again, whatever is in it; a file is read or refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cms.form_builder import exchange
from cms.form_builder.documents import document_of, stream_from
from cms.models import FormPage
from services.forms.documents import Document, canonical, digest_of, tidy
from services.forms.lint import errors_of, lint
from tests.cms.form_builder.generated import document_by
from tests.services.forms.test_schemas import ALL

FIELD = FormPage._meta.get_field("body")
# Everything that a person, a program or somebody with bad intentions might send.
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(allow_nan=False), st.text(max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                "id en key type label title parts questions options value show_if all any field equals in min max messages "
                "required hint properties $ref items allOf enum x".split()
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=25,
)


def back(document: Document) -> Document:
    title = document["title"]
    stream = stream_from(document, FIELD)
    sent_by_browser = FIELD.to_python(json.dumps(stream.get_prep_value()))
    return document_of(title.get("id", ""), title.get("en", ""), sent_by_browser)


@pytest.mark.parametrize("code", sorted(ALL))
def test_a_form_of_the_city_comes_back_from_its_blocks_and_would_be_no_new_version(code: str) -> None:
    assert back(ALL[code]) == canonical(ALL[code])
    assert digest_of(back(ALL[code])) == digest_of(canonical(ALL[code]))


@pytest.mark.parametrize("code", sorted(ALL))
def test_nothing_of_a_form_of_the_city_needs_json_to_be_edited(code: str) -> None:
    for part in stream_from(ALL[code], FIELD):
        assert [child.value["rest"] for child in part.value["questions"] if child.value["rest"]] == []


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_form_that_nobody_wrote_comes_back_from_its_blocks(seed: int) -> None:
    document = document_by(seed)
    neat = tidy(document)
    assert tidy(neat) == neat
    assert back(document) == neat
    assert errors_of(neat) == []


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_what_is_exported_is_imported_as_it_was(seed: int) -> None:
    neat = tidy(document_by(seed))
    assert exchange.read(exchange.exported(neat)) == exchange.Proposed("document", neat, (), ())
    pair = exchange.read(exchange.exported_pair(neat))
    assert (pair.kind, pair.document, pair.problems) == ("pair", neat, ())


@settings(max_examples=250, deadline=None)
@given(found=JSON, where=st.sampled_from(["parts", "question", "part", "schema", "whole"]))
@example(found={"key": [], "questions": []}, where="part")
def test_whatever_is_sent_is_read_or_refused_in_words(found: Any, where: str) -> None:
    whole: Any = {"profile": "kota-form/1", "title": {"id": "Uji"}}
    match where:
        case "parts":
            whole["parts"] = found
        case "part":
            whole["parts"] = [found]
        case "question":
            whole["parts"] = [{"key": "a", "title": {"id": "A"}, "questions": [found]}]
        case "schema":
            whole = {"title": "Uji", "properties": found}
        case _:
            whole = found
    assert all(finding.text for finding in lint(whole))
    try:
        read = exchange.read(json.dumps(whole).encode())
    except exchange.ImportRefused as refused:
        assert str(refused).endswith(".")
    else:
        assert back(read.document) == read.document


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "bukan JSON"),
        (b"{", "bukan JSON"),
        (b"\xff", "UTF-8"),
        (b"[]", "satu objek"),
        (b'{"profile":"kota-form/1","profile":"kota-form/1"}', "dua kali"),
        (b"[" * 90 + b"]" * 90, "terlalu dalam"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "terlalu dalam"),
        (b'{"title":"\\u0000"}', "tidak boleh"),
        (b'{"a":NaN}', "bukan JSON"),
        (b" " * (exchange.MAX_BYTES + 1), "256 KB"),
        (b'{"profile":"kota-form/2","parts":[]}', "bukan formulir kota-form/1"),
        (b'{"profile":"kota-form/1","title":{"id":"A"},"parts":[1]}', "tidak bisa dibuka"),
        (b'{"schema":{},"ui":{}}', "tidak berpasangan"),
        (b'{"properties":{}}', "satu isian"),
    ],
)
def test_a_file_that_is_no_form_is_refused_with_the_reason(data: bytes, word: str) -> None:
    with pytest.raises(exchange.ImportRefused, match=word):
        exchange.read(data)


def test_a_foreign_schema_becomes_questions_and_what_was_not_understood_is_listed() -> None:
    schema = {
        "title": "Izin keramaian",
        "type": "object",
        "required": ["nik"],
        "properties": {
            "nik": {"type": "string", "title": "NIK", "pattern": "^[0-9]{16}$"},
            "jenis": {"enum": ["musik", "olahraga"]},
            "tanggal": {"type": "string", "format": "date"},
            "penonton": {"type": "integer", "minimum": 1, "maximum": 5000},
            "panitia": {"type": "array", "items": {"type": "object", "properties": {"nama": {"type": "string"}}}},
            "alamat": {"$ref": "https://example.org/alamat.json"},
        },
        "if": {"properties": {"jenis": {"const": "musik"}}},
        "then": {"required": ["penonton"]},
    }
    found = exchange.read(json.dumps(schema).encode())
    asked = {q["key"]: q["type"] for part in found.document["parts"] for q in part["questions"]}
    assert asked == {
        "nik": "nik",
        "jenis": "select",
        "tanggal": "date",
        "penonton": "integer",
        "panitia": "group",
        "alamat": "text",
    }
    assert found.document["title"] == {"id": "Izin keramaian"} and found.problems == ()
    notes = "\n".join(found.notes)
    for place in ("/if ", "/then ", "/properties/nik/pattern ", "/properties/alamat/$ref "):
        assert place in notes


def test_a_schema_that_contains_itself_many_times_is_read_quickly_enough_to_be_cut() -> None:
    laughs = {f"a{n}": {"properties": {f"x{m}": {"$ref": f"#/definitions/a{n + 1}"} for m in range(10)}} for n in range(20)}
    laughs["a0"]["properties"] = {"nama": {"type": "string"}} | laughs["a0"]["properties"]
    found = exchange.read(json.dumps({"$ref": "#/definitions/a0", "definitions": laughs}).encode(), title="Uji")
    assert 0 < sum(len(part["questions"]) for part in found.document["parts"]) <= 80
