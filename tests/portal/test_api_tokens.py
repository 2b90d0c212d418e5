"""Who may do what at the API: tokens with scopes, told apart by 401 and 403, and how much one consumer may ask."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Grant, User
from accounts.sso import clients, grants
from services.cases.models import Case
from tests.portal.api_calls import TREE, problem_of, send
from tests.tokens import access_token_for

pytestmark = pytest.mark.usefixtures("demo_city")
DOORS = [("get", "cases"), ("post", "cases"), ("get", "cases/MJK-2611-AAAA-A"), ("post", "attachments")]


def ask(api: Client, token: str, method: str = "get", path: str = "cases") -> Any:
    return getattr(api, method)(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k"})


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_stranger_is_told_how_to_become_known(api: Client, method: str, path: str) -> None:
    answer = getattr(api, method)(f"/api/v1/{path}")
    problem_of(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("wrong", ["x", "lk_00000000_x", "", "é" * 30, "a" * 43, "x" * 5000, "a b", "null"])
def test_what_is_no_token_of_ours_is_refused(api: Client, key: str, wrong: str) -> None:
    answer = send(api, wrong or " ", TREE)
    problem_of(answer, 401)
    assert 'error="invalid_token"' in answer["WWW-Authenticate"] and not Case.objects.exists()


def test_a_token_is_compared_whole(api: Client, key: str) -> None:
    problem_of(send(api, key[:-1] + ("a" if key[-1] != "a" else "b"), TREE), 401)
    for scheme in ("Basic", "Token", "bearer x"):
        problem_of(api.get("/api/v1/cases", headers={"Authorization": f"{scheme} {key}"}), 401)
    assert api.get("/api/v1/cases", headers={"Authorization": f"bEaReR {key}"}).status_code == 200
    problem_of(api.get(f"/api/v1/cases?access_token={key}"), 401)


def test_an_expired_a_revoked_and_a_closed_out_token_are_refused(api: Client, alice: User) -> None:
    token = access_token_for(alice)
    Token.objects.update(expires_at=timezone.now())
    problem_of(ask(api, token), 401)
    token = access_token_for(alice)
    grants.end_families([Grant.objects.latest("pk").pk])
    problem_of(ask(api, token), 401)
    token = access_token_for(alice)
    clients.client_of("uji").profile.delete()  # type: ignore[union-attr]
    problem_of(ask(api, token), 401)


def test_a_person_who_was_closed_out_is_refused(api: Client, key: str, alice: User) -> None:
    alice.is_active = False
    alice.save()
    problem_of(send(api, key, TREE), 401)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("scopes", "method", "wanted"),
    [
        (("openid", "cases:write"), "get", "cases:read"),
        (("openid", "cases:read"), "post", "cases:write"),
        (("openid",), "get", "cases:read"),
    ],
)
def test_a_token_reaches_as_far_as_its_scope(api: Client, alice: User, scopes: Any, method: str, wanted: str) -> None:
    answer = ask(api, access_token_for(alice, scopes=scopes), method)
    problem = problem_of(answer, 403, "insufficient_scope")
    assert wanted in problem["detail"] and f'scope="{wanted}"' in answer["WWW-Authenticate"]


def test_a_program_without_a_person_has_no_cases(api: Client, db: None) -> None:
    bot = clients.register("bot", "Program", grants=["client_credentials"], scopes=["connections:read"], purpose="Uji")[0]
    grants.add_client_token(bot, access="b" * 43, scopes=["connections:read", "cases:read"])
    problem = problem_of(ask(api, "b" * 43), 403, "insufficient_scope")
    assert "person" in problem["detail"]


def test_a_new_token_of_the_same_app_and_person_repeats_the_same_request(api: Client, alice: User, adi: User) -> None:
    first, second = send(api, access_token_for(alice), TREE), send(api, access_token_for(alice), TREE)
    assert first.json() == second.json() and Case.objects.count() == 1
    other_app = send(api, access_token_for(alice, app="lain"), TREE).json()["reference"]
    other_person = send(api, access_token_for(adi), TREE).json()["reference"]
    assert len({first.json()["reference"], other_app, other_person}) == 3


def test_each_answer_says_what_is_left_and_the_last_is_429_with_a_time(api: Client, key: str, settings: Any) -> None:
    settings.API_LIMITS = (("minute", 3, 60), ("day", 100, 86_400))
    cache.clear()
    left = []
    for _request in range(3):
        answer = ask(api, key)
        assert answer.status_code == 200 and answer["RateLimit-Policy"] == '"minute";q=3;w=60, "day";q=100;w=86400'
        found = re.fullmatch(r'"minute";r=(\d+);t=(\d+)', answer["RateLimit"])
        assert found is not None and 1 <= int(found[2]) <= 60
        left.append(int(found[1]))
    assert left == [2, 1, 0]
    answer = ask(api, key)
    problem_of(answer, 429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 60 and '"minute";r=0' in answer["RateLimit"]
    assert api.get("/api/v1/services").status_code == 200, "the open catalogue is not counted"


def test_one_consumer_does_not_use_up_what_is_another_s(api: Client, alice: User, adi: User, settings: Any) -> None:
    settings.API_LIMITS = (("minute", 1, 60),)
    cache.clear()
    hers, his = access_token_for(alice), access_token_for(adi)
    assert [ask(api, token).status_code for token in (hers, his, access_token_for(alice), his)] == [200, 200, 429, 429]


def test_without_a_cache_nothing_is_refused(api: Client, key: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_LIMITS = (("minute", 1, 60),)
    monkeypatch.setattr("accounts.api_limits.counted", lambda _key, seconds: None)
    assert [ask(api, key).status_code for _request in range(3)] == [200, 200, 200]


def test_the_document_names_the_scope_of_each_door(api: Client) -> None:
    document = api.get("/api/v1/openapi.json").json()
    needed = {
        f"{method} {path}": [scheme.get("portal") for scheme in operation["security"] if "portal" in scheme]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    }
    assert needed["get /api/v1/cases"] == [["cases:read"]] and needed["post /api/v1/cases"] == [["cases:write"]]
    assert document["components"]["securitySchemes"]["portal"]["type"] == "openIdConnect"


def test_a_fresh_token_lives_ten_minutes(alice: User) -> None:
    access_token_for(alice)
    left = Token.objects.get(type=Token.Type.ACCESS_TOKEN).expires_at - timezone.now()  # type: ignore[operator]
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)


@pytest.mark.parametrize("who", ["stranger", "wrong token", "token that does not reach so far"])
def test_who_is_refused_is_counted_and_told_what_is_left(who: str, api: Client, key: str, settings: Any) -> None:
    settings.API_LIMITS = (("minute", 3, 60), ("day", 100, 86_400))
    cache.clear()
    bot = clients.register("bot", "Program", grants=["client_credentials"], scopes=["connections:read"], purpose="Uji")[0]
    grants.add_client_token(bot, access="b" * 43, scopes=["connections:read"])
    token = {"stranger": None, "wrong token": "x" * 43}.get(who, "b" * 43)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for left in (2, 1, 0):
        answer = api.get("/api/v1/cases", headers=headers)
        assert answer.status_code == (403 if token == "b" * 43 else 401) and answer["WWW-Authenticate"]
        assert answer["RateLimit-Policy"] == '"minute";q=3;w=60, "day";q=100;w=86400'
        assert answer["RateLimit"].startswith(f'"minute";r={left};t=')
    answer = api.get("/api/v1/cases", headers=headers)
    problem_of(answer, 429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert ask(api, key).status_code == 200, "nobody else is held back"
