"""Whoever writes, reviews or runs the city can use their screens, on a phone and on a desk: axe finds nothing, nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_pages import by_name, look, problems_of, see, state_of  # noqa: F401 - fixtures

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

# Ours, in our own frame: held against everything that the public pages are.
OURS = [
    ("translations", "bob", "/petugas/terjemahan/", 200),
    ("translations, of all departments", "oper", "/petugas/terjemahan/", 200),
    ("spreadsheet", "bob", "/petugas/layanan/impor/", 200),
    ("searches", "bob", "/petugas/pencarian/", 200),
    ("guide", "bob", "/petugas/pencarian/pandu/kesehatan/", 200),
    ("pages to mend, of the reviewer", "rina", "/petugas/halaman/", 200),
]
# In Wagtail's frame: what opens, and what is pressed there before it is looked at.
FRAMED = [
    ("front", "bob", "/kelola/", ""),
    ("own pages", "bob", "/kelola/pages/{corner}/", ""),
    ("service", "bob", "/kelola/pages/{service}/edit/", ""),
    ("gate of a service", "bob", "/kelola/pages/{service}/edit/", "[data-side-panel-toggle=gate]"),
    ("service in English", "bob", "/kelola/pages/{english}/edit/", ""),
    ("examples to begin from", "bob", "/kelola/pages/add/cms/servicepage/{corner}/", ""),
    ("history of a page", "bob", "/kelola/pages/{service}/history/", ""),
    ("take offline", "admin", "/kelola/pages/{service}/unpublish/", ""),
    ("form builder", "bob", "/kelola/pages/{form}/edit/", ""),
    ("form, sentences", "bob", "/kelola/formulir/{form}/coba/", ""),
    ("form, import", "bob", "/kelola/formulir/{form}/impor/", ""),
    ("form, connection", "bob", "/kelola/formulir/{form}/uji/", ""),
    ("where applications go", "bob", "/kelola/layanan/{service}/tujuan/", ""),
    ("journey editor", "admin", "/kelola/pages/{journey}/edit/", ""),
    ("home page's blocks", "admin", "/kelola/pages/{home}/edit/", ""),
]


@pytest.fixture(scope="module")
def pages(browser: Any, city: City, state_of: Callable[[str], Any]) -> dict[str, int]:  # noqa: F811
    """Ids of one page of each kind; the form is made from the published one."""
    context = browser.new_context(locale="id-ID", storage_state=state_of("admin"))

    def of(kind: str, **more: str) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in {"type": f"cms.{kind}", "fields": "*", **more}.items())
        found: dict[str, Any] = context.request.get(f"{city.base}/kelola/api/main/pages/?{query}").json()["items"][0]
        return found

    service = of("ServicePage", slug="akta-kelahiran", locale="id")
    found = {
        "service": service["id"],
        "english": of("ServicePage", slug="akta-kelahiran", locale="en")["id"],
        "corner": service["meta"]["parent"]["id"],
        "journey": of("JourneyPage", locale="id")["id"],
        "home": of("HomePage", locale="id")["id"],
    }
    context.close()
    tab = browser.new_context(locale="id-ID", storage_state=state_of("bob")).new_page()
    tab.goto(f"{city.base}/kelola/pages/add/cms/formpage/{found['service']}/")
    tab.wait_for_load_state("networkidle")
    if "/edit/" not in tab.url:
        tab.click("footer button[type=submit], footer button.action-save")
        tab.wait_for_url("**/edit/**")
    found["form"] = int(tab.url.split("/pages/")[1].split("/")[0])
    tab.context.close()
    return found


@pytest.mark.parametrize(("who", "address", "expected"), by_name(OURS))
def test_staff_can_use_it(who: str, address: str, expected: int, look: Any, city: City) -> None:  # noqa: F811
    see(look(who), city.base + address, expected)


def test_what_is_proposed_for_a_guide_can_be_read_by_whoever_decides(look: Any, city: City) -> None:  # noqa: F811
    address = f"{city.base}/petugas/pencarian/pandu/kesehatan/"
    bob, _complaints = look("bob")
    bob.goto(address)
    outline = bob.input_value("[name=isi]")
    bob.fill("[name=isi]", outline.replace("?", "? Jadi,", 1))
    bob.click("button:has-text('Usulkan')")
    see(look("rina"), address, 200)
    rina, _complaints = look("rina")
    assert rina.locator("ins").count() == rina.locator("del").count() == 1
    rina.click("button:has-text('Tolak')")
    assert rina.locator("ins").count() == 0


@pytest.mark.parametrize(("who", "address", "press"), by_name(FRAMED))
def test_editors_can_use_it(who: str, address: str, press: str, look: Any, pages: dict[str, int], city: City) -> None:  # noqa: F811
    page, complaints = look(who)
    found: list[str] = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        answer = page.goto(city.base + address.format_map(pages))
        assert answer is not None and answer.status == 200, answer
        page.wait_for_load_state("networkidle")
        if press:
            page.locator(press).first.click()
            page.wait_for_timeout(700)
        found += [f"{width} px: {problem}" for problem in problems_of(page)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{width} px: scrolls sideways, {wide}"] if wide > width else []
    found += [f"console: {text} {where}" for text, where in complaints]
    assert not found, "\n".join(found)
