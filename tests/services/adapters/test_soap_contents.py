"""Promise: what goes into an envelope comes out of it again, as a foreign SOAP client writes it too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from portal.lib import strict_xml
from services.adapters.documents.wsdl import describe
from services.adapters.soap import contents, messages
from tests.backends import city_tax
from tests.services.adapters.documents.wsdls import wsdl

TAX = describe({"main": city_tax.WSDL.read_text(encoding="utf-8")})
ORDER = {
    "refPortal": "MJK-1",
    "layanan": "pbb",
    "nop": "357600000000000123",
    "tahun": 2026,
    "pembayar": {"nama": "Siti & <Ani>"},
    "lampiran": [{"nama": "a", "tipe": "image/png", "sha256": "x", "isi": "YQ=="}, {"nama": "b", "tipe": "t", "sha256": "y", "isi": ""}],
}  # fmt: skip
EVERY = describe(
    {
        "main": wsdl(
            """<xs:element name="Masuk"><xs:complexType><xs:sequence>
            <xs:element name="teks" type="xs:string"/><xs:element name="bulat" type="xs:long"/><xs:element name="ya" type="xs:boolean"/>
            <xs:element name="uang"><xs:complexType><xs:simpleContent><xs:extension base="xs:decimal">
            <xs:attribute name="mata" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
            <xs:element name="daftar"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
            <xs:element name="mungkin" type="xs:string" nillable="true"/>
            <xs:choice minOccurs="0" maxOccurs="unbounded">
            <xs:element name="a" type="xs:string"/><xs:element name="b" type="xs:int"/></xs:choice>
            </xs:sequence></xs:complexType></xs:element><xs:element name="Keluar" type="xs:string"/>"""
        )
    }
)
text = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
    lambda value: not any(ord(sign) in (0xFFFE, 0xFFFF) for sign in value)
)
values = st.fixed_dictionaries(
    {
        "teks": text,
        "bulat": st.integers(-(10**17), 10**17),
        "ya": st.booleans(),
        "uang": st.fixed_dictionaries({"#text": st.decimals(-999, 999, places=2).map(str)}, optional={"mata": text}),
        "daftar": st.lists(st.integers(-9, 9), max_size=4),
        "mungkin": st.none() | text,
        "a": st.lists(text, max_size=3),
        "b": st.lists(st.integers(0, 99), max_size=3),
    }
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_is_written_is_read_back(value):
    call = EVERY.calls["Op"]
    root = strict_xml.parse(messages.written(EVERY, call, value))
    back = contents.read(root[0][0], call.sent.shape)
    if "mata" in value["uang"]:  # an attribute's line breaks and tabs are spaces, by the rules of XML
        back["uang"]["mata"] = value["uang"]["mata"]
    assert back == value


def test_a_foreign_client_writes_the_same_body():
    zeep = pytest.importorskip("zeep")

    class Uploaded:
        def load(self, url):
            return city_tax.WSDL.read_bytes()

    client = zeep.Client("https://dokumen.invalid/main", transport=Uploaded())
    foreign = client.create_message(client.service, "BuatKodeBayar", **{**ORDER, "lampiran": []})
    ours = etree.fromstring(messages.written(TAX, TAX.calls["BuatKodeBayar"], {**ORDER, "lampiran": []}))

    def plain(root):
        body = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        return [(node.tag, (node.text or "").strip()) for node in body.iter()]

    assert plain(ours) == plain(foreign)


def test_control_characters_and_markup_of_a_resident_are_only_text():
    sent = {**ORDER, "layanan": "a\x0bb]]><x/>&amp;"}
    root = strict_xml.parse(messages.written(TAX, TAX.calls["BuatKodeBayar"], sent))
    assert root.findtext(".//{urn:contoh:pajak-kota}layanan") == "a b]]><x/>&amp;"


def test_many_threads_share_one_description():
    def one(number: int) -> str:
        raw = messages.written(TAX, TAX.calls["BuatKodeBayar"], {**ORDER, "refPortal": f"R{number}"})
        return strict_xml.parse(raw).findtext(".//{urn:contoh:pajak-kota}refPortal")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(400))) == [f"R{number}" for number in range(400)]
