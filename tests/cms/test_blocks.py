"""The rows of a service page: what they refuse, how they are shown, and that old plain texts are still read."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.blocks import StreamBlock

from accounts.models import User
from cms import blocks, publishing
from cms.models import ServicePage
from cms.stream_rows import RegulationFromText, RequirementFromText
from tests.cms.editor import page_of, publish, rows

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def desk(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def test_no_word_of_the_94_services_was_lost() -> None:
    for page in ServicePage.objects.filter(locale__language_code="id"):
        record = publishing.record_of(page, "x")
        assert record.requirements and tuple(r.text for r in record.requirement_details) == record.requirements
        assert len(record.legal) == len(record.legal_details)
    legal = publishing.record_of(page_of("akta-kelahiran"), "x").legal
    assert "Perpres 96/2018 tentang Persyaratan dan Tata Cara Pendaftaran Penduduk dan Pencatatan Sipil" in legal
    assert any(line.startswith("UU 23/2006 jo. UU 24/2013 tentang") for line in legal), "what has other parts stays whole"


@pytest.mark.parametrize(
    "text",
    [
        "UU 25/2009 tentang Pelayanan Publik",
        "UU 23/2006 jo. UU 24/2013 tentang Administrasi Kependudukan",
        "Perda Kota Mojokerto 7/2023 tentang Pajak Daerah dan Retribusi Daerah",
        "  keputusan lama  ",
    ],
)
def test_a_regulation_reads_the_same_before_and_after_it_has_parts(text: str) -> None:
    migrated = RegulationFromText().apply(text)
    assert blocks.legal_words(migrated) == text.strip()
    assert RegulationFromText().apply(migrated) == migrated, "a second run changes nothing"


def test_a_plain_requirement_is_read_wherever_it_comes_from() -> None:
    raw = json.dumps([{"type": "item", "value": "KTP", "id": "1"}])
    for value in (raw, [("item", "KTP")]):
        page = ServicePage(requirements=value)
        assert page.requirements[0].value["text"] == "KTP" and page.requirements[0].value["form"] in (None, "")
    assert RequirementFromText().apply("KTP") == {"text": "KTP", "form": "", "copies": None, "where": ""}


def test_fees_places_ways_contacts_and_law_are_shown_and_projected(desk: Client, client: Client) -> None:
    hours = [
        {"first": "MON", "last": "THU", "opens": "08:00", "closes": "15:00"},
        {"first": "FRI", "last": "", "opens": "08:00", "closes": "11:00"},
    ]
    response = publish(
        page_of("akta-kelahiran"),
        fee_free=None,
        channel="OFFICE",
        fees=rows(
            {"case": "Terlambat lapor", "amount": "50000", "note": "denda"},
            {"case": "Tepat waktu", "amount": "0", "note": ""},
            kind="fee",
        ),
        requirements=rows({"text": "Kartu Keluarga", "form": "copy", "copies": "2", "where": "Dispendukcapil"}),
        places=rows(
            {"point": "mpp-gajah-mada", "name": "", "address": "", "hours": hours, "note": "Istirahat siang"}, kind="place"
        ),
        ways=rows({"kind": "whatsapp", "text": "Kirim foto", "value": "0812 0000 0001"}, kind="way"),
        contacts=rows({"kind": "phone", "value": "0321 123456", "name": "Loket akta"}, kind="contact"),
        legal=rows(
            {"kind": "UU", "number": "25", "year": "2009", "title": "Pelayanan Publik", "url": "https://example.org/uu"}
        ),
        pledge="Kami melayani tepat waktu.",
    )
    assert response.status_code == 302, response.context["form"].errors
    page = client.get("/layanan/akta-kelahiran/").content.decode()
    for words in (
        "<caption", "Terlambat lapor", "Rp50.000", "(Fotokopi, 2 lembar)", "Dispendukcapil", "Senin sampai Kamis", "08.00–15.00",
        "Istirahat siang", 'href="https://wa.me/6281200000001"', 'href="tel:0321123456"', "Loket akta", "UU 25/2009 tentang Pelayanan Publik",
        'href="https://example.org/uu"', "Maklumat pelayanan", "Kami melayani tepat waktu.",
    ):  # fmt: skip
        assert words in page, words
    content = client.get("/api/v1/services/akta-kelahiran").json()["content"]
    assert content["requirements"] == ["Kartu Keluarga"], "as before"
    assert content["legal"] == ["UU 25/2009 tentang Pelayanan Publik"]
    assert content["fees"][0] == {"case": "Terlambat lapor", "amount": 50000, "note": "denda"}
    assert content["places"][0]["hours"][0] == {"days": ["MON", "TUE", "WED", "THU"], "opens": "08:00", "closes": "15:00"}
    english = client.get("/en/layanan/akta-kelahiran/").content.decode()
    assert "Monday to Thursday" in english and "08:00–15:00" in english and "Fee by case" in english
    assert publishing.drift() == []


def test_facts_of_rows_come_from_the_indonesian_page(desk: Client, client: Client) -> None:
    fee = {"case": "Terlambat lapor", "amount": "50000", "note": "denda"}
    publish(page_of("akta-kelahiran"), fee_free=None, fees=rows(fee, kind="fee"))
    late = {"case": "Reported late", "amount": "1", "note": "fine"}
    assert publish(page_of("akta-kelahiran", "en"), fees=rows(late, kind="fee")).status_code == 302
    english = client.get("/en/layanan/akta-kelahiran/").content.decode()
    assert "Reported late" in english and "Rp50,000" in english and "Rp1<" not in english
    publish(page_of("akta-kelahiran", "en"), fees=rows(late, late, kind="fee"))
    english = client.get("/en/layanan/akta-kelahiran/").content.decode()
    assert "Terlambat lapor" in english and "Reported late" not in english, (
        "other rows than in Indonesian: not a translation"
    )
    assert publishing.drift() == []


def refused(block: blocks.blocks.Block, value: dict[str, object]) -> str:
    with pytest.raises(ValidationError) as wrong:
        block.clean(block.to_python(value))
    return str(getattr(wrong.value, "block_errors", wrong.value))


def test_what_contradicts_itself_is_refused_with_a_sentence() -> None:
    hours = {"first": "MON", "last": "THU", "opens": "08:00", "closes": "15:00"}
    place = {"point": "", "name": "Kantor", "address": "Jalan 1", "hours": [], "note": ""}
    assert "sesudah jam buka" in refused(blocks.HoursBlock(), {**hours, "closes": "07:00"})
    assert "sesudah hari pertama" in refused(blocks.HoursBlock(), {**hours, "first": "SUN"})
    assert "bertumpuk" in refused(
        blocks.PlaceBlock(), {**place, "hours": [hours, {**hours, "first": "WED", "opens": "14:00"}]}
    )
    assert "Pilih titik layanan" in refused(blocks.PlaceBlock(), {**place, "address": ""})
    assert "kosongkan ketiganya" in refused(
        blocks.LegalBlock(), {"kind": "UU", "number": "", "year": 2009, "title": "X", "url": ""}
    )
    assert "nomor telepon" in refused(blocks.ContactBlock(), {"kind": "phone", "value": "tanya petugas", "name": ""})
    assert "alamat surel" in refused(blocks.ContactBlock(), {"kind": "email", "value": "0321", "name": ""})
    assert "https://" in refused(blocks.ContactBlock(), {"kind": "web", "value": "javascript:alert(1)", "name": ""})


def test_a_free_service_has_no_fee_table(desk: Client) -> None:
    fee = {"case": "X", "amount": "5", "note": ""}
    response = publish(page_of("akta-kelahiran"), fees=rows(fee, kind="fee"))
    assert "Layanan gratis tidak punya tabel biaya" in str(response.context["form"].errors["fees"])


def _all_blocks() -> list[object]:
    streams = [
        f.stream_block for f in ServicePage._meta.get_fields() if isinstance(getattr(f, "stream_block", None), StreamBlock)
    ]
    return [child for stream in streams for child in stream.child_blocks.values()]


def test_every_block_shows_an_example_before_it_is_chosen(desk: Client) -> None:
    found = _all_blocks()
    assert len(found) == 9
    for block in found:
        assert block.is_previewable and block.meta.description  # type: ignore[attr-defined]
        answer = desk.get(f"/kelola/block-preview/?id={block.definition_prefix}")  # type: ignore[attr-defined]
        assert answer.status_code == 200, block
        body = answer.content.decode()
        assert "portal/kota" in body and "<main" in body and "Contoh" not in body.split("<main")[0]
