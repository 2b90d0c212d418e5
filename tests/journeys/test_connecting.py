"""Promise to departments: an integrator alone connects a system that the portal has never seen, from registering to the live log.

At phone and desk width, and without JavaScript; every page on the way can be used by all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.documented import Documented
from tests.journeys.conftest import City, until
from tests.journeys.test_applying import fill_sign_in
from tests.journeys.test_pages import problems_of, sideways
from tests.services.adapters.connecting.document import DOCUMENT

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]
SERVICE = "akta-perkawinan"  # of the counter: nobody has connected it
SECRET = "kunci-perjalanan-4711"
WORDS = {"diterima": "RECEIVED", "selesai": "COMPLETED", "ditolak": "REFUSED"}


@pytest.fixture
def backend() -> Iterator[Documented]:
    made = Documented(DOCUMENT)
    yield made
    made.close()


def looked_at(page: Any, scripts: bool) -> None:
    """The page as it is now can be used by all. (axe needs scripts.)"""
    assert page.locator("h1").count() == 1
    if scripts:
        assert problems_of(page) == []
        assert sideways(page) == []


def press(page: Any, words: str) -> None:
    page.click(f"main button:has-text('{words}')")
    page.wait_for_load_state()


def test_from_registering_to_the_live_log(
    page: Any, city: City, backend: Documented, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    scripts, code = "without" not in name, "jalan-" + name.replace(" ", "-").lower()

    page.goto(f"{city.base}/integrasi/")
    fill_sign_in(page, "ivan")
    page.wait_for_url(f"{city.base}/integrasi/")
    looked_at(page, scripts)

    page.click("main a[href='/integrasi/baru/']")
    page.fill("#daftar-label", "Sistem perjalanan")
    page.fill("#daftar-code", code)
    page.select_option("#daftar-kind", "openapi")
    page.fill("#daftar-base_url", backend.url)
    looked_at(page, scripts)
    press(page, "Daftarkan")
    page.wait_for_url(f"{city.base}/integrasi/{code}/")

    page.click("main a:has-text('Unggah dokumen API')")
    page.set_input_files("#dokumen", {"name": "api.yaml", "mimeType": "application/yaml", "buffer": DOCUMENT})
    press(page, "Unggah dan baca")
    assert "API Angkutan" in page.inner_text("main")
    looked_at(page, scripts)

    page.goto(f"{city.base}/integrasi/{code}/")
    page.fill("#atur-test_url", backend.url)
    page.select_option("#atur-idempotency", "key")
    page.select_option("#atur-auth_type", "api_key")
    page.fill("#atur-auth_header", "X-Kunci")
    page.fill("#atur-options", '{"health_path": "/health"}')
    for number, (theirs, ours) in enumerate(list(WORDS.items())[:3]):  # as many rows as are empty
        page.fill(f"[name=kata-{number}]", theirs)
        page.select_option(f"[name=arti-{number}]", ours)
    press(page, "Simpan")
    page.fill("[name=kata-3]", "dibatalkan")
    page.select_option("[name=arti-3]", "WITHDRAWN")
    press(page, "Simpan")
    looked_at(page, scripts)
    assert "Tersimpan" in page.inner_text("main")
    page.click("main a:has-text('Kunci')")
    page.select_option("#kunci-name", "api_key")
    page.fill("#kunci-value", SECRET)
    looked_at(page, scripts)
    page.click("section:has(h2:has-text('Simpan rahasia')) button")
    page.wait_for_load_state()
    assert SECRET not in page.content()

    page.goto(f"{city.base}/integrasi/{code}/")
    press(page, "Uji alamat dasar")
    assert "Sistem menjawab dan menerima kredensial" in page.inner_text("main")
    assert backend.seen[-1][2]["x-kunci"] == SECRET
    looked_at(page, scripts)

    for role, operation in (("status", "statusIzin"), ("withdraw", "batalkanIzin"), ("submit", "ajukanIzin")):
        page.goto(f"{city.base}/integrasi/{code}/dokumen/")
        row = page.locator(f"tr:has(input[value='{operation}'])")
        row.locator("[name=peran]").select_option(role)
        if role == "submit":
            row.locator("[name=layanan]").select_option(SERVICE)
        row.locator("button").click()
        page.wait_for_load_state()
        assert "tersimpan sebagai konsep" in page.inner_text("body")

    page.wait_for_url(f"{city.base}/integrasi/{code}/layanan/{SERVICE}/")
    row = page.locator("tr:has([name^=to-][value=nopol])")
    row.locator("[name^=langkah-]").fill("trim, upper")
    press(page, "Pratinjau")
    assert "Yang akan dikirim" in page.inner_text("main")
    looked_at(page, scripts)
    press(page, "Simpan konsep")
    tested = len(backend.arrived)
    press(page, "Jalankan uji kontrak")
    assert "Uji kontrak hijau" in page.inner_text("body"), page.inner_text("main")
    assert len(backend.arrived) > tested
    looked_at(page, scripts)
    press(page, "Jalankan pemetaan ini")
    assert "Permohonan baru dikirim dengan pemetaan ini" in page.inner_text("body")

    def newest() -> str:
        return str(page.locator("#log li").first.inner_text())

    page.goto(f"{city.base}/integrasi/{code}/log/")
    shown = page.inner_text("main")
    assert "submit" in shown and SECRET not in shown and "3576010101900001" not in shown
    looked_at(page, scripts)
    before = newest()
    beside = page.context.new_page()
    beside.goto(f"{city.base}/integrasi/{code}/layanan/{SERVICE}/")
    press(beside, "Jalankan uji kontrak")
    beside.close()
    page.bring_to_front()
    if not scripts:
        page.click("main a:has-text('Muat ulang')")
    until(lambda: newest() != before)  # with scripts it asks again by itself
