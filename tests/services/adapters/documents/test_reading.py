"""Promise: a document is read or refused with the line; nothing that somebody uploads ends the process or fills the memory."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.documents.reading import MAX_BYTES, DocumentError, read


def refused(raw: bytes | str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(raw.encode() if isinstance(raw, str) else raw)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ("a: [1, 2.5, ~, true, x]", {"a": [1, 2.5, None, True, "x"]}),
        ('{"a": 1,}', {"a": 1}),  # a trailing comma
        ("{a: 1} # a remark", {"a": 1}),
        ("200: ok\n404: none", {"200": "ok", "404": "none"}),
        ("true: 1\nnull: 2\n1.5: 3", {"true": 1, "null": 2, "1.5": 3}),
        ("a: 2020-01-01\nb: 12:30:00\nc: 1_000", {"a": "2020-01-01", "b": "12:30:00", "c": "1_000"}),
        ("a: yes\nb: no\nc: on\nd: y", {"a": "yes", "b": "no", "c": "on", "d": "y"}),
        ("a: 012\nb: 0812\nc: 0", {"a": "012", "b": "0812", "c": 0}),
        ("a: 0x1f\nb: 0o17", {"a": 31, "b": 15}),
        ("a: .inf\nb: .nan\nc: 1e3", {"a": ".inf", "b": ".nan", "c": 1000.0}),
        ("a:\n  b: |\n    two\n    lines\n", {"a": {"b": "two\nlines\n"}}),
        ("base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}", {"base": {"x": 1, "y": 2}, "more": {"x": 1, "y": 3}}),
        (
            "base: &b {x: 1}\nother: &c {z: 2}\nm: {<<: [*b, *c]}",
            {"base": {"x": 1}, "other": {"z": 2}, "m": {"x": 1, "z": 2}},
        ),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("\ufeff{}", {}),
        ("", None),
        ("a:", {"a": None}),
        ("n: 123456789012345678901234567890", {"n": "123456789012345678901234567890"}),
    ],
)
def test_json_and_yaml_are_read_as_what_json_has(text: str, value: Any) -> None:
    if not text:
        assert refused(text).line is None
        return
    assert read(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3", 3, "ada dua kali"),
        ('{"a": 1,\n"b": 2,\n "b": 3}', 3, "ada dua kali"),
        ("x:\n  a: 1\n  'a': 2", 3, "ada dua kali"),
        ("a: 1\nb: [1, 2", 2, "Bukan JSON"),
        ("a: 1\n b: 2", 2, "Bukan JSON"),
        ("a: 1\n\tb: 2", 2, "Bukan JSON"),
        ("a: !!python/object/apply:os.system [id]", 1, "tidak dibaca"),
        ("a: 1\nb: !secret x", 2, "tidak dibaca"),
        ("a: !!binary aGVsbG8=", 1, "tidak dibaca"),
        ("a: !!set {x, y}", 1, "tidak dibaca"),
        ("a: !!timestamp 2020-01-01", 1, "tidak dibaca"),
        ("? [a, b]\n: 1", 1, "Kunci harus teks"),
        ("a: 1\n<<: 3", 2, "bukan peta"),
        ("a: *nothing", 1, "Bukan JSON"),
        ("a: 1\n---\nb: 2", 2, "Bukan JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str) -> None:
    error = refused(text)
    assert said in error.message and error.line == line and f"Baris {line}" in str(error), (str(error), error.line)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"  \n ", "kosong"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b'{"a": "\xff"}', "bukan UTF-8"),
        (b"a: \xed\xa0\x80", "bukan UTF-8"),
        (b"a: 1\x00", "byte nol"),
        (b"<!DOCTYPE html><html>", "halaman web"),
        (b"<?xml version='1.0'?><definitions/>", "SOAP"),
        (b'"' + b"x" * MAX_BYTES + b'"', "2 MiB"),
    ],
)
def test_what_is_no_document_is_said_to_be_what_it_is(raw: bytes, said: str) -> None:
    assert said in str(refused(raw))


PAIRS = list(zip("abcdefgh", "bcdefghi", strict=True))
HOSTILE = {
    "brackets": "[" * 50_000,
    "closed brackets": "[" * 50_000 + "]" * 50_000,
    "braces": '{"a":' * 50_000,
    "brackets after closing ones": "]" * 1000 + "[" * 50_000,
    "indentation": "\n".join(" " * n + "a:" for n in range(2_000)),
    "dashes": "- " * 50_000 + "x",
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in PAIRS),
    "merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 40)),
    "merged pairs": "a: &a {"
    + ",".join(f"k{n}: 1" for n in range(2_000))
    + "}\n"
    + "".join(f"m{n}: {{<<: *a}}\n" for n in range(2_000)),
    "a circle": "a: &a [1, *a]",
    "a circle of mappings": "a: &a {b: *a}",
    "many values": "[" + "1," * 400_000 + "1]",
    "digits": "a: " + "9" * 100_000,
    "quotes": '"' * 100_000,
    "anchors": "".join(f"- &a{n} x\n" for n in range(60_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_ends_the_process_or_takes_long(name: str) -> None:
    began = time.process_time()
    try:
        read(HOSTILE[name].encode())
    except DocumentError as error:
        assert str(error)
    assert time.process_time() - began < 20, "bounded by its size, not by what it multiplies to"


@pytest.mark.parametrize(
    "name", ["brackets", "braces", "indentation", "dashes", "aliases", "a circle", "many values", "merges"]
)
def test_what_multiplies_is_refused(name: str) -> None:
    refused(HOSTILE[name])


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_json_can_say_is_read_back(value: Any) -> None:
    raw = json.dumps({"v": value}, ensure_ascii=True).encode()
    if b"\\u0000" in raw or b"\\ud" in raw:
        return
    assert read(raw) == {"v": value}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        read(raw)
    except DocumentError as error:
        assert error.message


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.text("abc", min_size=1), st.text("abc x01", max_size=6) | st.booleans() | st.integers(0, 999), max_size=5
    )
)
def test_what_a_common_library_writes_is_read_back(value: dict[str, Any]) -> None:
    assert read(yaml.safe_dump(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'{"info": {\n"title": "a\\ud800b"}}', 2),
        (b'{"a\\udc00": 1}', 1),
        (b'{"a": "\\ud83d\\ude00", "b": [\n"\\uDBFF"]}', 2),
        (b'{"a":\n"x\\u0000y"}', 2),
        (b'a: "x\\0y"', None),
    ],
)
def test_text_that_no_answer_could_carry_is_refused_with_its_line(text, line):
    with pytest.raises(DocumentError) as caught:
        read(text)
    assert caught.value.line == line


def test_a_pair_of_surrogates_is_one_letter():
    assert read(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_number_beyond_all_numbers_is_a_text():
    assert read(b'{"a": 1e400}') == {"a": "1e400"}
