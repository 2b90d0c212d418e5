# ruff: noqa: E501 (schemas are easier to read in one line)
"""Promise: no WSDL that anybody uploads ends the process, takes long, fills the memory, or opens anything outside it."""

from __future__ import annotations

import multiprocessing
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.wsdl import parse
from tests.backends import city_tax
from tests.services.adapters.documents.wsdls import XS, schema, wsdl

MEBIBYTES = 300  # more than the process has already
KELUAR = '<xs:element name="Keluar" type="xs:string"/>'
MASUK = '<xs:element name="Masuk" type="xs:string"/>' + KELUAR
TAX = city_tax.WSDL.read_text(encoding="utf-8")
_ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


def chain(count: int) -> str:
    links = "".join(
        f'<xs:complexType name="c{n}"><xs:complexContent><xs:extension base="t:c{n - 1}"/></xs:complexContent></xs:complexType>'
        for n in range(1, count)
    )
    return f'<xs:complexType name="c0"/>{links}<xs:element name="Masuk" type="t:c{count - 1}"/>{KELUAR}'


def row(count: int) -> str:
    """Each type holds the next one."""
    types = "".join(
        f'<xs:complexType name="r{n}"><xs:sequence><xs:element name="a" type="t:r{n + 1}"/></xs:sequence></xs:complexType>'
        for n in range(count)
    )
    return f'{types}<xs:complexType name="r{count}"/><xs:element name="Masuk" type="t:r0"/>{KELUAR}'


def doubling(count: int) -> str:
    """Groups that each hold the next one twice: 2 to the power of `count` elements."""
    groups = "".join(
        f'<xs:group name="g{n}"><xs:sequence><xs:group ref="t:g{n + 1}"/><xs:group ref="t:g{n + 1}"/></xs:sequence></xs:group>'
        for n in range(count)
    )
    last = f'<xs:group name="g{count}"><xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence></xs:group>'
    return f'{groups}{last}<xs:element name="Masuk"><xs:complexType><xs:group ref="t:g0"/></xs:complexType></xs:element>{KELUAR}'


def optional(count: int) -> str:
    """One choice over very many names, each as often as it likes."""
    names = "".join(f'<xs:element name="n{n}" type="xs:string" minOccurs="0" maxOccurs="4999"/>' for n in range(count))
    return f'<xs:element name="Masuk"><xs:complexType><xs:choice maxOccurs="4999">{names}</xs:choice></xs:complexType></xs:element>{KELUAR}'


def including(name: str) -> str:
    return schema(f'<xs:include schemaLocation="{name}"/>')


