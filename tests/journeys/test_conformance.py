"""The provider as a stranger's client and as an attacker meets it: the portal in its own process, over real HTTP.

What two client libraries of other people see is in test_sign_on (Authlib), test_second_client (mod_auth_openidc) and
test_strong_sign_on (both: silent sign-on, step-up, revocation).
"""

from __future__ import annotations

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.accounts.sso.conftest import CALLBACK, Party, error_of
from tests.accounts.sso.test_attacks import ADDRESSES, DOUBLED, HOSTILE, WISHES
from tests.journeys.conftest import ON_FULL_STACK, City
from tests.journeys.relying import Http, party_of, register

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def party(city: City) -> Party:
    register(city, "app", redirect_uris=[CALLBACK])
    register(city, "lain", redirect_uris=["https://lain.example.org/cb"])
    found = party_of(city, "app")
    found.tokens(scope="openid profile email cases:read")
    return found


def test_discovery_is_of_the_configured_issuer_whatever_host_was_asked(city: City) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    told = Http(city).get("/.well-known/openid-configuration", headers=forged).json()
    assert told["issuer"] == city.base and "evil" not in json.dumps(told)
    assert Http(city).get("/.well-known/openid-configuration", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("uri", ADDRESSES)
def test_only_the_registered_address_letter_for_letter(party: Party, uri: str) -> None:
    answer = party.ask(redirect_uri=uri)
    assert answer.status_code == 400 and "Location" not in answer.headers


@pytest.mark.parametrize("name", DOUBLED)
def test_a_doubled_parameter_is_refused(party: Party, name: str) -> None:
    given = party.query(prompt="login", max_age=10, acr_values="x")
    answer = party.browser.get(f"/oidc/authorize?{urlencode(given)}&{urlencode({name: 'evil'})}")
    assert answer.status_code == 400 and "Location" not in answer.headers


@pytest.mark.parametrize(("change", "error"), WISHES)
def test_a_weaker_or_wrong_wish_is_refused(party: Party, change: dict[str, Any], error: str) -> None:
    assert party.told(party.ask(**change))["error"] == error


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_breaks_a_door(party: Party, value: str) -> None:
    for name in ("state", "nonce", "scope", "client_id", "prompt", "id_token_hint", "ui_locales"):
        assert party.ask(**{name: value}).status_code in (302, 400), name
    for door in ("token", "revoke", "introspect"):
        assert party.post(door, {"grant_type": "authorization_code", "token": value, "code": value}).status_code < 500


def test_a_code_is_worth_one_use_and_its_replay_ends_the_family(party: Party) -> None:
    code = party.code()
    tokens = party.redeem(code).json()
    assert party.userinfo(tokens["access_token"]).status_code == 200
    assert error_of(party.redeem(code)) == "invalid_grant"
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(party.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_refresh_token_that_comes_twice_ends_the_family(party: Party) -> None:
    first = party.tokens()
    second = party.refresh(first["refresh_token"]).json()
    assert error_of(party.refresh(first["refresh_token"])) == "invalid_grant"
    assert party.userinfo(second["access_token"]).status_code == 401
    assert error_of(party.refresh(second["refresh_token"])) == "invalid_grant"


def test_of_twenty_uses_at_once_at_most_one_is_answered(party: Party) -> None:
    code = party.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: party.redeem(code), range(20)))
    assert sum(answer.status_code == 200 for answer in answers) <= 1
    assert all(answer.status_code in (200, 400) for answer in answers)


def test_a_code_needs_its_own_verifier_address_and_app(party: Party, city: City) -> None:
    for change in ({"code_verifier": "w" * 43}, {"code_verifier": None}, {"redirect_uri": f"{CALLBACK}/"}):
        assert error_of(party.redeem(party.code(), **change)) in ("invalid_grant", "invalid_request")
    other = party_of(city, "lain", "", callback="https://lain.example.org/cb")
    assert error_of(other.redeem(party.code(), redirect_uri=CALLBACK)) == "invalid_grant"


def test_an_app_revokes_and_reads_only_what_is_its_own(party: Party, city: City) -> None:
    tokens = party.tokens()
    other = party_of(city, "lain", "", callback="https://lain.example.org/cb")
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert other.post("introspect", {"token": token}).json() == {"active": False}
        other.post("revoke", {"token": token})
    assert party.userinfo(tokens["access_token"]).status_code == 200
    party.post("revoke", {"token": tokens["refresh_token"]})
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert error_of(party.refresh(tokens["refresh_token"])) == "invalid_grant"


