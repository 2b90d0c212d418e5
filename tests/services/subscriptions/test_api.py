"""`/api/v1/subscriptions`: the department's integrator and its programs, by scope; everybody else finds nothing."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.sso import clients, grants
from services.cases.models import Case
from services.subscriptions.constants import TEST, EventType
from services.subscriptions.models import EventDelivery, Subscription
from tests.portal.api_calls import problem_of
from tests.services.subscriptions.conftest import Subscribe, move, read_all

NEW = {"label": "Arsip", "url": "http://127.0.0.1:9/kejadian", "event_types": [EventType.COMPLETED.value]}
BOTH = ("events:read", "connections:write")


@pytest.fixture(autouse=True)
def nobody_asked_before(db: None) -> None:
    cache.clear()


def program(department: str, *scopes: str) -> str:
    """The token of a department's own program."""
    name = f"bot-{secrets.token_hex(4)}"
    bot = clients.register(
        name, "Program", grants=["client_credentials"], scopes=BOTH, purpose="Uji", department=department, approved=True
    )[0]
    token = secrets.token_urlsafe(32)
    grants.add_client_token(bot, access=token, scopes=list(scopes or BOTH))
    return token


def ask(token: str, method: str, path: str = "", body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(Client(), method)(f"/api/v1/subscriptions{path}", headers=headers, **data)


def test_a_program_makes_reads_changes_and_deletes_a_subscription(department: Any) -> None:
    token = program("dinas-uji")
    made = ask(token, "post", body=NEW)
    assert made.status_code == 201, made.content
    found = made.json()
    secret = found.pop("secret")
    assert secret.startswith("whsec_") and found["department"] == "dinas-uji" and found["is_active"]
    path = f"/{found['id']}"
    assert ask(token, "get", path).json() == found and ask(token, "get").json()["results"] == [found]
    assert secret not in ask(token, "get").content.decode(), "a secret is shown once"
    changed = ask(token, "patch", path, {"label": "Lain", "is_active": False}).json()
    assert (changed["label"], changed["is_active"], changed["off_reason"]) == ("Lain", False, "person")
    assert ask(token, "delete", path).status_code == 204
    problem_of(ask(token, "get", path), 404, "not_found")


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_while(department: Any, subscribe: Subscribe) -> None:
    one, token = subscribe(), program("dinas-uji")
    answer = ask(token, "post", f"/{one.ref}/secret", {"overlap_hours": 2}).json()
    assert answer["secret"] != one.secrets[0]["value"] and answer["old_ones_sign_until"]
    one.refresh_from_db()
    assert len(one.secrets) == 2 and one.secrets[0]["value"] == answer["secret"]
    assert ask(token, "post", f"/{one.ref}/secret", {"overlap_hours": 0}).json()["old_ones_sign_until"] is None
    one.refresh_from_db()
    assert len(one.secrets) == 1
    problem_of(ask(token, "post", f"/{one.ref}/secret", {"overlap_hours": 999}), 400, "invalid")


def test_a_test_event_and_the_list_of_what_was_sent(department: Any, subscribe: Subscribe, case: Case) -> None:
    one, token = subscribe(), program("dinas-uji")
    answer = ask(token, "post", f"/{one.ref}/test")
    assert answer.status_code == 202 and answer.json()["event_type"] == TEST
    move(case, "IN_PROGRESS")
    read_all()
    EventDelivery.objects.filter(case_reference=case.reference).update(state="DEAD")
    assert ask(token, "get", f"/{one.ref}/deliveries").json()["count"] == 2
    (dead,) = ask(token, "get", f"/{one.ref}/deliveries?state=DEAD").json()["results"]
    assert dead["case"] == case.reference and dead["state"] == "DEAD"
    problem_of(ask(token, "get", f"/{one.ref}/deliveries?state=X"), 400, "invalid_state")
    assert ask(token, "post", f"/{one.ref}/redeliver", {"event_id": dead["event_id"]}).json() == {"redelivered": 1}
    assert ask(token, "post", f"/{one.ref}/redeliver", {}).json() == {"redelivered": 0}
    problem_of(ask(token, "post", f"/{one.ref}/redeliver", {"event_id": "x"}), 404)


DOORS = [
    ("get", ""),
    ("patch", ""),
    ("delete", ""),
    ("post", "/secret"),
    ("post", "/test"),
    ("get", "/deliveries"),
    ("post", "/redeliver"),
]


@pytest.mark.parametrize(("method", "door"), DOORS)
def test_another_departments_subscription_is_as_absent_as_none(
    department: Any, stranger: User, subscribe: Subscribe, method: str, door: str
) -> None:
    one, token = subscribe(), program("dinas-lain")
    theirs = ask(token, method, f"/{one.ref}{door}", {} if method != "get" else None)
    none = ask(token, method, f"/{'x' * 22}{door}", {} if method != "get" else None)
    assert problem_of(theirs, 404) == problem_of(none, 404)
    assert Subscription.objects.filter(pk=one.pk).exists() and not EventDelivery.objects.exists()


def test_reading_and_writing_need_their_scopes(department: Any, subscribe: Subscribe) -> None:
    one = subscribe()
    reader, writer = program("dinas-uji", "events:read"), program("dinas-uji", "connections:write")
    assert ask(reader, "get", f"/{one.ref}").status_code == 200
    for method, door in DOORS:
        token, scope = (writer, "events:read") if method == "get" else (reader, "connections:write")
        answer = ask(token, method, f"/{one.ref}{door}", {} if method != "get" else None)
        problem_of(answer, 403, "insufficient_scope")
        assert f'scope="{scope}"' in answer["WWW-Authenticate"]
    problem_of(ask("", "get"), 401)
    problem_of(ask("x" * 43, "get"), 401)


def test_a_person_who_is_an_integrator_needs_no_token_and_another_is_refused(
    ivan: User, alice: User, stranger: User, subscribe: Subscribe
) -> None:
    one = subscribe()
    browser = Client()
    browser.force_login(ivan)
    assert browser.get("/api/v1/subscriptions").json()["count"] == 1
    for person, status in ((alice, 403), (stranger, 404)):
        other = Client()
        other.force_login(person)
        problem_of(other.get(f"/api/v1/subscriptions/{one.ref}"), status)


def test_a_program_of_the_city_has_no_department_and_no_subscriptions(department: Any) -> None:
    problem_of(ask(program(""), "get"), 403)


WRONG: list[Any] = [
    {},
    [],
    "x",
    7,
    {**NEW, "department": "dinas-lain"},
    {**NEW, "event_types": []},
    {**NEW, "event_types": ["x"]},
    {**NEW, "event_types": "id.layanankota.case.completed.v1"},
    {**NEW, "label": ""},
    {**NEW, "label": "x" * 121},
    {**NEW, "label": "a\x00b"},
    {**NEW, "url": 7},
    {**NEW, "secrets": ["whsec_mine"]},
    {**NEW, "is_active": "perhaps"},
]


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_what_is_wrong_is_refused_and_nothing_is_made(department: Any, stranger: User, body: Any) -> None:
    answer = ask(program("dinas-uji"), "post", body=body)
    assert answer.status_code in {400, 422}, answer.content
    assert answer["Content-Type"] == "application/problem+json" and not Subscription.objects.exists()


def test_a_department_has_a_bounded_number_of_subscriptions(
    department: Any, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.subscriptions.actions.MOST_OF_A_DEPARTMENT", 1)
    subscribe()
    problem_of(ask(program("dinas-uji"), "post", body=NEW), 422, "too_many")