REFUSED = {
    "DOCTYPE": {"main": "<!DOCTYPE a>" + wsdl(MASUK)},
    "laughter": {"main": f'<!DOCTYPE a [<!ENTITY e0 "ha">{_ENTITIES}]>' + wsdl(MASUK.replace("Masuk", "&e11;"))},
    "an entity of a file": {"main": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + wsdl(MASUK)},
    "a DOCTYPE after a comment": {"main": "<!-- a --><?x y?>\n<!DOCTYPE a>" + wsdl(MASUK)},
    "a DOCTYPE in an import": {"main": wsdl('<xs:include schemaLocation="b"/>' + MASUK), "b": "<!DOCTYPE a>" + schema("")},
    "a DOCTYPE in UTF-16": {"main": ("<!DOCTYPE a>" + wsdl(MASUK)).encode("utf-16")},
    "depth": {"main": "<a>" * 40_000 + "</a>" * 40_000},
    "tags": {"main": "<a>" + "<b/>" * 110_000 + "</a>"},
    "2 MiB in all": {"main": wsdl(MASUK), **{f"{n}.xsd": schema("<!-- " + "x" * 300_000 + " -->") for n in range(8)}},
    "files": {"main": wsdl(MASUK), **{f"{n}.xsd": schema("") for n in range(150)}},
    "a circle of includes": {"main": wsdl('<xs:include schemaLocation="b"/>' + MASUK), "b": including("c"), "c": including("b")},
    "an include of itself": {"main": wsdl('<xs:include schemaLocation="b"/>' + MASUK), "b": including("b")},
    "a circle of WSDLs": {
        "main": wsdl(MASUK).replace("<wsdl:types>", '<wsdl:import namespace="u" location="b"/><wsdl:types>'),
        "b": '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"><wsdl:import namespace="t" location="main"/></wsdl:definitions>',
    },
    "a circle of bases": {
        "main": wsdl(
            '<xs:complexType name="a"><xs:complexContent><xs:extension base="t:b"/></xs:complexContent></xs:complexType>'
            '<xs:complexType name="b"><xs:complexContent><xs:extension base="t:a"/></xs:complexContent></xs:complexType>'
            f'<xs:element name="Masuk" type="t:a"/>{KELUAR}'
        )
    },
    "a circle of simple bases": {
        "main": wsdl(
            '<xs:simpleType name="a"><xs:restriction base="t:b"/></xs:simpleType>'
            '<xs:simpleType name="b"><xs:restriction base="t:a"/></xs:simpleType>'
            f'<xs:element name="Masuk" type="t:a"/>{KELUAR}'
        )
    },
    "a circle of groups": {
        "main": wsdl(
            '<xs:group name="g"><xs:sequence><xs:group ref="t:g"/></xs:sequence></xs:group>'
            f'<xs:element name="Masuk"><xs:complexType><xs:group ref="t:g"/></xs:complexType></xs:element>{KELUAR}'
        )
    },
    "a chain of bases": {"main": wsdl(chain(300))},
    "a least number": {
        "main": wsdl(
            '<xs:element name="Masuk"><xs:complexType><xs:sequence><xs:element name="a" minOccurs="99999999" '
            f'maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>{KELUAR}'
        )
    },
    "doubling": {"main": wsdl(doubling(24))},
    "a choice of very many": {"main": wsdl(optional(2_000))},
    "many choices of many": {"main": wsdl("".join(optional(90).replace("Masuk", f"M{n}").replace(KELUAR, "") for n in range(40)) + MASUK)},
    "NUL": {"main": wsdl(MASUK) + "\0"},
    "not the encoding it says": {"main": b'<?xml version="1.0" encoding="utf-8"?>' + wsdl(MASUK + "é").encode("latin-1")},
    "an encoding of its own": {"main": '<?xml version="1.0" encoding="cp037"?>' + wsdl(MASUK), "x": b'<?xml version="1.0" encoding="cp037"?><a/>'},
    "UTF-32": {"main": wsdl(MASUK).encode("utf-32")},
}  # fmt: skip
BOUNDED = {
    "a row of types": {"main": wsdl(row(1_500))},
    "a count beyond counting": {
        "main": wsdl(
            '<xs:element name="Masuk"><xs:complexType><xs:sequence maxOccurs="99999999999"><xs:element name="a" minOccurs="0" '
            f'maxOccurs="99999999999"/></xs:sequence></xs:complexType></xs:element>{KELUAR}'
        )
    },
    "a pattern that never ends": {
        "main": wsdl(
            '<xs:element name="Masuk"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="(a+)+(b{1,99999}){1,9999}"/>'
            f"</xs:restriction></xs:simpleType></xs:element>{KELUAR}"
        )
    },
    "operations": {"main": TAX.replace('<wsdl:operation name="CekKodeBayar">', '<wsdl:operation name="x"/>' * 1_500 + '<wsdl:operation name="CekKodeBayar">')},
    "namespaces": {"main": wsdl(MASUK).replace("<wsdl:definitions", "<wsdl:definitions " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(5_000)))},
}  # fmt: skip


def in_a_child(files: dict) -> tuple[str, float]:
    """What is said about the files by a process of its own, which may not use much memory, and its seconds."""
    here, there = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=judge, args=(files, there))
    child.start()
    there.close()
    try:
        said, seconds = here.recv() if here.poll(40) else ("nothing", 99.0)
    except EOFError:
        said, seconds = "", 99.0
    child.join(10)
    assert child.exitcode == 0, f"the process ended with {child.exitcode}"
    return said, seconds


def judge(files: dict, there) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEBIBYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    began, said = time.process_time(), ""
    try:
        parse(files)
    except DocumentError as error:
        said = str(error)
    there.send((said, time.process_time() - began))
    there.close()


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_document_is_refused_in_words_and_in_time(name):
    said, seconds = in_a_child(REFUSED[name])
    assert said, "it was read"
    assert "ha" * 20 not in said and "root:" not in said
    assert seconds < 5


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_merely_enormous_is_read_or_refused_in_time(name):
    _said, seconds = in_a_child(BOUNDED[name])
    assert seconds < 10


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TAX) - 1), st.integers(0, 40), st.text("<>/\"'&;:= ax\n", max_size=6))
def test_a_broken_document_is_read_or_refused(at, cut, put):
    broken = TAX[:at] + put + TAX[at + cut :]
    try:
        assert parse({"main": broken}).operations
    except DocumentError as error:
        assert error.message


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(raw):
    with pytest.raises(DocumentError) as caught:
        parse({"main": raw})
    assert caught.value.message


def test_what_is_said_in_includes_is_not_multiplied():
    """A diamond, eight deep: each file includes the next one twice."""
    files = {f"{n}.xsd": schema(f'<xs:include schemaLocation="{n + 1}.xsd"/>' * 2) for n in range(8)}
    files |= {"8.xsd": f'<xs:schema {XS} targetNamespace="urn:t"/>'}
    assert parse({"main": wsdl('<xs:include schemaLocation="0.xsd"/>' + MASUK), **files}).operations
