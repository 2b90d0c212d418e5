"""The API says what the pages say: the catalogue to everybody, refusals in words and never a 500."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from services.catalogue.models import Service, ServiceText
from tests.portal.api_calls import ANSWERS, problem_of, read

pytestmark = pytest.mark.usefixtures("demo_city")


def test_everybody_reads_the_services_without_an_account_or_a_cookie(api: Client) -> None:
    answer = api.get("/api/v1/services")
    assert answer.status_code == 200 and not answer.cookies
    first = answer.json()
    assert set(first) == {"results", "next", "count"}
    assert first["count"] == 94 and len(first["results"]) == 50
    second = api.get(first["next"]).json()
    assert len(second["results"]) == 44 and second["next"] is None
    codes = [row["code"] for row in first["results"] + second["results"]]
    assert len(set(codes)) == 94
    row = next(row for row in first["results"] + second["results"] if row["code"] == "akta-kelahiran")
    assert row == {
        "code": "akta-kelahiran",
        "name": "Penerbitan Akta Kelahiran",
        "summary": row["summary"],
        "language": "id",
        "department": "dispendukcapil",
        "category": "kependudukan",
        "channel": "FORM",
        "availability": "AVAILABLE",
        "free": True,
        "fee_amount": None,
        "fee_note": "Tidak dipungut biaya",
        "time": {"value": 3, "unit": "hari_kerja"},
        "illustrative": True,
        "url": "/layanan/akta-kelahiran/",
        "updated_at": row["updated_at"],
        "withdrawn": False,
    }


@pytest.mark.parametrize("words", ["akte lair", "ktp ilang", "izin usaha", "pohon", "pajak", "kebakaran"])
def test_a_search_has_the_order_of_the_page(api: Client, words: str) -> None:
    hits = read(api, f"services?q={words}&page_size=200")
    html = api.get(f"/layanan/?q={words}").content.decode()
    shown = re.findall(r'<h3[^>]*><a[^>]* href="(/layanan/[a-z0-9-]+/)"', html)
    assert shown and shown == [row["url"] for row in hits["results"]][: len(shown)]
    assert len(shown) == min(20, hits["count"])


def test_a_search_too_long_is_cut_as_on_the_page(api: Client) -> None:
    words = "akta kelahiran" + " " * 190 + "pohon"
    assert read(api, f"services?q={words}")["results"] == read(api, "services?q=akta kelahiran")["results"]


def test_a_search_for_nothing_known_is_an_empty_list(api: Client) -> None:
    assert read(api, "services?q=zzxqw") == {"results": [], "next": None, "count": 0}


def test_filters_narrow_and_combine(api: Client) -> None:
    def codes(query: str) -> set[str]:
        return {row["code"] for row in read(api, f"services?page_size=200&{query}")["results"]}

    everything = read(api, "services?page_size=200")["results"]
    assert codes("department=dlh") == {row["code"] for row in everything if row["department"] == "dlh"} != set()
    assert codes("channel=FORM") == {row["code"] for row in everything if row["channel"] == "FORM"}
    assert len(codes("channel=FORM")) == 24
    assert codes("free=true") == {row["code"] for row in everything if row["free"]} == codes("free=1")
    assert codes("free=false") == {row["code"] for row in everything}
    both = codes("department=dlh&department=dispendukcapil")
    assert both == codes("department=dlh") | codes("department=dispendukcapil")
    assert codes("department=dlh&channel=FORM") == codes("department=dlh") & codes("channel=FORM") != set()
    event = Service.objects.get(code="akta-kelahiran").life_events.first()
    assert event is not None and "akta-kelahiran" in codes(f"life_event={event.slug}")
    assert "akta-kelahiran" in codes("category=kependudukan")
    assert codes("q=pohon&department=dlh") <= codes("department=dlh")


@pytest.mark.parametrize(
    "query", ["category=%00", "department=a%00b", "channel=%00", "life_event=%00", "need=%00", "q=%00", "page=%00"]
)
def test_a_nul_is_no_value(api: Client, query: str) -> None:
    """PostgreSQL refuses such a text with an exception; it must not get that far."""
    problem_of(api.get(f"/api/v1/services?{query}"), 400, "invalid_filter")


@pytest.mark.parametrize(
    "query",
    ["category=tidak-ada", "channel=form", "department=dlh&department=xx", "life_event=a&free=1", "need=x", "free=banana"],
)
def test_a_value_that_no_service_can_have_is_refused_by_name_and_not_an_empty_list(api: Client, query: str) -> None:
    body = problem_of(api.get(f"/api/v1/services?{query}"), 400, "invalid_filter")
    assert [row["code"] for row in body["errors"]] == ["unknown"]
    assert f"{body['errors'][0]['parameter']}={body['errors'][0]['value']}" in query


def test_a_page_has_at_most_two_hundred(api: Client) -> None:
    assert len(read(api, "services?page_size=100000000")["results"]) == 94
    assert len(read(api, "services?page_size=3&page=2")["results"]) == 3
    assert read(api, "services?page=3")["results"] == []
    from portal.lib.pagination import MAX_PAGE_SIZE

    assert MAX_PAGE_SIZE == 200


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "٣", "9999999999", "1e3"])
def test_a_bad_page_is_refused_in_words(api: Client, name: str, value: str) -> None:
    problem_of(api.get(f"/api/v1/services?{name}={value}"), 400, f"invalid_{name}")


def test_a_language_nobody_has_is_refused(api: Client) -> None:
    problem_of(api.get("/api/v1/services?lang=xx"), 400, "unknown_language")


def test_services_in_english_and_what_is_not_translated_in_indonesian(api: Client) -> None:
    code = "akta-kelahiran"
    found = {row["code"]: row for row in read(api, "services?lang=en&page_size=200")["results"]}
    assert len(found) == 94
    assert (found[code]["name"], found[code]["language"]) == ("Birth certificate", "en")
    assert found[code]["url"] == f"/en/layanan/{code}/"
    detail = read(api, f"services/{code}?lang=en")
    assert "requirements" in detail["untranslated"] and detail["content"]["requirements"]
    assert read(api, f"services/{code}")["untranslated"] == []
    ServiceText.objects.filter(language="en", service__code=code).delete()
    row = next(r for r in read(api, "services?lang=en&page_size=200")["results"] if r["code"] == code)
    assert (row["name"], row["language"]) == (found_in_indonesian(api, code)["name"], "id")


def found_in_indonesian(api: Client, code: str) -> dict[str, Any]:
    return next(row for row in read(api, "services?page_size=200")["results"] if row["code"] == code)


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("words", ["birth certificate", "akta lahir", "akte"])
def test_words_of_either_language_find_in_both(api: Client, words: str, lang: str) -> None:
    assert "akta-kelahiran" in [row["code"] for row in read(api, f"services?q={words}&lang={lang}")["results"][:3]]


def test_one_service_with_all_that_its_page_says(api: Client) -> None:
    found = read(api, "services/akta-kelahiran")
    assert found["name"] == "Penerbitan Akta Kelahiran"
    assert len(found["content"]["requirements"]) == 5 and found["content"]["product"]
    read(api, "services/tidak-ada", 404)


def test_the_form_of_an_online_service_is_json_schema(api: Client) -> None:
    from jsonschema import Draft202012Validator

    found = read(api, "services/perantingan-pohon/form")
    assert (found["service"], found["version"]) == ("perantingan-pohon", 1)
    Draft202012Validator.check_schema(found["schema"])
    Draft202012Validator(found["schema"]).validate(ANSWERS)
    assert found["ui"]["parts"][0]["key"] == "pemohon"
    offline = Service.objects.exclude(channel="FORM").first()
    assert offline is not None
    read(api, f"services/{offline.code}/form", 404)
    read(api, "services/tidak-ada/form", 404)


@pytest.mark.parametrize(
    ("path", "code", "more"),
    [
        ("departments", "dispendukcapil", {"short_name", "kind", "parent", "illustrative"}),
        ("categories", "kependudukan", set()),
        ("life-events", "", set()),
    ],
)
def test_the_short_lists(api: Client, path: str, code: str, more: set[str]) -> None:
    found = read(api, path)
    assert found["next"] is None and found["count"] == len(found["results"]) > 5
    assert all(set(row) == {"code", "name", "name_en"} | more for row in found["results"])
    assert not code or code in {row["code"] for row in found["results"]}


def test_what_is_not_there_is_a_problem_document(api: Client) -> None:
    read(api, "tidak/ada", 404)
    problem_of(api.post("/api/v1/services"), 405)


def test_the_api_speaks_problem_json_also_where_no_view_is(client: Client) -> None:
    for answer in (client.get("/api/v1/tidak-ada"), Client(enforce_csrf_checks=True).post("/api/v1/tidak-ada")):
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"


def test_the_api_document_can_be_read_in_a_browser(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200 and b"<script>" not in page.content.replace(b"<script></script>", b"")
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "unsafe-inline" not in client.get("/api/v1/services")["Content-Security-Policy"]
