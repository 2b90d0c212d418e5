# ruff: noqa: E501 (schemas are easier to read in one line)
"""Promise: a WSDL is the same set of values as an OpenAPI document, with its imports taken from what was uploaded and nowhere else."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry

from services.adapters.documents.reading import DocumentError
from services.adapters.documents.wsdl import describe, parse
from tests.backends import city_tax
from tests.services.adapters.documents.wsdls import XS, schema, wsdl

TAX = city_tax.WSDL.read_text(encoding="utf-8")


def accepts(value, described, defs):
    document = {"$defs": dict(defs), "allOf": [described]}
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, registry=Registry()).is_valid(value)


def refused(files, port=""):
    with pytest.raises(DocumentError) as caught:
        parse(files, port)
    return caught.value


# --- a whole document -----------------------------------------------------------------------------------------------------


def test_a_document_is_read_whole():
    found = parse({"main": TAX})
    assert (found.version, found.title) == ("wsdl-1.1", "PajakKota")
    assert found.servers == ("http://127.0.0.1:8106/soap",), "a proposal only"
    assert [(one.name, one.method, one.path) for one in found.operations][:2] == [
        ("CekTagihan", "POST", "/CekTagihan"),
        ("BuatKodeBayar", "POST", "/BuatKodeBayar"),
    ]
    bills = found.operation("CekTagihan")
    assert bills.summary == "Tagihan PBB-P2 satu objek pajak"
    assert bills.body.content_type == "text/xml" and bills.body.required
    assert accepts({"nop": "3" * 18}, bills.body.schema, found.sent)
    assert not accepts({"nop": "3"}, bills.body.schema, found.sent) and not accepts({}, bills.body.schema, found.sent)
    good, absent = bills.answers
    bill = {"tahun": 2026, "pokok": "80000.00", "denda": "0", "jatuhTempo": "2026-09-30", "lunas": False}
    answer = {"nop": "3" * 18, "namaWajibPajak": "A", "letak": "B", "tagihan": [bill], "total": "1"}
    assert accepts(answer, good.schema, found.answered)
    assert not accepts({**answer, "tagihan": [{**bill, "tahun": 1900}]}, good.schema, found.answered)
    assert not accepts({**answer, "lain": 1}, good.schema, found.answered)
    assert (absent.status, absent.description) == ("default", "TidakAda")
    assert found.security["ws-security"].kind == "wsse" and bills.security == ("ws-security",)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("xs:int", 5, "5"),
        ("xs:positiveInteger", 1, 0),
        ("xs:decimal", "12.50", 12.5),
        ("xs:double", 1.5, "1"),
        ("xs:boolean", True, "ya"),
        ("xs:date", "2026-01-02", 2026),
        ("xs:dateTime", "2026-01-02T03:04:05", 1),
        ("xs:base64Binary", "YQ==", 1),
        ("xs:token", "a", 1),
        ("t:kode", "A", "C"),
        ("t:pendek", "abc", "abcd"),
        ("t:daftar", [1, 2], "1 2"),
        ("t:banyak", {"#text": "1.00", "mata": "IDR"}, {"#text": "1.00"}),
        ("t:turunan", {"a": "x", "b": 1}, {"b": 1}),
        ("t:pilih", {"x": "1"}, {"z": "1"}),
        ("t:apa", {"lain": 1}, 5),
        ("t:lingkar", {"isi": "a", "anak": [{"isi": "b"}]}, {"anak": [{}]}),
        ("t:grup", {"g1": "a", "id": "7"}, {"g1": "a"}),
        ("t:kosong", {}, {"a": 1}),
        ("t:ulang", {"p": ["a", "b"], "q": [1, 2]}, {"p": "a"}),
    ],
)
def test_types_of_xml_schema_are_those_of_json_schema(kind, good, bad):
    types = f"""
    <xs:simpleType name="kode"><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:enumeration value="B"/></xs:restriction></xs:simpleType>
    <xs:simpleType name="pendek"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>
    <xs:simpleType name="daftar"><xs:list itemType="xs:int"/></xs:simpleType>
    <xs:complexType name="banyak"><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="mata" type="xs:string" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
    <xs:complexType name="dasar"><xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence></xs:complexType>
    <xs:complexType name="turunan"><xs:complexContent><xs:extension base="t:dasar"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
    <xs:complexType name="pilih"><xs:choice><xs:element name="x" type="xs:string"/><xs:element name="y" type="xs:string"/></xs:choice></xs:complexType>
    <xs:complexType name="apa"><xs:sequence><xs:any processContents="lax" minOccurs="0"/></xs:sequence></xs:complexType>
    <xs:complexType name="lingkar"><xs:sequence><xs:element name="isi" type="xs:string"/><xs:element name="anak" type="t:lingkar" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
    <xs:group name="g"><xs:sequence><xs:element name="g1" type="xs:string"/></xs:sequence></xs:group>
    <xs:attributeGroup name="ag"><xs:attribute name="id" type="xs:string" use="required"/></xs:attributeGroup>
    <xs:complexType name="grup"><xs:group ref="t:g"/><xs:attributeGroup ref="t:ag"/></xs:complexType>
    <xs:complexType name="kosong"/>
    <xs:complexType name="ulang"><xs:sequence maxOccurs="unbounded"><xs:element name="p" type="xs:string"/><xs:element name="q" type="xs:int"/></xs:sequence></xs:complexType>
    <xs:element name="Masuk"><xs:complexType><xs:sequence><xs:element name="v" type="{kind}"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="Keluar" type="xs:string"/>"""
    found = parse({"main": wsdl(types)})
    described = found.operation("Op").body.schema
    assert accepts({"v": good}, described, found.sent)
    assert not accepts({"v": bad}, described, found.sent)


# --- shapes that real documents have ----------------------------------------------------------------------------------------

MASUK = '<xs:element name="Masuk" type="b:isi"/>'
ISI = '<xs:complexType name="isi"><xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence></xs:complexType>'
KELUAR = '<xs:element name="Keluar" type="xs:string"/>'
B = schema(ISI, "urn:b")
MORE = f'{XS} xmlns:b="urn:b" xmlns:t="urn:t"'


def with_import(location, namespace="urn:b"):
    place = f' schemaLocation="{location}"' if location is not None else ""
    return wsdl(f'<xs:import namespace="{namespace}"{place}/>{MASUK}{KELUAR}')


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("types/b.xsd", "types/b.xsd"),
        ("types/b.xsd", "b.xsd"),
        ("../xsd/b.xsd", "b.xsd"),
        ("b%20c.xsd", "b c.xsd"),
        ("https://dinas.example/ws/Pajak.svc?xsd=xsd2", "Pajak.svc?xsd=xsd2"),
        ("https://dinas.example/ws/b.xsd", "https://dinas.example/ws/b.xsd"),
        ("..\\xsd\\b.xsd", "b.xsd"),
        (None, "b.xsd"),
        ("https://dinas.example/berganti.xsd", "lain.xsd"),
    ],
)
def test_an_import_is_found_among_the_uploaded_files(location, name):
    found = parse({"main": with_import(location), name: B})
    assert accepts({"a": "x"}, found.operation("Op").body.schema, found.sent)


def test_two_files_of_one_name_are_told_apart_by_their_place():
    other = schema(ISI.replace('"a"', '"z"'), "urn:b")
    found = parse({"main": with_import("v2/b.xsd"), "v1/b.xsd": other, "v2/b.xsd": B})
    assert accepts({"a": "x"}, found.operation("Op").body.schema, found.sent)


def test_an_import_without_a_place_finds_its_sibling():
    both = f'<xs:schema {MORE} targetNamespace="urn:b">{ISI}</xs:schema>'
    text = wsdl(f'<xs:import namespace="urn:b"/>{MASUK}{KELUAR}', more=both)
    assert accepts({"a": "x"}, (found := parse({"main": text})).operation("Op").body.schema, found.sent)


def test_schemas_that_import_each_other_are_read():
    one = with_import("b.xsd").replace(KELUAR, KELUAR + '<xs:complexType name="ta"><xs:sequence/></xs:complexType>')
    two = f'<xs:schema {MORE} targetNamespace="urn:b"><xs:import namespace="urn:t"/>{ISI}<xs:element name="e" type="t:ta"/></xs:schema>'
    assert parse({"main": one, "b.xsd": two}).operations


def test_an_included_schema_without_a_namespace_takes_that_of_its_reader():
    inner = schema(
        '<xs:complexType name="isi"><xs:sequence><xs:element name="a" type="kecil"/></xs:sequence></xs:complexType>'
        '<xs:simpleType name="kecil"><xs:restriction base="xs:string"/></xs:simpleType>',
        "",
    )
    text = wsdl(f'<xs:include schemaLocation="isi.xsd"/><xs:element name="Masuk" type="t:isi"/>{KELUAR}')
    found = describe({"main": text, "isi.xsd": inner})
    assert found.calls["Op"].sent.shape.fields["a"].element is not None
    assert accepts({"a": "x"}, (api := parse({"main": text, "isi.xsd": inner})).operation("Op").body.schema, api.sent)


def test_a_description_in_two_files_is_one():
    text = wsdl(MASUK.replace("b:isi", "xs:string") + KELUAR)
    head, types, rest = text.partition("<wsdl:message")
    inner = head + "</wsdl:definitions>"
    outer = head[: head.index("<wsdl:types>")] + '<wsdl:import namespace="urn:t" location="tipe.wsdl"/>' + types + rest
    found = parse({"utama.wsdl": outer, "tipe.wsdl": inner})
    assert [one.name for one in found.operations] == ["Op"], "the one that nobody imports is the main one"


def test_the_port_that_can_be_spoken_is_taken_or_the_one_that_is_named():
    text = wsdl('<xs:element name="Masuk" type="xs:string"/>' + KELUAR)
    twelve = text[text.index("<wsdl:binding") : text.index("<wsdl:service")].replace('name="B"', 'name="B12"')
    twelve = twelve.replace("soap:", "soap12:")
    http = '<wsdl:binding name="H" type="t:P"><http:binding xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" verb="GET"/></wsdl:binding>'
    text = text.replace("<wsdl:service", twelve + http + "<wsdl:service").replace(
        '<wsdl:port name="Port"',
        '<wsdl:port name="Get" binding="t:H"/><wsdl:port name="Dua" binding="t:B12"><soap12:address location="https://dua.example/"/></wsdl:port><wsdl:port name="Port"',
    )
    first, named = describe({"main": text}), describe({"main": text}, "Port")
    assert (first.soap, first.address) == ("1.2", "https://dua.example/")
    assert any("Dua" in warning and "Port" in warning for warning in first.warnings)
    assert (named.soap, named.address, named.warnings) == ("1.1", "http://tempuri.org/", ())
    assert "Lain" in str(refused({"main": text}, "Lain"))


def test_headers_beside_the_body_are_no_part_of_it():
    text = wsdl('<xs:element name="Masuk" type="xs:string"/><xs:element name="Kepala" type="xs:string"/>' + KELUAR)
    text = text.replace(
        '<wsdl:part name="isi" element="t:Masuk"/>',
        '<wsdl:part name="isi" element="t:Masuk"/><wsdl:part name="k" element="t:Kepala"/>',
    )
    text = text.replace(
        "<wsdl:input><soap:body", '<wsdl:input><soap:header message="t:M" part="k" use="literal"/><soap:body', 1
    )
    assert describe({"main": text}).calls["Op"].sent.name == ("urn:t", "Masuk")


def test_xml_lang_needs_no_file():
    text = wsdl(
        '<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>'
        '<xs:element name="Masuk"><xs:complexType><xs:simpleContent><xs:extension base="xs:string">'
        f'<xs:attribute ref="xml:lang"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>{KELUAR}'
    )
    assert "lang" in parse({"main": text}).operation("Op").body.schema["properties"]


def test_bytes_in_other_encodings_are_read():
    text = TAX.replace("UTF-8", "UTF-16")
    assert parse({"main": text.encode("utf-16")}).title == "PajakKota"
    assert parse({"main": TAX.replace("UTF-8", "ISO-8859-1").encode("latin-1")}).title == "PajakKota"
    assert parse({"main": TAX.encode("utf-8-sig")}).title == "PajakKota"


# --- what is refused, with its line -------------------------------------------------------------------------------------------


def test_what_cannot_be_spoken_is_left_out_with_its_line_or_refused_where_nothing_else_is():
    rpc = TAX.replace('soapAction="urn:contoh:pajak-kota/CekTagihan"', 'style="rpc" soapAction="x"')
    found = parse({"main": rpc})
    assert "CekTagihan" not in [one.name for one in found.operations] and len(found.operations) == 4
    assert any("CekTagihan" in text and "rpc" in text and "baris" in text for text in found.warnings)
    everything = refused({"main": TAX.replace('style="document"', 'style="rpc"')})
    assert "document/literal" in str(everything) and everything.line
    encoded = refused({"main": TAX.replace('use="literal"', 'use="encoded"')})
    assert "encoded" in str(encoded)


BASIC = wsdl('<xs:element name="Masuk" type="xs:string"/>' + KELUAR)
REFUSED = {
    "a missing file": ({"main": with_import("tidak-ada.xsd", "urn:b")}, "tidak-ada.xsd", True),
    "a missing WSDL": ({"main": BASIC.replace("<wsdl:types>", '<wsdl:import namespace="u" location="x.wsdl"/><wsdl:types>')}, "x.wsdl", True),
    "a type nobody has": ({"main": BASIC.replace('"xs:string"', '"t:Hilang"', 1)}, "t:Hilang", True),
    "an element nobody has": ({"main": BASIC.replace('element="t:Masuk"', 'element="t:Hilang"')}, "t:Hilang", True),
    "a message nobody has": ({"main": BASIC.replace('message="t:M"', 'message="t:Hilang"')}, "t:Hilang", True),
    "a binding nobody has": ({"main": BASIC.replace('binding="t:B"', 'binding="t:Hilang"')}, "t:Hilang", True),
    "a prefix nobody has": ({"main": BASIC.replace('"xs:string"', '"q:Hilang"', 1)}, "q", True),
    "a built-in type that is none": ({"main": BASIC.replace('"xs:string"', '"xs:teks"', 1)}, "xs:teks", True),
    "no SOAP port": ({"main": BASIC.replace("soap:binding ", "soap:other ")}, "SOAP", True),
    "WSDL 2.0": ({"main": '<description xmlns="http://www.w3.org/ns/wsdl"/>'}, "2.0", True),
    "a schema alone": ({"main": B}, "WSDL", True),
    "another XML": ({"main": "<a/>"}, "definitions", True),
    "a web page": ({"main": "<!DOCTYPE html><html></html>"}, "?wsdl", False),
    "JSON": ({"main": "{}"}, "XML", False),
    "nothing": ({"main": " "}, "kosong", False),
    "no file": ({}, "WSDL", False),
    "SOAP encoding": (
        {"main": BASIC.replace('"xs:string"', '"enc:Array"', 1).replace("<wsdl:definitions", '<wsdl:definitions xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/"')},
        "rpc/encoded",
        True,
    ),
    "redefine": ({"main": wsdl(f'<xs:redefine schemaLocation="b.xsd"/>{MASUK}'), "b.xsd": B}, "redefine", True),
    "another namespace than it says": ({"main": with_import("b.xsd", "urn:lain"), "b.xsd": B}, "urn:lain", True),
    "a schema that is wrong": (
        {"main": BASIC.replace('<xs:element name="Masuk" type="xs:string"/>', '<xs:element name="Masuk" type="xs:string"><xs:complexType/></xs:element>')},
        "",
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_that_cannot_be_meant_is_refused_with_its_line(name):
    files, word, has_line = REFUSED[name]
    error = refused(files)
    assert word in str(error)
    assert (error.line is not None) is has_line, str(error)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "http://127.0.0.1:1/x.xsd",
        "ftp://x/x.xsd",
        "//x/x.xsd",
        "\\\\x\\x.xsd",
        "https://[::1]/x.xsd",
    ],
)
def test_no_place_outside_the_upload_is_ever_asked(location, monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("something was opened")

    monkeypatch.setattr("socket.socket.connect", forbidden)
    assert "belum dikirim" in str(refused({"main": with_import(location)}))
    text = BASIC.replace("<wsdl:types>", f'<wsdl:import namespace="u" location="{location}"/><wsdl:types>')
    assert "belum dikirim" in str(refused({"main": text}))
