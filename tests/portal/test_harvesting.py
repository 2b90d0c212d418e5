"""A harvester keeps a true copy of the catalogue and asks for no more than has changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.lib import editions
from services.catalogue.actions import ensure_service, publish_service, set_availability, withdraw_service
from services.catalogue.models import Service
from services.catalogue.records import ServiceRecord

pytestmark = pytest.mark.usefixtures("demo_city", "settled")

LISTS = ["services", "services?department=dlh&page_size=5", "services?q=akta", "departments", "categories", "life-events"]
EVERYTHING = [*LISTS, "services/akta-kelahiran", "services?updated_since=2020-01-01"]


@pytest.fixture
def settled(demo_city: None) -> datetime:
    """The whole city was published yesterday."""
    yesterday = timezone.now() - timedelta(days=1)
    Service.objects.update(updated_at=yesterday)
    caches[editions.CACHE].clear()
    return yesterday


def ask(path: str, **headers: str) -> Any:
    return Client(raise_request_exception=False).get(f"/api/v1/{path}", headers=headers)


def changed(since: str | datetime, more: str = "") -> dict[str, dict[str, Any]]:
    words = since if isinstance(since, str) else since.isoformat()
    found: dict[str, dict[str, Any]] = {}
    path: str | None = f"/api/v1/services?updated_since={quote(words)}{more}"
    while path:
        page = Client().get(path).json()
        found |= {row["code"]: row for row in page["results"]}
        path = page["next"]
    return found


# --- nothing new ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERYTHING)
def test_who_has_the_answer_is_told_so(path: str) -> None:
    for _kept in (False, True):
        first = ask(path)
        etag = first["ETag"]
        assert first.status_code == 200 and "max-age=60" in first["Cache-Control"] and "public" in first["Cache-Control"]
        for mark in (etag, etag.removeprefix("W/"), f'"other", {etag}'):
            again = ask(path, If_None_Match=mark)
            assert (
                again.status_code == 304
                and not again.content
                and again["ETag"].removeprefix("W/") == etag.removeprefix("W/")
            )
        assert ask(path, If_None_Match='"other"').status_code == 200


@pytest.mark.parametrize("path", EVERYTHING)
def test_the_first_question_after_a_restart_may_be_a_conditional_one(path: str) -> None:
    etag = ask(path)["ETag"]
    caches[editions.CACHE].clear()
    assert ask(path, If_None_Match=etag).status_code == 304


def test_another_question_has_another_mark() -> None:
    marks = {ask(f"services?page_size=10&{query}")["ETag"] for query in ("page=1", "page=2", "department=dlh", "free=1")}
    assert len(marks) == 4


def test_a_change_makes_the_mark_another_one() -> None:
    before = {path: ask(path)["ETag"] for path in ("services", "services/akta-kelahiran", "services/uji-kir", "departments")}
    set_availability("akta-kelahiran", "PAUSED")
    after = {path: ask(path, If_None_Match=etag).status_code for path, etag in before.items()}
    assert after["services/akta-kelahiran"] == 200 and after["services/uji-kir"] == 304 and after["departments"] == 304
    assert ask("services?page_size=200", If_None_Match=before["services"]).status_code == 200


def test_the_moment_of_the_last_change_is_told_once_it_is_settled(settled: datetime) -> None:
    for path in ("services", "services/akta-kelahiran"):
        assert parsedate_to_datetime(ask(path)["Last-Modified"]) == settled.replace(microsecond=0, tzinfo=UTC)
    set_availability("akta-kelahiran", "PAUSED")
    assert not ask("services").has_header("Last-Modified")
    assert ask("services/uji-kir").has_header("Last-Modified")


def test_a_signed_in_reader_gets_nothing_that_a_cache_may_keep(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert "no-store" in client.get("/api/v1/services")["Cache-Control"]


# --- only what has changed ------------------------------------------------------------------------------------------


def test_only_what_changed_comes_and_the_moment_itself_counts(settled: datetime) -> None:
    assert len(changed(settled)) == 94
    assert changed(settled + timedelta(microseconds=1)) == {}
    moment = timezone.now()
    set_availability("akta-kelahiran", "QUEUEING")
    row = changed(moment)["akta-kelahiran"]
    assert row["availability"] == "QUEUEING" and row["withdrawn"] is False
    assert set(changed(row["updated_at"])) == {"akta-kelahiran"}


def test_a_withdrawn_service_says_only_that_it_is_gone(settled: datetime) -> None:
    withdraw_service("akta-kelahiran")
    row = changed(settled)["akta-kelahiran"]
    assert set(row) == {"code", "updated_at", "withdrawn"} and row["withdrawn"] is True
    assert len(changed(settled)) == 94
    assert "akta-kelahiran" not in {r["code"] for r in ask("services?page_size=200").json()["results"]}


def test_a_service_that_comes_back_is_public_again(settled: datetime) -> None:
    withdraw_service("akta-kelahiran")
    publish_service(ServiceRecord(code="akta-kelahiran", department="dispendukcapil", slug="akta-kelahiran", name="Akta"))
    assert changed(settled)["akta-kelahiran"]["withdrawn"] is False


def test_a_draft_that_was_never_public_is_nobodys_business() -> None:
    ensure_service("rahasia-besar", "dlh")
    assert "rahasia-besar" not in changed("2020-01-01")


def test_filters_narrow_what_is_public_and_the_gone_are_always_told(settled: datetime) -> None:
    withdraw_service("akta-kelahiran")
    found = changed(settled, "&department=dlh&page_size=2")
    assert {row["department"] for row in found.values() if not row["withdrawn"]} == {"dlh"}
    assert "akta-kelahiran" in found


def test_a_copy_kept_by_changes_equals_the_catalogue(settled: datetime) -> None:
    copy = changed("2020-01-01")
    moment = timezone.now()
    withdraw_service("akta-kelahiran")
    set_availability("perantingan-pohon", "PAUSED")
    publish_service(ServiceRecord(code="baru", department="dlh", slug="baru", name="Baru"))
    for code, row in changed(moment).items():
        if row["withdrawn"]:
            copy.pop(code, None)
        else:
            copy[code] = row
    assert copy == {row["code"]: row for row in ask("services?page_size=200").json()["results"]}


@pytest.mark.parametrize(
    "words",
    [
        "2026-11-24",
        "2026-11-24T08:00:00+07:00",
        "2026-11-24T01:00:00Z",
        "2026-11-24t01:00:00z",
        "2026-11-24T08:00:00.123456%2B07:00",
    ],
)
def test_moments_are_read_with_an_offset_or_as_a_day(words: str) -> None:
    assert ask(f"services?updated_since={words}").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        "kemarin",
        "24-11-2026",
        "2026-13-40",
        "2026-11-24T08:00:00",
        "1764000000",
        "0001-01-01T00:00:00%2B14:00",
        "9999-12-31",
        "",
        "20200101",
        "2020-W01-1",
        "٢٠٢٠-٠١-٠١",
        "2026-11-24T08Z",
        "2026-11-24%0A",
        "%202026-11-24",
        "%00",
    ],
)
def test_a_moment_that_cannot_be_read_is_refused_with_the_form_expected(words: str) -> None:
    answer = ask(f"services?updated_since={words}")
    problem = json.loads(answer.content)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"
    if words != "%00":
        assert problem["code"] == "invalid_updated_since" and "2026-11-24T08:00:00+07:00" in problem["detail"]


def test_searching_and_harvesting_are_two_questions() -> None:
    assert ask("services?q=akta&updated_since=2026-11-24").json()["code"] == "invalid_filter"
