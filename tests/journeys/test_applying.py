"""Promise to the public: find, apply with files, get a receipt, follow it; also when the department is down."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from portal.demo import codes
from tests.journeys.conftest import City, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
PASSWORD = "mojokerto-demo"
NEXT = "form button.k-btn[value=lanjut]"


@pytest.fixture(scope="package")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("papers")
    output = io.BytesIO()
    Image.new("RGB", (900, 600), "#a33").save(output, "JPEG")
    (folder / "surat-lahir.jpg").write_bytes(output.getvalue())
    (folder / "buku-nikah.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF")
    return {"photo": folder / "surat-lahir.jpg", "pdf": folder / "buku-nikah.pdf"}


def sign_in(page: Any, city: City, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{city.base}/akun/masuk/")
    fill_sign_in(page, name)


def fill_sign_in(page: Any, name: str) -> None:
    """Password, and for staff the code that the demo shows."""
    page.fill("[name=login]", f"{name}@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button.k-btn")
    if name in codes.STAFF:
        page.fill("[name=code]", page.inner_text(f"[data-demo-code='{name}@example.org']"))
        page.click("main form button.k-btn")


def status_of(page: Any) -> str:
    page.reload()
    return str(page.locator("main .k-tag").first.inner_text())


def fill_birth(page: Any, papers: dict[str, Path], **applicant: str) -> None:
    """From the task list to the check page of a birth certificate."""
    page.goto(f"{page.url.rstrip('/')}/pemohon/")
    for key, value in {"no_kk": "3576010101010001", **applicant}.items():
        page.fill(f"#f-{key}", value)
    page.click(NEXT)
    page.fill("#f-nama_anak", "Arjuna Wira Pratama")
    page.check("#f-jenis_kelamin-0")
    for piece, value in (("d", "1"), ("m", "11"), ("y", "2026")):
        page.fill(f"#f-tanggal_lahir-{piece}", value)
    page.fill("#f-tempat_lahir", "Kota Mojokerto")
    page.fill("#f-anak_ke", "1")
    page.click(NEXT)
    page.fill("#f-nik_ibu", "3576014507900001")
    page.fill("#f-nik_saksi_1", "3576014507900002")
    page.fill("#f-nik_saksi_2", "3576014507900003")
    page.click(NEXT)
    page.set_input_files("#f-surat_lahir", papers["photo"])
    page.set_input_files("#f-buku_nikah", papers["pdf"])
    page.click(NEXT)
    assert page.locator("#setuju").count() == 1, page.url


def send(page: Any) -> str:
    page.check("#setuju")
    page.click("main form button.k-btn")
    found = re.search(r"/permohonan/(MJK-[0-9A-Z-]+)/terkirim/", page.url)
    assert found is not None, page.url
    assert found[1] in page.inner_text(".k-receipt")
    return found[1]


def test_alice_finds_applies_and_follows(page: Any, city: City, papers: dict[str, Path]) -> None:
    city.tell("/mode", mode="normal")
    page.goto(f"{city.base}/")
    page.fill("#q", "akte lair")
    page.click(".k-search button")
    page.click("main .k-list a:has-text('Akta Kelahiran') >> nth=0")
    page.click("a:has-text('Mulai permohonan')")
    fill_sign_in(page, "alice")
    fill_birth(page, papers)
    reference = send(page)
    until(lambda: reference in city.ledger()["effects"])
    page.click("a:has-text('Lacak permohonan')")
    until(lambda: status_of(page) == "Diperiksa")
    city.tell("/aksi", nomor=city.ledger()["numbers"][reference], aksi="selesai", pesan="Akta sudah terbit")
    until(lambda: status_of(page) == "Selesai")
    assert "Akta sudah terbit" in page.content()
    until(lambda: f"Selesai: Penerbitan Akta Kelahiran ({reference})" in city.mails())
    assert city.ledger()["effects"][reference] == 1 and city.ledger()["requests"][reference] == 1
    page.goto(f"{city.base}/akun/")
    assert reference in page.content()


def test_somebody_who_reads_english_finds_applies_and_follows(page: Any, city: City, papers: dict[str, Path]) -> None:
    """The same walk under /en/ from the switch in the header to the mail, with a mistake on the way."""
    city.tell("/mode", mode="normal")
    page.goto(f"{city.base}/")
    page.click(".k-tools a[hreflang=en]")
    assert page.url == f"{city.base}/en/" and page.get_attribute("html", "lang") == "en"
    page.fill("#q", "birth certificate")
    page.click(".k-search button")
    page.click("main .k-list a:has-text('Birth certificate') >> nth=0")
    page.click("a:has-text('Start application')")
    fill_sign_in(page, "alice")
    drafted = page.url
    page.goto(f"{drafted}data-anak/")
    page.fill("#f-nama_anak", "Arjuna")
    page.click(NEXT)
    assert "problems to correct" in page.inner_text(".k-errors") and "must have at least two words" in page.content()
    page.goto(drafted)
    fill_birth(page, papers)
    reference = send(page)
    assert f"/en/permohonan/{reference}/" in page.url and "What happens next" in page.content()
    until(lambda: reference in city.ledger()["effects"])
    page.click("a:has-text('Track an application')")
    until(lambda: status_of(page) == "Being checked")
    city.tell("/aksi", nomor=city.ledger()["numbers"][reference], aksi="selesai", pesan="Akta sudah terbit")
    until(lambda: status_of(page) == "Completed")
    assert '<html lang="en"' in page.content()
    until(lambda: f"Completed: Birth certificate ({reference})" in city.mails())
    assert f"/en/permohonan/{reference}/" in city.mails()
    assert city.ledger()["effects"][reference] == 1
    page.goto(f"{city.base}/en/akun/")
    assert reference in page.content() and "Birth certificate" in page.content()
    page.click(".k-tools a[hreflang=id]")
    assert page.url == f"{city.base}/akun/" and "Penerbitan Akta Kelahiran" in page.content()


def test_the_department_is_down_and_heals(page: Any, city: City, papers: dict[str, Path]) -> None:
    city.tell("/mode", mode="down")
    try:
        sign_in(page, city, "adi")
        page.goto(f"{city.base}/layanan/akta-kelahiran/ajukan/")
        fill_birth(page, papers, nik="3576010101010009", nama="Adi Contoh", telepon="0812 0000 0002")
        start = time.monotonic()
        reference = send(page)
        assert time.monotonic() - start < 5, "a resident never waits for a department"
        page.goto(f"{city.base}/permohonan/{reference}/")
        until(lambda: status_of(page) == "Menunggu sistem dinas")
        assert "tidak perlu mengirim ulang" in page.content()
        assert reference not in city.ledger()["effects"]
    finally:
        city.tell("/mode", mode="normal")
    until(lambda: status_of(page) == "Diperiksa", 60)
    assert city.ledger()["effects"][reference] == 1


def test_a_department_without_a_system_works_in_the_portal(page: Any, city: City) -> None:
    sign_in(page, city, "alice")
    page.goto(f"{city.base}/layanan/perantingan-pohon/ajukan/")
    page.click("main .k-actions a.k-btn")
    page.select_option("#f-kelurahan", label="Mentikan")
    page.fill("#f-alamat", "Jl. Contoh 1")
    page.click(NEXT)
    page.fill("#f-keperluan", "Dahan menyentuh kabel")
    page.click(NEXT)
    page.click(NEXT)
    reference = send(page)
    sign_in(page, city, "dewi")
    page.goto(f"{city.base}/petugas/")
    until(lambda: page.reload() and reference in page.content())
    page.click(f"tr:has-text('{reference}') a")
    until(lambda: page.reload() and page.locator("#alasan").count())
    page.fill("#alasan", "Kirim foto dahan dari jalan")
    page.click("button:has-text('Minta perbaikan')")
    sign_in(page, city, "alice")
    page.goto(f"{city.base}/permohonan/{reference}/")
    assert "Kirim foto dahan dari jalan" in page.content()
    page.fill("#pesan", "Pohonnya di depan balai RW")
    page.click("button:has-text('Kirim jawaban')")
    sign_in(page, city, "dewi")
    page.goto(f"{city.base}/petugas/permohonan/{reference}/")
    assert "Pohonnya di depan balai RW" in page.content()
    page.fill("#alasan", "Sudah dipangkas pagi ini")
    page.click("button:has-text('Selesai')")
    sign_in(page, city, "alice")
    page.goto(f"{city.base}/permohonan/{reference}/")
    assert status_of(page) == "Selesai"
