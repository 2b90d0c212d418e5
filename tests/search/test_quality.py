"""People find what they mean: the tuned sets are held at a floor here, all sets are told by `make bench`."""

import pytest

from portal.demo import city
from services.catalogue import synonyms
from services.catalogue.models import Service
from services.catalogue.search import SearchQuery, search_services, suggest_services
from tests.search import quality


def rank(text: str) -> list[str]:
    codes = dict(Service.objects.filter(is_public=True).values_list("pk", "code"))
    return [codes[pk] for pk in search_services(SearchQuery(text)).ids]


@pytest.mark.usefixtures("demo_city")
@pytest.mark.parametrize("name", ["queries.txt", "practice.txt", "street.txt"])
def test_the_tuned_queries_stay_above_their_floor(name: str) -> None:
    asked = quality.read(name)
    figures = quality.measure(quality.tuned(asked) if name == "queries.txt" else asked, rank)
    told = [(one.text, got) for one, got in figures.misses]
    assert figures.among_three / figures.asked >= 0.95, told
    assert figures.first / figures.asked >= 0.85, told
    assert figures.nothing / figures.asked <= 0.02, told


def test_the_halves_are_halves_and_every_service_is_asked_for() -> None:
    asked = quality.read()
    assert len(asked) >= 300 and len({one.text for one in asked}) == len(asked)
    assert 0.4 <= len(quality.held_out(asked)) / len(asked) <= 0.6
    codes = {code for one in asked for code in one.codes}
    assert codes == {row["slug"] for row in city.read("services")["services"]}


@pytest.mark.usefixtures("demo_city")
def test_no_query_of_a_held_out_set_is_in_a_tuned_one() -> None:
    tuned = {synonyms.folded(one.text) for name in ("practice.txt", "street.txt") for one in quality.read(name)}
    tuned |= {synonyms.folded(one.text) for one in quality.tuned(quality.read())}
    for name in ("fresh.txt", "corner.txt", "stranger.txt"):
        assert not tuned & {synonyms.folded(one.text) for one in quality.read(name)}, name
    known = set(Service.objects.values_list("code", flat=True))
    assert {code for name in quality.SETS for one in quality.read(name) for code in one.codes} <= known


def test_no_link_says_the_exact_words_of_a_query() -> None:
    """A link that repeats a query would only prove that it can be looked up."""
    asked = {synonyms.folded(one.text) for name in quality.SETS for one in quality.read(name)}
    links = {words for words, _means, _loose in synonyms.read_stock(synonyms.STOCK.read_text("utf-8"))}
    links |= {synonyms.folded(w) for line in city.read("search_words")["words"].values() for w in line.split(",")}
    assert not {words for words in asked & links if " " in words}


@pytest.mark.usefixtures("demo_city")
def test_suggestions_are_the_first_of_what_a_search_finds() -> None:
    """Fewer entries are looked at closely: of all queries in people's words no first suggestion may be another service."""
    other = []
    for asked in (one for name in quality.SETS for one in quality.read(name)):
        found = search_services(SearchQuery(asked.text)).ids[:1]
        if suggest_services(asked.text, 6)[:1] != found:
            other.append(asked.text)
    assert not other