def _unsigned(claims: dict[str, Any], algorithm: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.{'' if algorithm == 'none' else 'AAAA'}"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256"])
def test_what_was_not_signed_by_us_proves_nothing(party: Party, city: City, algorithm: str) -> None:
    now = int(time.time())
    claims = {"iss": city.base, "aud": "app", "sub": "app", "iat": now, "exp": now + 60, "jti": f"x-{algorithm}", "sid": "x"}
    forged = _unsigned(claims, algorithm)
    assert party.told(party.ask(prompt="none", id_token_hint=forged))["error"] == "login_required"
    assertion = {
        "client_assertion": forged,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    form = {"grant_type": "client_credentials", "client_id": "app", **assertion}
    answer = party.door.post("/oidc/token", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert error_of(answer, 401) == "invalid_client"
    for token in (forged, party.tokens()["id_token"]):
        assert party.userinfo(token).status_code == 401, "an id_token opens nothing"
        assert party.door.get("/api/v1/cases", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_401_and_403_are_told_apart(party: Party) -> None:
    access = party.tokens(scope="openid")["access_token"]
    answer = party.door.get("/api/v1/cases", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 403 and 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    answer = party.door.get("/api/v1/cases", headers={"Authorization": "Bearer " + "x" * 43})
    assert answer.status_code == 401 and 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert party.door.get("/api/v1/cases").status_code == 401
    assert party.door.get(f"/api/v1/cases?access_token={access}").status_code == 401, "never in an address"


def test_an_answer_of_another_issuer_or_another_question_is_refused_by_the_client(city: City) -> None:
    """The queue app (Authlib) compares `iss` (RFC 9207) and `state`."""
    browser = Http(city)
    browser.base = city.queue
    browser.get("/masuk")
    for change in ({"iss": "https://evil.example"}, {"state": "x"}, {}):
        page = browser.get(f"/cb?{urlencode({'code': 'x', 'state': 'y', 'iss': city.base, **change})}")
        assert "tidak ditanyakan" in page.content.decode() or "was not asked here" in page.content.decode()


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "/%09/evil.example",
    ],
)
def test_nobody_is_led_away_after_signing_in(city: City, wanted: str) -> None:
    for path in ("/akun/masuk/", "/en/akun/masuk/"):
        browser = Http(city)
        answer = browser.post(
            f"{path}?{urlencode({'next': wanted})}",
            {"login": "alice@example.org", "password": "mojokerto-demo", "next": wanted},
        )
        assert answer.status_code == 302 and re.match(r"/(?![/\\])", answer["Location"]), answer["Location"]
        assert "evil" not in answer["Location"] or answer["Location"].startswith("/%09")
        page = browser.get(f"/akun/nasional/?{urlencode({'next': wanted})}").content.decode()
        found = re.findall(r'href="([^"]*)"[^>]*>(?:Lanjut|Kembali)', page)
        assert found and not [address for address in found if "evil" in address and not address.startswith("/")], found


def test_a_session_from_before_the_sign_in_is_not_kept(city: City) -> None:
    browser = Http(city)
    name, planted = ("__Host-sesi" if ON_FULL_STACK else "sessionid"), "a" * 32
    browser.session.cookies.set(name, planted, domain="localhost.local", path="/")
    browser.sign_in("alice")
    mine = [cookie.value for cookie in browser.session.cookies if cookie.name == name]
    assert mine and planted not in mine, "a new one, made by us"
    thief = Http(city)
    thief.session.headers["Cookie"] = f"{name}={planted}"
    assert thief.get("/akun/").status_code == 302 and browser.get("/akun/").status_code == 200


def test_forged_addresses_buy_no_guesses(city: City) -> None:
    """Eight guesses at one account, each with another X-Forwarded-For: five are judged. (A thousand: test_guessing.)"""
    held = 0
    for number in range(8):
        browser = Http(city)
        browser.session.headers["X-Forwarded-For"] = f"203.0.113.{number}"
        page = browser.sign_in("tidak-ada", f"tebakan nomor {number} sekali")  # counted like an account that is there
        assert page.status_code == 200
        held += "Terlalu banyak" in page.content.decode()
    assert held == 3
