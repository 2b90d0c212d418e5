"""Promise to departments: an editor changes the form of a service, sees it as residents will, and nobody who is filling it in
is disturbed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_applying import sign_in
from tests.journeys.test_editing import desk, enter, press  # noqa: F401
from tests.journeys.test_pages import problems_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
SERVICE = "akta-kematian"
QUESTION = "Sebutkan hubungannya"


def resident(browser: Any, city: City, name: str, *, scripts: bool = True) -> Any:
    page = browser.new_context(
        viewport={"width": 360, "height": 800}, locale="id-ID", java_script_enabled=scripts
    ).new_page()
    page.set_default_timeout(15_000)
    sign_in(page, city, name)
    return page


def open_part(page: Any, city: City, key: str) -> None:
    """The person's draft of the service, begun if there is none, at one part."""
    page.goto(f"{city.base}/layanan/{SERVICE}/ajukan/")
    page.goto(f"{page.url.rstrip('/')}/{key}/")


def child_of(page: Any, name: str) -> Any:
    """The block whose type stands in the input of this name."""
    return page.locator(f"[data-streamfield-child]:has(> input[name='{name}-type'])")


def add_last(page: Any, block: Any, kind: str) -> None:
    button = block.locator("button.c-sf-add-button").last
    button.scroll_into_view_if_needed()
    button.click()
    page.locator("[role=option]").get_by_text(kind, exact=True).click()


def offered(page: Any) -> list[str]:
    values: list[str] = page.eval_on_selector_all("#penyusun-pilihan option", "all => all.map(one => one.value)")
    return values


def test_bob_adds_a_question_with_a_condition_and_alice_is_asked_while_adi_goes_on_undisturbed(
    desk: Any,  # noqa: F811
    browser: Any,
    city: City,
) -> None:
    adi = resident(browser, city, "adi", scripts=False)
    open_part(adi, city, "pemohon")
    assert QUESTION not in adi.content()

    enter(desk, city, "bob")
    desk.goto(f"{city.base}/kelola/pages/")
    desk.click("main a:has-text('Akta Kematian')")
    desk.wait_for_url("**/edit/")
    desk.wait_for_load_state("networkidle")
    desk.click(".w-slim-header .w-dropdown__toggle, header .w-dropdown__toggle")
    desk.click("a[href*='/formpage/']")
    desk.wait_for_load_state("networkidle")
    desk.wait_for_timeout(5_000)  # the editor notes a while later what the form began with: until then nothing saves itself

    part = child_of(desk, "body-0")
    part.locator("> section > .w-panel__header [data-panel-toggle]").click()
    number = int(desk.input_value("[name='body-0-value-questions-count']"))
    add_last(desk, part, "Teks pendek")
    base = f"body-0-value-questions-{number}"
    desk.fill(f"[name='{base}-value-label']", QUESTION)
    desk.fill(f"[name='{base}-value-label_en']", "What is your relation?")
    desk.check(f"[name='{base}-value-required']")
    add_last(desk, child_of(desk, base).locator("[data-contentpath='show_if']"), "Syarat")
    rule = f"{base}-value-show_if-rules-0-value"
    desk.click(f"[name='{rule}-field']")
    assert offered(desk) == ["nik", "nama", "telepon", "hubungan"], "the questions that come before, and no other"
    desk.fill(f"[name='{rule}-field']", "hubungan")
    desk.click(f"[name='{rule}-value']")
    [*others, last] = offered(desk)
    assert len(others) == 4
    desk.fill(f"[name='{rule}-value']", last)
    desk.press(f"[name='{rule}-value']", "Tab")
    desk.wait_for_timeout(2_000)  # the editor saves by itself, a moment after the last key
    desk.wait_for_url("**/edit/**")
    desk.wait_for_load_state("networkidle")
    edit = re.sub(r"[?#].*", "", desk.url)
    desk.goto(edit)
    desk.wait_for_load_state("networkidle")
    assert desk.input_value(f"[name='{rule}-value']") == last

    desk.click("[data-side-panel-toggle=preview], button[aria-label*='ratinjau'], button[aria-label*='review']")
    frame = desk.frame_locator("iframe[data-w-preview-target=iframe], .w-preview iframe").first
    frame.locator("main").wait_for()
    desk.wait_for_load_state("networkidle")
    desk.select_option("select[data-w-preview-target=mode], #id_preview_mode", "bagian:pemohon")
    frame.locator(".k-field", has_text=QUESTION).wait_for(state="attached")
    assert desk.evaluate("document.querySelector('.w-preview iframe, iframe').contentWindow.innerWidth") <= 400

    identity = edit.split("/pages/")[1].split("/")[0]
    for width in (1280, 360):
        desk.set_viewport_size({"width": width, "height": 900})
        desk.goto(f"{city.base}/kelola/formulir/{identity}/coba/bagian/pemohon/")
        assert problems_of(desk) == []
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.check("text=Lainnya")
    desk.click("form button.k-btn[value=lanjut]")
    assert "Isi sebutkan hubungannya" in desk.inner_text(".k-errors"), "half of it is tried, and said in finished sentences"
    desk.goto(f"{city.base}/kelola/formulir/{identity}/uji/")
    desk.click("main form button.button")
    assert "Berhasil" in desk.inner_text("main")

    desk.context.clear_cookies()
    enter(desk, city, "admin", edit.removeprefix(city.base))  # whoever may publish
    desk.wait_for_load_state("networkidle")
    press(desk, "button[name=action-publish]")

    alice = resident(browser, city, "alice")
    open_part(alice, city, "pemohon")
    assert not alice.get_by_label(QUESTION).is_visible()
    alice.check("text=Lainnya")
    assert alice.get_by_label(QUESTION).is_visible()
    assert problems_of(alice) == []
    adi.reload()
    assert QUESTION not in adi.content(), "what adi began stays as it was"
    for page in (alice, adi):
        page.context.close()
