"""Promise to residents: suggestions come while typing and can be used by keyboard and by screen reader; without script the form searches."""

from __future__ import annotations

import urllib.parse
import urllib.request
from typing import Any

import pytest

from tests.journeys.conftest import City
from tests.journeys.test_pages import problems_of, sideways

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

FIELD = "main form[data-suggest] input[name=q]"
OPTION = "[role=listbox] [role=option]"
MOST_BYTES = 4096
BEGINNINGS = ("ak", "akta kel", "surat keterangan", "izin", "bantuan", "pbb", "a", "birth", "ktp ilang", "zzxqw")


def without_script(request: pytest.FixtureRequest) -> bool:
    return "without" in request.node.callspec.id


def state(page: Any, name: str) -> str | None:
    found: str | None = page.get_attribute(FIELD, name)
    return found


@pytest.mark.parametrize(("address", "words", "more"), [("/", "akta kel", "a"), ("/en/layanan/", "birth cert", "i")])
def test_a_suggestion_is_chosen_with_the_keyboard(
    page: Any, city: City, request: pytest.FixtureRequest, address: str, words: str, more: str
) -> None:
    results = "/en/layanan/" if address.startswith("/en/") else "/layanan/"
    page.goto(f"{city.base}{address}")
    page.focus(FIELD)
    page.keyboard.type(words)
    if without_script(request):
        assert page.locator(OPTION).count() == 0 and state(page, "role") is None, "nothing is promised that is not there"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{city.base}{results}?q={words.replace(' ', '+')}")
        assert page.locator("main a[data-code='akta-kelahiran']").count() == 1
        return
    page.wait_for_selector(OPTION)
    assert state(page, "role") == "combobox" and state(page, "aria-autocomplete") == "list"
    assert state(page, "aria-expanded") == "true" and state(page, "aria-activedescendant") is None
    assert page.locator(f"#{state(page, 'aria-controls')}").get_attribute("role") == "listbox"
    told = page.locator("main form[data-suggest] [role=status]")
    assert "Enter" in told.text_content(), "a screen reader is told how many there are and what to do"
    assert page.locator(f"{OPTION}[aria-selected=true]").count() == 0
    assert problems_of(page) == [] and sideways(page) == []

    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"{OPTION}[aria-selected=true]")
    assert chosen.count() == 1 and state(page, "aria-activedescendant") == chosen.get_attribute("id")
    assert problems_of(page) == []
    page.keyboard.press("ArrowUp")
    last = page.locator(OPTION).last
    assert last.get_attribute("aria-selected") == "true", "from the first one up to the last"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.name") == "q", "the focus stays where people type"

    page.keyboard.press("Escape")
    assert page.locator(OPTION).locator("visible=true").count() == 0
    assert state(page, "aria-expanded") == "false" and state(page, "aria-activedescendant") is None
    assert page.input_value(FIELD) == words, "nothing that was typed is lost"

    page.keyboard.type(more)
    page.wait_for_selector(f"{OPTION} >> visible=true")
    page.keyboard.press("ArrowDown")
    wanted = page.locator(f"{OPTION}[aria-selected=true]").get_attribute("data-url")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{city.base}{wanted}")
    assert wanted == f"{results}akta-kelahiran/"


def test_enter_without_a_choice_searches_for_what_was_typed(page: Any, city: City) -> None:
    page.goto(f"{city.base}/layanan/")
    page.focus(FIELD)
    page.keyboard.type("akta kel")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{city.base}/layanan/?q=akta+kel")


def test_suggestions_and_their_script_are_light(city: City) -> None:
    """Both are weighed as they are, before compression."""
    with urllib.request.urlopen(f"{city.base}/layanan/") as answer:
        html = answer.read().decode()
    script = next(part.split('"')[0] for part in html.split('src="') if "/cari." in part.split('"')[0])
    with urllib.request.urlopen(urllib.parse.urljoin(city.base, script)) as answer:
        assert 0 < len(answer.read()) <= MOST_BYTES
    for begun in BEGINNINGS:
        with urllib.request.urlopen(f"{city.base}/layanan/cari/saran/?q={urllib.parse.quote(begun)}") as answer:
            assert len(answer.read()) <= MOST_BYTES, begun
