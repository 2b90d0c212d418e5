"""What strangers and badly written apps send: an answer in every case, never a 500; and nothing told that was taken away."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.models import User
from accounts.sso import clients
from tests.accounts.sso.conftest import CALLBACK, Party, error_of


def hint(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.AA"


@pytest.mark.parametrize("aud", ["\ud800", "\0", "é", ["app"], 3, None, {"a": 1}])
def test_a_hint_for_nobody_is_a_question(party: Party, aud: Any) -> None:
    answer = party.browser.get(f"/oidc/logout?{urlencode({'id_token_hint': hint({'aud': aud})})}")
    assert answer.status_code == 200 and "Keluar dari akun?" in answer.content.decode()


@pytest.mark.parametrize("path", ["/akun/aplikasi/cabut/", "/akun/aplikasi/tautkan/lepas/"])
@pytest.mark.parametrize("name", ["\0", "app\0", "", "²"])
def test_an_app_that_is_none_is_none(party: Party, path: str, name: str) -> None:
    assert party.browser.post(path, {"aplikasi": name}).status_code == 302


@pytest.mark.parametrize("number", ["²", "①", "１", "-1", "\0"])
def test_a_session_that_is_none_is_none(party: Party, number: str) -> None:
    party.tokens()
    assert party.browser.post("/akun/perangkat/keluarkan/", {"sesi": number}).status_code == 302


@pytest.mark.parametrize("change", [{"scopes": ["openid"]}, {"scopes": ["openid", "profile", "email"], "min_level": 2}])
def test_what_is_taken_from_an_app_is_told_no_more(party: Party, change: dict[str, Any]) -> None:
    tokens = party.tokens()
    facts: dict[str, Any] = {"redirect_uris": [CALLBACK], "purpose": "Uji", "scopes": ["openid", "profile", "email"]}
    clients.register("app", "Aplikasi Uji", **(facts | change))
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(party.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_change_that_takes_nothing_away_ends_nothing(party: Party) -> None:
    tokens = party.tokens()
    clients.register(
        "app",
        "Nama Baru",
        redirect_uris=[CALLBACK],
        purpose="Uji",
        scopes=["openid", "profile", "email", "phone", "nik", "cases:read"],
    )
    assert party.userinfo(tokens["access_token"]).status_code == 200


def test_what_a_token_opens_is_never_kept(party: Party, alice: User) -> None:
    access = party.tokens(scope="openid cases:read")["access_token"]
    answer = party.door.get("/api/v1/cases", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
