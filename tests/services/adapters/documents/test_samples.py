"""Promise: for the schemas that documents have, a value is made that fits them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.documents.openapi import parse
from services.adapters.documents.reading import read
from services.adapters.documents.samples import fits, sample
from tests.services.adapters.documents.test_openapi import MODERN, NEW, OLD

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "next": {"$ref": "#/$defs/Item"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 3, "maxLength": 4},
        {"type": "string", "pattern": "^[0-9]{16}$"},
        {"type": "string", "pattern": "^[A-Z]+$", "minLength": 2},
        {"type": "string", "format": "date-time"},
        {"type": "string", "enum": ["a", "b"]},
        {"type": "integer", "minimum": 7, "multipleOf": 5},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "number", "maximum": -2},
        {"type": ["null", "boolean"]},
        {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
        {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"required": ["b"]}]},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"$ref": "#/$defs/Item"},
        {"const": 3},
        {"type": "string", "examples": [5, "baik"]},
        {"type": "integer", "default": "salah"},
        True,
        {},
    ],
)
def test_a_value_is_made_that_fits(schema: Any) -> None:
    value = sample(schema, {"Item": ITEM})
    assert fits(value, schema, {"Item": ITEM}), value


def test_the_document_s_own_example_is_taken_if_it_is_right() -> None:
    assert sample({"type": "string", "examples": ["S 1 AB"]}, {}) == "S 1 AB"
    assert sample({"type": "string", "maxLength": 2, "examples": ["terlalu panjang"]}, {}) != "terlalu panjang"


@pytest.mark.parametrize("text", [MODERN, OLD, NEW])
def test_every_body_and_answer_of_the_examples_has_a_sample(text: str) -> None:
    api = parse(read(text.encode()))
    for operation in api.operations:
        if operation.body:
            assert fits(sample(operation.body.schema, api.sent), operation.body.schema, api.sent), operation.name
        for answer in operation.answers:
            if answer.schema is not None:
                assert fits(sample(answer.schema, api.answered), answer.schema, api.answered), operation.name


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#/$defs/Gone"}, {"$ref": "https://evil.example/x"}, {"type": "string", "pattern": "("}, {"minimum": "x"}],
)
def test_a_broken_schema_fits_nothing_and_raises_nothing(schema: Any) -> None:
    sample(schema, {})
    assert not fits("x", schema, {}) or schema == {"minimum": "x"}


leaves = (
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": st.integers(0, 9), "format": st.sampled_from(["date", "uuid"])}
    )
    | st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-9, 9), "multipleOf": st.integers(1, 4)},
    )
    | st.just({"type": "boolean"})
    | st.just({"$ref": "#/$defs/Item"})
)
schemas = st.recursive(
    leaves,
    lambda inner: (
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3)},
            optional={"required": st.lists(st.sampled_from("abc"), unique=True)},
        )
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": st.integers(0, 3)})
        | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(schemas)
def test_plain_schemas_of_any_shape_have_a_sample(schema: Any) -> None:
    assert fits(sample(schema, {"Item": ITEM}), schema, {"Item": ITEM})
