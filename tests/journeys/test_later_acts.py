"""Promise to the public: what is asked can be answered, a wish to withdraw is heard, and a silent department is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import City, until
from tests.journeys.test_applying import NEXT, fill_birth, papers, send, sign_in, status_of
from tests.journeys.test_pages import problems_of

__all__ = ["papers"]
pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture
def look_closely(request: pytest.FixtureRequest, page: Any) -> Callable[[], None]:
    """The page as it is now can be used by all (without scripts nothing can run axe)."""
    scripts: bool = request.node.callspec.params["page"][1]

    def look() -> None:
        if scripts:
            assert problems_of(page) == []

    return look


def apply_for_birth(page: Any, city: City, papers: dict[str, Path]) -> str:
    city.tell("/mode", mode="normal")
    sign_in(page, city, "alice")
    page.goto(f"{city.base}/layanan/akta-kelahiran/ajukan/")
    fill_birth(page, papers)
    reference = send(page)
    page.goto(f"{city.base}/permohonan/{reference}/")
    until(lambda: status_of(page) == "Diperiksa")
    return reference


def test_alice_answers_with_a_file_and_the_department_sees_it_once(
    page: Any, city: City, papers: dict[str, Path], look_closely: Callable[[], None]
) -> None:
    reference = apply_for_birth(page, city, papers)
    city.tell("/aksi", nomor=city.ledger()["numbers"][reference], aksi="tanya", pesan="Foto surat lahir buram")
    until(lambda: status_of(page) == "Perlu perbaikan")
    assert "Foto surat lahir buram" in page.content()
    look_closely()
    page.fill("#pesan", "Ini foto yang terang")
    page.set_input_files("#berkas-jawaban", papers["photo"])
    with page.expect_navigation():
        page.click("button:has-text('Kirim jawaban')")
    assert "Jawaban tersimpan" in page.content()
    look_closely()
    act = f"{reference}.1"
    until(lambda: act in city.ledger()["effects"])
    until(lambda: status_of(page) == "Diperiksa")
    assert "Sudah sampai di dinas" in page.content() and "surat-lahir.jpg" in page.content()
    ledger = city.ledger()
    assert (ledger["effects"][act], ledger["requests"][act]) == (1, 1)
    sent = next(a for a in ledger["acts"] if a["reference"] == act)
    assert sent["text"] == "Ini foto yang terang" and "surat-lahir.jpg" in sent["files"]
    page.set_input_files("#berkas", papers["pdf"])
    page.click("button:has-text('Kirim berkas')")
    until(lambda: city.ledger()["effects"].get(f"{reference}.2") == 1)


def test_alice_withdraws_and_the_department_lets_go(
    page: Any, city: City, papers: dict[str, Path], look_closely: Callable[[], None]
) -> None:
    reference = apply_for_birth(page, city, papers)
    page.click("a:has-text('Batalkan permohonan')")
    look_closely()
    page.fill("#pesan", "Sudah diurus di rumah sakit")
    with page.expect_navigation():
        page.click("main button:has-text('Batalkan permohonan')")
    assert status_of(page) == "Pembatalan diminta"
    look_closely()
    until(lambda: city.ledger()["effects"].get(f"{reference}.1") == 1)
    city.tell("/aksi", nomor=city.ledger()["numbers"][reference], aksi="batal")
    until(lambda: status_of(page) == "Dibatalkan")
    until(lambda: f"Dibatalkan: Penerbitan Akta Kelahiran ({reference})" in city.mails())


def test_a_department_without_webhooks_is_asked_and_the_case_moves(
    page: Any, city: City, look_closely: Callable[[], None]
) -> None:
    city.tell("/mode", city.works, mode="normal")
    sign_in(page, city, "alice")
    page.goto(f"{city.base}/layanan/sedot-tinja/ajukan/")
    page.click("main .k-actions a.k-btn")
    page.select_option("#f-kelurahan", label="Mentikan")
    page.fill("#f-alamat", "Jl. Contoh 1")
    page.click(NEXT)
    page.check("#f-jenis_bangunan-0")
    page.fill("#f-jarak_jalan_m", "12")
    wanted = date.today() + timedelta(days=7)
    for piece, value in (("d", wanted.day), ("m", wanted.month), ("y", wanted.year)):
        page.fill(f"#f-tanggal-{piece}", str(value))
    page.click(NEXT)
    reference = send(page)
    until(lambda: city.ledger(city.works)["effects"].get(reference) == 1)
    page.goto(f"{city.base}/permohonan/{reference}/")
    number = city.ledger(city.works)["numbers"][reference]
    city.tell("/aksi", city.works, nomor=number, aksi="proses", pesan="Truk datang Selasa")
    until(lambda: status_of(page) == "Diproses")
    assert "Truk datang Selasa" in page.content()
    city.tell("/mode", city.works, mode="down")
    try:
        until(lambda: page.reload() and "terakhir kami ketahui" in page.content())
        look_closely()
    finally:
        city.tell("/mode", city.works, mode="normal")
    city.tell("/aksi", city.works, nomor=number, aksi="selesai")
    until(lambda: status_of(page) == "Selesai", 60)
