"""People find services with their own words."""

import pytest

from services.catalogue.actions import publish_service, withdraw_service
from services.catalogue.models import Department, Service
from services.catalogue.records import ServiceRecord
from services.catalogue.search import SearchQuery, search_services
from services.catalogue.words import edit_distance, index_words


def codes(text: str) -> list[str]:
    ids = search_services(SearchQuery(text)).ids
    by_id = dict(Service.objects.filter(pk__in=ids).values_list("pk", "code"))
    return [by_id[i] for i in ids]


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("akte lair", "akta-kelahiran"),
        ("akta kelahiran", "akta-kelahiran"),
        ("Akta Kelahran", "akta-kelahiran"),
        ("akte lahri", "akta-kelahiran"),
        ("birth certificate", "akta-kelahiran"),
        ("ktp ilang", "ktp-el-cetak-ulang"),
        ("e-KTP rusak", "ktp-el-cetak-ulang"),
        ("surat miskin", "surat-keterangan-tidak-mampu"),
        ("kartu keluara", "kartu-keluarga"),
        ("antrean pusk", "antrean-puskesmas"),
        ("izin usaha", "nib-oss"),
    ],
)
def test_the_first_hit_is_what_was_meant(typed: str, first: str) -> None:
    assert codes(typed)[0] == first


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    ("typed", "among"),
    [("nikah", "surat-pengantar-nikah"), ("pbb", "cek-tagihan-pbb"), ("arep rabi", "surat-pengantar-nikah")],
)
def test_it_is_among_the_first_three(typed: str, among: str) -> None:
    assert among in codes(typed)[:3]


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("typed", ["", "   ", "zzzqqq", "'; DROP TABLE", "%%%", "\x00", "🙂", "a" * 5000, "di ke yang"])
def test_odd_words_find_nothing_and_break_nothing(typed: str) -> None:
    assert search_services(SearchQuery(typed)).total <= 5


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("typed", ["akta kel", "akta kela", "akta kelah", "akta kelahi", "akta kelahir", "akta kelahira"])
def test_an_unfinished_last_word_is_taken_for_a_beginning_before_it_is_corrected(typed: str) -> None:
    assert codes(typed)[0] == "akta-kelahiran"


@pytest.mark.usefixtures("demo_city")
def test_a_correction_is_told_in_a_word_people_write() -> None:
    assert "keluarga" in search_services(SearchQuery("kartu keluara")).corrected.values()


def test_words_are_folded_and_stemmed_alike() -> None:
    assert index_words("Pembuatan e-KTP alun-alun") == index_words("pembuatan ktp-el alun")
    assert index_words("perkawinan") == index_words("kawinan") == index_words("kawin")
    assert edit_distance("lahri", "lahir", 1) == 1
    assert edit_distance("akta", "pajak", 1) == 2


def test_a_published_service_is_found_at_once_and_a_withdrawn_one_is_gone(db: None) -> None:
    Department.objects.create(code="dlh", name="DLH", short_name="DLH", kind="dinas")
    publish_service(
        ServiceRecord(code="pohon", department="dlh", slug="pohon", name="Tebang pohon", synonyms=("kayu roboh",))
    )
    assert codes("kayu roboh") == ["pohon"]
    withdraw_service("pohon")
    assert codes("pohon") == []


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    ("torn", "whole"),
    [("s k c k", "skck"), ("k t p hilang", "ktp hilang"), ("ak 1", "ak-1"), ("p irt", "p-irt"), ("k k", "kk")],
)
def test_letters_with_spaces_between_are_the_word(torn: str, whole: str) -> None:
    assert codes(torn) == codes(whole) != []


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    ("said", "office"),
    [
        *(("disdukcapil", "dispendukcapil"), ("disdik", "dikbud"), ("dinas kesehatan", "dinkesppkb"), ("bapenda", "bpkpd")),
        *(("disnaker", "dpmptspnaker"), ("pdam", "perumdam"), ("satpolpp", "satpolpp"), ("pupr", "dpuprperkim")),
    ],
)
def test_an_office_is_found_by_the_names_people_know_it_by(said: str, office: str) -> None:
    found = Service.objects.in_bulk(search_services(SearchQuery(said)).ids[:3])
    assert office in {service.department.code for service in found.values()}


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize(
    "word",
    "pengumuman pertemuan penghasilan pengiriman pelabuhan samsat rokok pertamina pupuk lele gojek jaksa pondok prakerja kitas".split(),
)
def test_a_real_word_is_not_read_as_another(word: str) -> None:
    assert word not in search_services(SearchQuery(word)).corrected
