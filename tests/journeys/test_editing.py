"""Promise to departments: an editor changes a page in the real editor, a reviewer approves, it is live and found at once, and
the rest is closed. All of it under the strict content security policy: a refused script would be a complaint of the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_applying import fill_sign_in

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
DEPARTMENT = "Dinas Kependudukan dan Pencatatan Sipil"


def tab(browser: Any, complaints: list[str]) -> Any:
    """A tab at a desk. Any complaint of the console, and any answer of 500, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="id-ID")
    page = context.new_page()
    page.set_default_timeout(30_000)

    def hear(message: Any) -> None:
        if message.type == "error" and "status of 404" not in message.text:
            complaints.append(f"{message.text} {message.location['url']}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
    return page


@pytest.fixture
def desk(browser: Any) -> Iterator[Any]:
    complaints: list[str] = []
    page = tab(browser, complaints)
    yield page
    page.context.close()
    assert not complaints, complaints


@pytest.fixture
def second_desk(browser: Any) -> Iterator[Any]:
    """Of somebody else, at the same time."""
    complaints: list[str] = []
    page = tab(browser, complaints)
    yield page
    page.context.close()
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
    page.wait_for_timeout(5000)  # the editor notes a while later what the form began with: until then nothing saves itself


def press(page: Any, button: str) -> None:
    """One of the buttons in the menu at the foot of the editor; it answers with a message. First the draft saves itself."""
    page.wait_for_timeout(1500)
    page.wait_for_load_state("networkidle")
    page.click("footer button:has-text('More actions'), footer .w-dropdown__toggle")
    page.click(button)
    page.wait_for_selector(".messages .success")


def public_text(browser: Any, url: str) -> str:
    """What somebody without an account reads."""
    context = browser.new_context(locale="id-ID")
    page = context.new_page()
    page.goto(url)
    text = str(page.inner_text("main"))
    context.close()
    return text


def approve(page: Any) -> None:
    page.click("footer button:has-text('More actions'), footer .w-dropdown__toggle")
    page.click("button[data-workflow-action-name=approve]:not([data-workflow-action-modal-url])")
    page.wait_for_selector(".messages .success")


def test_bob_submits_rina_asks_for_a_change_and_approves_and_it_is_found_at_once(
    desk: Any, second_desk: Any, browser: Any, city: City
) -> None:
    rina = second_desk
    enter(desk, city, "bob")
    open_birth_page(desk, city)
    edit, note, product = desk.url, desk.input_value("[name=fee_note]"), desk.input_value("[name=product]")
    page = re.sub(r"\D", "", edit.rsplit("/edit/", 1)[0].rsplit("/", 1)[1])

    # The gate beside the editor: what is missing, and the way there.
    desk.click("[data-side-panel-toggle=gate]")
    assert desk.locator("[data-side-panel=gate] .gate").get_attribute("data-gate-missing") == "0"
    desk.fill("[name=product]", "")
    desk.wait_for_selector("[data-side-panel=gate] .gate[data-gate-missing='1']")  # the draft saved itself
    desk.click("[data-side-panel=gate] a[data-gate-field=product]")
    assert desk.evaluate("document.activeElement.name") == "product"
    desk.fill("[name=product]", product)
    desk.wait_for_selector("[data-side-panel=gate] .gate[data-gate-missing='0']")
    desk.click("[data-side-panel-toggle=gate]")

    desk.uncheck("[name=fee_free]")
    desk.fill("[name=fee_amount]", "26000")
    desk.fill("[name=fee_note]", "Retribusi uji lumbalumba")
    press(desk, "button[name=action-submit]")
    assert "Rp26.000" not in public_text(browser, f"{city.base}/layanan/akta-kelahiran/"), "not before the review"

    enter(rina, city, "rina")
    rina.click(f"main a[href*='/kelola/pages/{page}/edit/']")
    rina.wait_for_load_state("networkidle")
    assert rina.input_value("[name=fee_amount]") == "26000"
    rina.click("footer button:has-text('More actions'), footer .w-dropdown__toggle")
    rina.click("button[data-workflow-action-name=reject]")
    rina.fill(".modal textarea[name=comment]", "Tarifnya 27 ribu, lihat perda")
    rina.click(".modal form button[type=submit]")
    rina.wait_for_selector(".messages .success")

    desk.goto(edit)
    desk.wait_for_load_state("networkidle")
    desk.fill("[name=fee_amount]", "27000")
    press(desk, "button[name=action-submit]")

    try:
        rina.goto(f"{city.base}/kelola/")
        rina.click(f"main a[href*='/kelola/pages/{page}/edit/']")
        rina.wait_for_load_state("networkidle")
        approve(rina)
        shown = public_text(browser, f"{city.base}/layanan/akta-kelahiran/")
        assert "Rp27.000" in shown and "Retribusi uji lumbalumba" in shown
        listed = public_text(browser, f"{city.base}/layanan/?dinas=dispendukcapil")
        row = re.search(r"Penerbitan Akta Kelahiran.{0,400}?Rp27\.000", listed, re.DOTALL)
        assert row is not None, listed[:3000]
        assert "Penerbitan Akta Kelahiran" not in public_text(browser, f"{city.base}/layanan/?dinas=dispendukcapil&gratis=1")
        assert "Rp27.000" in public_text(browser, f"{city.base}/layanan/?q=akte+lair")
        assert "27 ribu" in city.mails() and "Retribusi" not in city.mails(), "the note is mailed, the page is not"
    finally:
        desk.goto(edit)
        desk.wait_for_load_state("networkidle")
        desk.fill("[name=fee_amount]", "")
        desk.fill("[name=fee_note]", note)
        desk.check("[name=fee_free]")
        press(desk, "button[name=action-submit]")
        rina.goto(edit)
        rina.wait_for_load_state("networkidle")
        approve(rina)
    assert "Rp27.000" not in public_text(browser, f"{city.base}/layanan/akta-kelahiran/")


def test_the_clock_of_a_page_is_set_without_an_inline_script(desk: Any, city: City) -> None:
    enter(desk, city, "bob")
    open_birth_page(desk, city)
    desk.click("#tab-label-isi, [role=tab] >> nth=0")
    desk.click("[name=reviewed]")
    desk.wait_for_selector(".xdsoft_datetimepicker:visible")
    assert desk.locator("template[data-chooser]").count() == 0, "each was started"


def test_the_second_to_save_is_warned_and_both_texts_are_kept(desk: Any, second_desk: Any, city: City) -> None:
    enter(desk, city, "bob")
    open_birth_page(desk, city)
    other = second_desk
    enter(other, city, "admin", desk.url.removeprefix(city.base))
    other.wait_for_load_state("networkidle")
    other.fill("[name=late]", "Tulisan pertama")
    other.click("footer button:has-text('Save draft'), footer .action-save >> nth=0")
    other.wait_for_selector(".messages .success")
    form = desk.evaluate("""async () => {
        const form = document.querySelector('[data-edit-form]');
        const data = new FormData(form);
        data.set('late', 'Tulisan kedua');
        const answer = await fetch(location.href, {method: 'POST', body: data});
        return await answer.text();
    }""")
    assert "versi yang lebih baru" in form and "Tulisan kedua" in form and "Belum ada yang disimpan" in form
    other.reload()
    other.wait_for_load_state("networkidle")
    assert other.input_value("[name=late]") == "Tulisan pertama"


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
