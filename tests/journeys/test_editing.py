"""Promise to departments: an editor changes a page in the real editor, it is live and found at once, and the rest is closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_applying import fill_sign_in

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
DEPARTMENT = "Dinas Kependudukan dan Pencatatan Sipil"


@pytest.fixture
def desk(browser: Any) -> Iterator[Any]:
    """A tab at a desk. Any complaint of the console, and any answer of 500, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="id-ID")
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []

    def hear(message: Any) -> None:
        if message.type == "error" and "status of 404" not in message.text:
            complaints.append(f"{message.text} {message.location['url']}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert not complaints, complaints


def enter(page: Any, city: City, name: str, wanted: str = "/kelola/") -> None:
    """The back office sends to our sign-in, and from there back to what was wanted."""
    page.goto(city.base + wanted)
    assert page.url.startswith(f"{city.base}/akun/masuk/?next=/kelola/"), page.url
    fill_sign_in(page, name)
    page.wait_for_url(f"{city.base}{wanted}**")


def open_birth_page(page: Any, city: City) -> None:
    page.goto(f"{city.base}/kelola/pages/")
    page.click("main a:has-text('Penerbitan Akta Kelahiran')")
    page.wait_for_url("**/edit/")
    page.wait_for_load_state("networkidle")


def publish(page: Any) -> None:
    page.click("footer button:has-text('More actions'), footer .w-dropdown__toggle")
    page.click("button[name=action-publish]")
    page.wait_for_selector(".messages .success")


def public_text(browser: Any, url: str) -> str:
    """What somebody without an account reads."""
    context = browser.new_context(locale="id-ID")
    page = context.new_page()
    page.goto(url)
    text = str(page.inner_text("main"))
    context.close()
    return text


def test_bob_changes_a_fee_and_it_is_live_and_found_at_once(desk: Any, browser: Any, city: City) -> None:
    enter(desk, city, "bob")
    open_birth_page(desk, city)
    edit, note = desk.url, desk.input_value("[name=fee_note]")
    assert "Rp27.000" not in public_text(browser, f"{city.base}/layanan/akta-kelahiran/")
    try:
        desk.uncheck("[name=fee_free]")
        desk.fill("[name=fee_amount]", "27000")
        desk.fill("[name=fee_note]", "Retribusi uji lumbalumba")
        publish(desk)
        shown = public_text(browser, f"{city.base}/layanan/akta-kelahiran/")
        assert "Rp27.000" in shown and "Retribusi uji lumbalumba" in shown
        listed = public_text(browser, f"{city.base}/layanan/?dinas=dispendukcapil")
        row = re.search(r"Penerbitan Akta Kelahiran.{0,400}?Rp27\.000", listed, re.DOTALL)
        assert row is not None, listed[:3000]
        assert "Penerbitan Akta Kelahiran" not in public_text(browser, f"{city.base}/layanan/?dinas=dispendukcapil&gratis=1")
        assert "Rp27.000" in public_text(browser, f"{city.base}/layanan/?q=akte+lair")
    finally:
        desk.goto(edit)
        desk.wait_for_load_state("networkidle")
        desk.fill("[name=fee_amount]", "")
        desk.fill("[name=fee_note]", note)
        desk.check("[name=fee_free]")
        publish(desk)
    assert "Rp27.000" not in public_text(browser, f"{city.base}/layanan/akta-kelahiran/")


def test_bob_sees_no_other_departments_page(desk: Any, city: City) -> None:
    enter(desk, city, "bob", "/kelola/pages/")
    desk.wait_for_load_state("networkidle")
    rows = desk.locator("main table .title a").all_inner_texts()
    assert "Penerbitan Akta Kelahiran" in " ".join(rows)
    assert "Perantingan" not in desk.content() and "Lingkungan Hidup" not in desk.content()
    desk.goto(f"{city.base}/kelola/pages/search/?q=perantingan")
    assert "Perantingan Pohon" not in desk.inner_text("main")


def test_dewi_cannot_open_bobs_page(desk: Any, city: City) -> None:
    enter(desk, city, "bob")
    open_birth_page(desk, city)
    edit = desk.url
    desk.click(".sidebar-footer button:has-text('Bob')")
    desk.click(".sidebar form[action='/kelola/logout/'] button")
    desk.wait_for_url(f"{city.base}/")
    assert "Bob" not in desk.inner_text("header"), "signed out of the back office, signed out of the portal"
    enter(desk, city, "dewi")
    for address in (
        edit,
        edit.replace("/edit/", "/history/"),
        edit.replace("/edit/", "/copy/"),
        edit.replace("/edit/", "/"),
    ):
        answer = desk.goto(address)
        assert answer.status == 404 or desk.url != address, (address, answer.status)
        assert "Penerbitan Akta Kelahiran" not in desk.content()
    desk.goto(f"{city.base}/kelola/pages/")
    assert "Dinas Lingkungan Hidup" in desk.inner_text("main") and DEPARTMENT not in desk.content()


def test_a_resident_is_told_plainly(desk: Any, city: City) -> None:
    desk.goto(f"{city.base}/akun/masuk/")
    fill_sign_in(desk, "alice")
    desk.wait_for_url(f"{city.base}/akun/")
    context = desk.context
    answer = context.request.get(f"{city.base}/kelola/")
    assert answer.status == 403 and "Alice Contoh" in answer.text()
