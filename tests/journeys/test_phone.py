"""Promise: with a mobile number alone a person makes an account, leaves it and comes back by a code, on a phone without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.conftest import City, until
from tests.journeys.test_pages import problems_of, sideways

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
NUMBER = "+6281355512345"


def newest_code(city: City, after: int) -> str:
    def found() -> str:
        codes = re.findall(r"@localhost #(\d{6})", city.texts())
        return codes[-1] if len(codes) > after else ""

    return str(until(found))


def press(page: Any) -> None:
    page.click("main form button.k-btn")


def test_an_account_by_phone_without_javascript(browser: Any, city: City) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="id-ID", java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{city.base}/akun/masuk/")
    page.click("text=Buat akun")
    page.fill("[name=name]", "Wati Contoh")
    page.fill("[name=email]", "0813 5551 2345")
    page.fill("[name=password1]", "gerobak biru tiga puluh")
    press(page)
    page.wait_for_url(f"{city.base}/akun/daftar/kode/")
    page.fill("[name=code]", newest_code(city, 0))
    press(page)
    page.wait_for_url(f"{city.base}/akun/")
    assert "Halo, Wati" in page.inner_text("h1")

    page.goto(f"{city.base}/akun/keluar/")
    press(page)
    page.goto(f"{city.base}/akun/nomor/")
    page.click("text=Kirim kode sekali pakai saja")
    page.fill("[name=login]", "+62 813-5551-2345")
    press(page)
    page.wait_for_url(f"{city.base}/akun/masuk/sekali/kode/")
    page.fill("[name=code]", newest_code(city, 1))
    press(page)
    page.wait_for_url(f"{city.base}/akun/nomor/")
    assert "+62 8•• •••• 2345" in page.inner_text("main")
    context.close()
    city.holds_no_secret_in_its_logs(NUMBER, NUMBER[3:], "gerobak biru")


def test_the_pages_of_phone_sign_in_can_be_read_by_everybody(browser: Any, city: City) -> None:
    context = browser.new_context(locale="id-ID")
    page = context.new_page()
    page.set_default_timeout(15_000)

    def held(name: str) -> None:
        for width in (1280, 360, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert not problems_of(page) and not sideways(page), (page.url, width)
            page.screenshot(path=str(city.var / f"telepon-{name}-{width}.png"), full_page=True)

    for path in ("masuk", "daftar", "masuk/sekali", "sandi/lupa"):
        page.goto(f"{city.base}/akun/{path}/")
        held(path.replace("/", "-"))
        press(page)
        held(path.replace("/", "-") + "-salah")
    page.goto(f"{city.base}/akun/masuk/sekali/")
    page.fill("[name=login]", "0813 5550 0000")
    press(page)
    page.wait_for_url(f"{city.base}/akun/masuk/sekali/kode/")
    held("kode")
    page.fill("[name=code]", "000000")
    press(page)
    held("kode-salah")
    page.goto(f"{city.base}/akun/masuk/")
    page.fill("[name=login]", "adi@example.org")
    page.fill("[name=password]", "mojokerto-demo")
    press(page)
    page.wait_for_url(f"{city.base}/akun/")
    page.goto(f"{city.base}/akun/nomor/")
    held("nomor")
    context.close()
