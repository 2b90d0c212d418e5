"""Promise: the second step, recovery codes and passkeys work in a real browser under our content security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.factors import totp
from tests.journeys.conftest import City, until
from tests.journeys.test_applying import fill_sign_in, sign_in
from tests.journeys.test_pages import problems_of, sideways

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
SET_UP = "/akun/langkah-kedua/"


@pytest.fixture
def desk(browser: Any) -> Iterator[Any]:
    """A phone's tab whose console must stay silent, with a device that holds passkeys."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="id-ID")
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device = {**options, "isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    yield page
    context.close()
    assert not complaints, complaints


def held(page: Any) -> None:
    """The page that is open, at every width."""
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert not problems_of(page), page.url
    page.set_viewport_size({"width": 320, "height": 800})
    assert not sideways(page), page.url
    page.set_viewport_size({"width": 360, "height": 800})


def test_staff_write_the_code_and_reach_their_room(page: Any, city: City) -> None:
    page.goto(f"{city.base}/petugas/")
    fill_sign_in(page, "dewi")
    page.wait_for_url(f"{city.base}/petugas/")
    assert page.locator("h1").count() == 1


def test_a_wrong_code_can_be_understood(desk: Any, city: City) -> None:
    desk.goto(f"{city.base}/akun/masuk/")
    desk.fill("[name=login]", "rina@example.org")
    desk.fill("[name=password]", "mojokerto-demo")
    desk.click("main form button.k-btn")
    held(desk)
    desk.fill("[name=code]", "000000")
    desk.click("main form button.k-btn")
    desk.wait_for_function("document.activeElement?.className === 'k-errors'")
    held(desk)


def test_an_app_recovery_codes_and_a_passkey_are_set_up_and_used(desk: Any, city: City) -> None:
    sign_in(desk, city, "adi")
    desk.wait_for_url(f"{city.base}/akun/")
    desk.goto(f"{city.base}{SET_UP}")
    held(desk)
    desk.click("text=Pasang aplikasi autentikator")
    held(desk)
    seed = desk.inner_text("code.k-break")
    desk.fill("[name=code]", totp.code_at(seed, totp.counter_now()))
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}{SET_UP}cadangan/")
    held(desk)
    recovery = desk.locator(".k-codes code").all_inner_texts()
    with desk.expect_download() as kept:
        desk.click("text=Unduh kode")
    assert len(recovery) == 10 and recovery[0] in kept.value.path().read_text()

    desk.goto(f"{city.base}{SET_UP}kunci/tambah/")
    held(desk)
    desk.fill("[name=name]", "HP saya")
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}{SET_UP}")
    assert "Kunci sandi tersimpan" in desk.inner_text("main")
    held(desk)
    desk.goto(f"{city.base}{SET_UP}kunci/")
    assert "HP saya" in desk.inner_text("main")
    held(desk)

    desk.context.clear_cookies()  # by the passkey alone, and back to the page that asked
    desk.goto(f"{city.base}/akun/masuk/?next=/akun/email/")
    held(desk)
    desk.click("text=Masuk dengan kunci sandi")
    desk.wait_for_url(f"{city.base}/akun/email/")

    desk.context.clear_cookies()  # by the password and the passkey
    desk.goto(f"{city.base}/akun/masuk/")
    fill_sign_in(desk, "adi")
    desk.wait_for_url(f"{city.base}/akun/masuk/kode/")
    held(desk)
    desk.click("text=Pakai kunci sandi")
    desk.wait_for_url(f"{city.base}/akun/")

    desk.context.clear_cookies()  # by a recovery code
    desk.goto(f"{city.base}/akun/masuk/")
    fill_sign_in(desk, "adi")
    desk.fill("[name=code]", recovery[0])
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}/akun/")

    desk.goto(f"{city.base}{SET_UP}kunci/")
    for verb in ("Ubah nama", "Hapus"):
        desk.click(f"main a:has-text('{verb}')")
        held(desk)
        if verb == "Ubah nama":
            desk.fill("[name=name]", "HP lama")
        desk.click("main form button.k-btn")
        desk.wait_for_url(f"{city.base}{SET_UP}kunci/")
    assert "Belum ada kunci sandi" in desk.inner_text("main")
    desk.goto(f"{city.base}{SET_UP}cadangan/baru/")
    held(desk)
    desk.goto(f"{city.base}{SET_UP}aplikasi/cabut/")
    held(desk)
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}{SET_UP}")
    desk.context.clear_cookies()  # nothing is asked any more
    sign_in(desk, city, "adi")
    desk.wait_for_url(f"{city.base}/akun/")


def test_a_code_by_mail_signs_in_and_devices_are_listed_and_ended(desk: Any, browser: Any, city: City) -> None:
    desk.goto(f"{city.base}/akun/masuk/")
    desk.click("text=Kirim kode sekali pakai saja")
    held(desk)
    desk.fill("[name=login]", "alice@example.org")
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}/akun/masuk/sekali/kode/")
    held(desk)
    found = until(lambda: re.findall(r"^(\d{6})$", city.mails(), re.M))
    desk.fill("[name=code]", found[-1])
    desk.click("main form button.k-btn")
    desk.wait_for_url(f"{city.base}/akun/")

    other = browser.new_context(locale="id-ID").new_page()
    sign_in(other, city, "alice")
    other.wait_for_url(f"{city.base}/akun/")
    until(lambda: "dari perangkat baru" in city.mails())
    desk.goto(f"{city.base}/akun/perangkat/")
    held(desk)
    assert desk.locator("main li:has-text('Perangkat ini')").count() == 1
    while (ends := desk.locator("main li button:has-text('Keluarkan')")).count():
        ends.first.click()
        desk.wait_for_url(f"{city.base}/akun/perangkat/")
    other.goto(f"{city.base}/akun/")
    assert "/akun/masuk/" in other.url
    other.context.close()
    desk.click("text=Keluar dari semua perangkat")
    desk.wait_for_url(f"{city.base}/akun/masuk/")
    desk.goto(f"{city.base}/akun/")
    assert "/akun/masuk/" in desk.url
