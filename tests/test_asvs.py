"""docs/reference/asvs.md has every requirement of OWASP ASVS 5.0 levels 1 and 2, V6 to V10, and names only what exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "reference" / "asvs.md"
VERDICTS = {"met", "met in part", "not applicable", "not met"}
LEVEL_1 = """
6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2
8.1.1 8.2.1 8.2.2 8.3.1
9.1.1 9.1.2 9.1.3 9.2.1
10.4.1 10.4.2 10.4.3 10.4.4 10.4.5
"""
LEVEL_2 = """
6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3
6.8.1 6.8.2 6.8.3 6.8.4
7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2
8.1.2 8.2.3 8.4.1
9.2.2 9.2.3 9.2.4
10.1.1 10.1.2 10.2.1 10.2.2 10.3.1 10.3.2 10.3.3 10.3.4 10.4.6 10.4.7 10.4.8 10.4.9 10.4.10 10.4.11
10.5.1 10.5.2 10.5.3 10.5.4 10.5.5 10.6.1 10.6.2 10.7.1 10.7.2 10.7.3
"""
EXPECTED = {**dict.fromkeys(LEVEL_1.split(), "1"), **dict.fromkeys(LEVEL_2.split(), "2")}
_TEST = re.compile(r"`([\w/.-]+\.py)::(\w+)`")
_LINK = re.compile(r"\]\(([^)]+)\)")


def rows() -> list[list[str]]:
    found = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_every_requirement_is_there_once_with_its_level() -> None:
    assert len(EXPECTED) == 96
    numbers = [row[0] for row in rows()]
    assert len(numbers) == len(set(numbers)), "twice"
    found = {row[0]: row[1] for row in rows()}
    assert {number: level for number, level in found.items() if level != "3"} == EXPECTED
    assert not set(EXPECTED) & {number for number, level in found.items() if level == "3"}


def test_every_row_is_whole() -> None:
    for row in rows():
        assert len(row) == 5 and all(row), row
        assert row[3] in VERDICTS, row
        named = _TEST.search(row[4]) or _LINK.search(row[4])
        if row[3] == "met":
            assert named, f"{row[0]}: met by what?"
        else:
            assert len(row[4]) > 20, f"{row[0]}: why?"
        if row[3] == "met in part":
            assert "Missing: " in row[4], f"{row[0]}: what is missing?"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_evidence_exists(row: list[str]) -> None:
    for path, name in _TEST.findall(row[4]):
        assert name in functions_of(path), f"{path}::{name}"
    assert row[4].count("::") == len(_TEST.findall(row[4])), "a test that cannot be looked up"
    for link in _LINK.findall(row[4]):
        assert (TABLE.parent / link.partition("#")[0]).is_file(), link
