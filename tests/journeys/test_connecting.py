"""Promise to departments: an integrator alone connects a system that the portal has never seen, from registering to the live log.

At phone and desk width, and without JavaScript; every page on the way can be used by all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.documented import Documented
from tests.journeys.conftest import City
from tests.journeys.test_applying import fill_sign_in
from tests.journeys.test_pages import problems_of, sideways
from tests.services.adapters.connecting.document import DOCUMENT

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]
SERVICE = "akta-perkawinan"  # of the counter: nobody has connected it
SECRET = "kunci-perjalanan-4711"
OPTIONS = {
    "auth": {"type": "api_key", "header": "X-Kunci"},
    "health_path": "/health",
    "words": {"diterima": "RECEIVED", "selesai": "COMPLETED", "ditolak": "REFUSED", "dibatalkan": "WITHDRAWN"},
}


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
    page.fill("#atur-options", json.dumps(OPTIONS))
    press(page, "Simpan")
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

    page.goto(f"{city.base}/integrasi/{code}/log/")
    shown = page.inner_text("main")
    assert "submit" in shown and SECRET not in shown and "3576010101900001" not in shown
    looked_at(page, scripts)
    before = page.locator("main tbody tr").count()
    beside = page.context.new_page()
    beside.goto(f"{city.base}/integrasi/{code}/layanan/{SERVICE}/")
    press(beside, "Jalankan uji kontrak")
    beside.close()
    if scripts:  # it asks again by itself
        page.wait_for_function(f"document.querySelectorAll('main tbody tr').length > {before}")
    else:
        page.click("main a:has-text('Muat ulang')")
        page.wait_for_load_state()
        assert page.locator("main tbody tr").count() > before
