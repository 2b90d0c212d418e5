"""Hostile mappings: what would make too much is refused quickly and small; odd values never raise anything else."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.mapping import MappingError, check_rows, preview, run
from services.adapters.mapping.expressions import search

LIST = {"a": list(range(10))}
TEN = "[@,@,@,@,@,@,@,@,@,@]"
EXPLODING = [
    " | ".join(["[a,a,a,a,a,a,a,a,a,a]", *[TEN] * 4]),
    "map(&map(&map(&map(&map(&map(&@, $.a), $.a), $.a), $.a), $.a), a)",
    "[*].[*].[*]",
    " | ".join(
        ["join('xxxxxxxxxxxxxxxxxxxx', [to_string(a),to_string(a)])", *[TEN] * 3, "to_string(@)", TEN, "to_string(@)"]
    ),
    "a[?@ > `0`]" + ".[@,@,@,@,@,@,@,@][]" * 5,
]
REFUSED = ["", " ", "a" * 501, "[" * 40, "a.", "a[", "&a", "foo(", "nosuch(a)", "!" * 200]


@pytest.mark.parametrize("text", EXPLODING)
def test_an_exploding_expression_ends_soon_and_small(text: str) -> None:
    tracemalloc.start()
    began = time.monotonic()
    try:
        made = search(text, LIST)
        assert len(json.dumps(made)) < 5_000_000
    except MappingError as error:
        assert "expression" in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_is_refused_when_it_is_saved(text: str) -> None:
    with pytest.raises(MappingError):
        check_rows([{"to": "a", "expr": text}])
        run([{"to": "a", "expr": text}], LIST, {})


@pytest.mark.parametrize(
    "row",
    [
        {"to": "@body.x", "from": "a"},
        {"to": "@query", "from": "a"},
        {"to": "a", "from": "@secret"},
        {"to": "a", "from": "a", "const": 1},
        {"to": "a"},
        {"to": "a", "from": "a..b"},
        {"to": "a", "from": ".".join("x" * 13)},
        {"to": "a", "from": "a", "as": "eval"},
        {"to": "a", "from": "a", "as": {"date": "%s"}},
        {"to": "a", "from": "a", "as": {"date": {"zone": "Nowhere/City"}}},
        {"to": "a", "from": "a", "as": {"code": []}},
        {"to": "a", "from": "a", "as": {"split": ""}},
        {"to": "a", "from": "a", "each": []},
        {"to": "a", "from": "a", "each": [{"to": "@query.x", "from": "b"}]},
        {"to": "a", "from": "a", "surprise": True},
        {"to": 5, "from": "a"},
        "a",
        None,
    ],
)
def test_rows_that_cannot_work_are_named_when_they_are_saved(row: Any) -> None:
    with pytest.raises(MappingError, match="row 1"):
        check_rows([row])


def test_rows_that_write_one_target_twice_are_refused() -> None:
    with pytest.raises(MappingError, match=r"row 2.*twice"):
        check_rows([{"to": "a.b", "from": "x"}, {"to": "a.b", "from": "y"}])
    with pytest.raises(MappingError, match="row 2"):
        check_rows([{"to": "a", "from": "x"}, {"to": "a.b", "from": "y"}])


def test_a_problem_inside_a_list_is_named_with_its_place() -> None:
    rows = [{"to": "anak", "from": "anak", "each": [{"to": "umur", "from": "umur", "as": "int"}]}]
    with pytest.raises(MappingError) as caught:
        run(rows, {"anak": [{"umur": "3"}, {"umur": "tiga"}]}, {})
    assert caught.value.problems == ["anak[1].umur: not a whole number"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
STEPS = st.sampled_from(
    [
        *("trim", "upper", "lower", "text", "int", "decimal", "bool", "first", "digits"),
        {"date": "%Y"},
        {"date": "iso"},
        {"date": {"in": "%d", "out": "%m", "zone": "Asia/Jakarta"}},
        {"code": {"a": 1}, "unknown": "keep"},
        {"join": ","},
        {"split": ","},
    ]
)


@settings(max_examples=300, deadline=None)
@given(value=VALUES, steps=st.lists(STEPS, max_size=4))
def test_any_value_through_any_steps_is_made_or_named(value: Any, steps: list[Any]) -> None:
    rows = [{"to": "x", "from": "v", "as": steps}]
    check_rows(rows)
    try:
        made = run(rows, {"v": value}, {})
    except MappingError as error:
        assert all(problem.startswith("x") for problem in error.problems)
        shown = preview(rows, {"v": value}, {})
        assert shown[0].problem
    else:
        shown = preview(rows, {"v": value}, {})
        assert shown[0].written is ("x" in made)
        assert not shown[0].written or repr(shown[0].made) == repr(made["x"])
