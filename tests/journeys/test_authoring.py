"""Bob writes with what the editor offers: an example, rows with previews, a spreadsheet, English beside Indonesian."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_editing import approve, desk, enter, press  # noqa: F401 - a fixture
from tests.journeys.test_pages import problems_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


def can_be_used_by_all(page: Any) -> None:
    """axe finds nothing and nothing sticks out, on a phone and on a desk."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert problems_of(page) == [], (page.url, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)


def test_bob_begins_from_an_example_and_is_told_what_is_left(browser: Any, city: City) -> None:
    tab = browser.new_context(viewport={"width": 1280, "height": 900}, locale="id-ID").new_page()
    enter(tab, city, "bob", "/kelola/pages/")
    corner = tab.url.rstrip("/").rsplit("/", 1)[1]
    tab.goto(f"{city.base}/kelola/pages/add/cms/servicepage/{corner}/")
    assert "Permohonan dokumen" in tab.inner_text("main")
    tab.click("main a:has-text('Layanan kantor')")
    tab.wait_for_url("**?contoh=kantor")
    tab.wait_for_load_state("networkidle")
    tab.fill("[name=title]", "Konsultasi Uji Coba")
    assert "[ganti:" in tab.input_value("[name=summary]")
    tab.click("footer .w-dropdown__toggle")
    tab.click("button[name=action-submit]")
    tab.wait_for_selector("text=Ganti teks contoh ini dengan teks Anda >> visible=true")  # not in the closed panel alone
    blocks = tab.locator("[data-contentpath=places] input[id$=-address]")
    assert "[ganti" in blocks.first.input_value(), "what was begun is still there"
    tab.context.close()


def test_a_row_shows_its_example_before_it_is_chosen(desk: Any, city: City) -> None:  # noqa: F811
    enter(desk, city, "bob", "/kelola/pages/")
    desk.click("main a:has-text('Penerbitan Akta Kelahiran')")
    desk.wait_for_url("**/edit/")
    desk.wait_for_load_state("networkidle")
    desk.locator("[data-contentpath=ways] button[title='Sisipkan blok']").first.click()
    desk.wait_for_timeout(1500)
    assert desk.locator("[data-contentpath=ways] [name$='-value-text']").count() == 1, "one kind of row: it is there at once"


def test_a_spreadsheet_becomes_drafts_and_a_page_with_every_kind_of_row(desk: Any, city: City, tmp_path: Path) -> None:  # noqa: F811
    enter(desk, city, "bob", "/kelola/")
    answer = desk.context.request.get(f"{city.base}/petugas/layanan/ekspor/?bentuk=csv")
    table = list(csv.reader(io.StringIO(answer.body().decode("utf-8-sig"), newline="")))
    head = table[0]
    row = next(r for r in table if r[0] == "kutipan-kedua-akta" or "Kutipan Kedua" in r[2])

    def put(column: str, value: str) -> None:
        row[head.index(column)] = value

    def send(name: str) -> None:
        file = tmp_path / name
        with file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, delimiter=";").writerows(table)
        desk.goto(f"{city.base}/petugas/layanan/impor/")
        desk.set_input_files("#berkas", str(file))
        desk.click("main form button.k-btn")
        desk.wait_for_url("**/petugas/layanan/impor/*/")

    desk.goto(f"{city.base}/petugas/layanan/impor/")
    can_be_used_by_all(desk)
    desk.click("main form button.k-btn")
    assert "Pilih berkas" in desk.inner_text("main")
    can_be_used_by_all(desk)

    put("Gratis", "Tidak")
    put("Tarif", "lima ribu")
    send("salah.csv")
    assert "1 sel perlu diperbaiki" in desk.inner_text("main") and "lima ribu" in desk.inner_text("main")
    can_be_used_by_all(desk)

    put("Tarif", "")
    put("Biaya menurut keadaan", "Hilang | 10000 | per lembar\nRusak | 0\nLama sekali | | tergantung arsip")
    put("Syarat", "KTP | Asli\nSurat kehilangan | Asli | 1 | Polsek terdekat")
    put("Cara lain satu per satu", "Loket | Titip di loket 3\nWhatsApp | Kirim foto | 0812 0000 0001")
    put(
        "Tempat dan jam buka",
        "mpp-gajah-mada | | | Senin-Kamis 08.00-15.00; Jumat 08.00-11.00 | Istirahat 12.00 sampai 13.00",
    )
    put("Kontak", "Telepon | 0321 123456 | Loket akta\nSurel | loket@example.org")
    put("Dasar hukum", "UU | 25 | 2009 | Pelayanan Publik | https://example.org/uu\n | | | Keputusan lama")
    put("Nomor SK", "188/1/2026")
    put("Maklumat pelayanan", "Kami melayani tepat waktu.")
    send("benar.csv")
    assert "Tidak ada kesalahan" in desk.inner_text("main")
    can_be_used_by_all(desk)
    desk.click("main form button.k-btn")
    assert "Semua baris sudah ditulis sebagai draf" in desk.inner_text("main")
    can_be_used_by_all(desk)

    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.click("main a:has-text('Kutipan Kedua')")
    desk.wait_for_url("**/edit/")
    desk.wait_for_load_state("networkidle")
    edit = desk.url.removeprefix(city.base)
    press(desk, "button[name=action-submit]")
    desk.context.clear_cookies()
    enter(desk, city, "rina", edit)
    desk.wait_for_load_state("networkidle")
    approve(desk)
    for prefix in ("", "/en"):
        desk.goto(f"{city.base}{prefix}/layanan/{row[head.index('Alamat halaman')]}/")
        desk.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        shown = desk.inner_text("main")
        for words in ("Hilang", "Polsek terdekat", "Titip di loket 3", "Loket akta", "UU 25/2009 tentang Pelayanan Publik"):
            assert words in shown, (prefix, words)
        can_be_used_by_all(desk)
    assert "Monday to Thursday" in shown


def test_the_list_of_what_is_to_be_translated_leads_to_the_field(desk: Any, city: City) -> None:  # noqa: F811
    enter(desk, city, "bob", "/kelola/")
    for prefix in ("", "/en"):
        desk.goto(f"{city.base}{prefix}/petugas/terjemahan/")
        can_be_used_by_all(desk)
    desk.goto(f"{city.base}/petugas/terjemahan/")
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.locator("main table a").first.click()
    desk.wait_for_url("**/edit/")
    desk.wait_for_load_state("networkidle")
    assert desk.locator(".k-source").count() > 3
    assert desk.locator("[name=fee_amount]").count() == 0
