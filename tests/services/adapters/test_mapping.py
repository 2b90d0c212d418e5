"""Mapping rows: what they make, what they refuse, and that they are judged before they are saved."""

import pytest

from services.adapters.mapping import MappingError, check_rows, run, sources_of, value_at

ANSWERS = {
    "nama": "  Siti   Aminah ",
    "rt": "003",
    "lahir": "2026-09-12",
    "kelamin": "P",
    "anak": [{"nama": "Budi"}],
    "kosong": "",
}
KNOWN = {"reference": "MJK-1", "service": "akta"}


@pytest.mark.parametrize(
    ("row", "made"),
    [
        ({"from": "nama"}, "  Siti   Aminah "),
        ({"from": "nama", "as": "trim"}, "Siti Aminah"),
        ({"from": "nama", "as": ["trim", "upper"]}, "SITI AMINAH"),
        ({"from": "rt"}, "003"),
        ({"from": "rt", "as": "int"}, 3),
        ({"from": "lahir", "as": {"date": "%d/%m/%Y"}}, "12/09/2026"),
        ({"from": "kelamin", "as": {"code": {"L": 1, "P": 2}}}, 2),
        ({"from": "kelamin", "as": {"code": {"L": 1}, "unknown": "keep"}}, "P"),
        ({"from": "anak.0.nama"}, "Budi"),
        ({"from": "@reference"}, "MJK-1"),
        ({"const": None}, None),
        ({"from": "tidak.ada", "default": "-"}, "-"),
        ({"from": "kosong", "default": 0}, 0),
    ],
)
def test_a_row_makes_its_value(row, made):
    rows = [{"to": "a.b", **row}]
    check_rows(rows)
    assert run(rows, ANSWERS, KNOWN) == {"a": {"b": made}}


def test_a_row_without_a_value_leaves_nothing():
    assert run([{"to": "a", "from": "kosong"}, {"to": "b", "from": "anak.7.nama"}], ANSWERS, KNOWN) == {}


def test_all_problems_of_one_run_come_together():
    rows = [
        {"to": "a", "from": "kosong", "required": True},
        {"to": "b", "from": "nama", "as": "int"},
        {"to": "c", "from": "nama", "as": {"date": "%Y"}},
        {"to": "d", "from": "kelamin", "as": {"code": {"L": 1}}},
    ]
    with pytest.raises(MappingError) as caught:
        run(rows, ANSWERS, KNOWN)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["a", "b", "c", "d"]
    assert "Siti" not in str(caught.value)


@pytest.mark.parametrize(
    "rows",
    [
        "x",
        [{"from": "a"}],
        [{"to": "a"}],
        [{"to": "a", "from": "b", "const": 1}],
        [{"to": "a..b", "from": "b"}],
        [{"to": "a", "from": "@secret"}],
        [{"to": "a", "from": "b", "as": "eval"}],
        [{"to": "a", "from": "b", "expr": "x"}],
        [{"to": "a", "from": "b"}, {"to": "a", "from": "c"}],
        [{"to": "a", "from": "b"}, {"to": "a.b", "from": "c"}],
        [{"to": ".".join("a" * 13), "from": "b"}],
        [{"to": f"a{n}", "from": "b"} for n in range(201)],
    ],
)
def test_rows_that_cannot_work_are_named_before_they_are_saved(rows):
    with pytest.raises(MappingError):
        check_rows(rows)


def test_the_way_back_from_their_fields_to_our_questions():
    rows = [{"to": "pemohon.nik", "from": "nik"}, {"to": "n", "from": "@reference"}, {"to": "c", "const": 1}]
    assert sources_of(rows) == {"pemohon.nik": "nik"}
    assert value_at({"a.b": {"c": 1}}, r"a\.b.c") == 1
