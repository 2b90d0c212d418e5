"""Signing in again where an app wants it fresh or surely, once for each question."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Consent, User
from tests.accounts.sso.conftest import Party, claims_of


@pytest.fixture
def signed_in(app: Any, alice: User) -> Party:
    """Alice typed her password an hour ago."""
    browser = Client()
    browser.post("/akun/masuk/", {"login": "alice@example.org", "password": "mojokerto-demo"})
    if "_auth_user_id" not in browser.session:  # her address is not confirmed in this small city
        browser.force_login(alice)
    party = Party(app, browser)
    set_records(browser, [{"method": "password", "at": time.time() - 3600, "email": "alice@example.org"}])
    party.code()
    return party


def set_records(browser: Client, records: list[dict[str, Any]]) -> None:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    session.save()


def again(party: Party, answer: Any) -> Any:
    """Type the password where the portal asks for it, and follow back to the question."""
    assert answer.status_code == 302 and answer["Location"].startswith("/akun/masuk/ulang/?"), answer.headers.get("Location")
    back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    page = party.browser.get(answer["Location"])
    assert "form-action 'self' https://app.example.org" in page["Content-Security-Policy"]
    posted = party.browser.post(answer["Location"], {"password": "mojokerto-demo", "next": back})
    assert (posted.status_code, posted["Location"]) == (302, back)
    return party.browser.get(back)


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": 0}, {"max_age": 60}])
def test_the_person_signs_in_again_once_and_the_same_question_later_asks_again(
    signed_in: Party, wish: dict[str, Any]
) -> None:
    began = int(time.time())
    told = signed_in.told(again(signed_in, signed_in.ask(**wish)))
    claims = claims_of(signed_in.redeem(told["code"]).json()["id_token"], signed_in.app)
    assert claims["auth_time"] >= began and claims["amr"] == ["pwd"]
    if wish != {"max_age": 60}:
        assert signed_in.ask(**wish)["Location"].startswith("/akun/masuk/ulang/")


def test_a_recent_sign_in_is_enough_for_a_longer_age(signed_in: Party) -> None:
    assert "code" in signed_in.told(signed_in.ask(max_age=7200))
    assert signed_in.told(signed_in.ask(max_age=7200, prompt="none"))["code"]
    assert signed_in.told(signed_in.ask(max_age=60, prompt="none"))["error"] == "login_required"


def test_a_wrong_password_goes_nowhere(signed_in: Party) -> None:
    answer = signed_in.ask(prompt="login")
    posted = signed_in.browser.post(answer["Location"], {"password": "wrong", "next": "/"})
    assert posted.status_code == 200
    assert signed_in.ask(prompt="login")["Location"].startswith("/akun/masuk/ulang/")


def test_consent_is_no_way_round_a_fresh_sign_in(signed_in: Party) -> None:
    answer = signed_in.browser.post(f"/akun/izin/?{urlencode(signed_in.query(max_age=60))}", {"jawaban": "izinkan"})
    assert answer["Location"].startswith("/akun/masuk/ulang/")


def test_what_came_to_nothing_was_not_allowed_either(signed_in: Party) -> None:
    query = signed_in.query(scope="openid profile phone", acr_values="urn:layanan-kota:level:3")
    answer = signed_in.browser.post(f"/akun/izin/?{urlencode(query)}", {"jawaban": "izinkan"})
    assert signed_in.told(answer)["error"] == "unmet_authentication_requirements"
    row = Consent.objects.filter(client=signed_in.app).first()
    assert row is None or "phone" not in row.scope_set()
    assert signed_in.told(signed_in.ask(scope="openid profile phone", prompt="none"))["error"] == "consent_required"


def test_what_the_app_reads_of_the_sign_in_is_frozen_with_the_code(signed_in: Party) -> None:
    code = signed_in.code()
    set_records(signed_in.browser, [{"method": "password", "at": time.time()}])
    claims = claims_of(signed_in.redeem(code).json()["id_token"], signed_in.app)
    assert time.time() - claims["auth_time"] > 3000


def test_level_three_is_not_offered_to_who_has_no_second_factor(signed_in: Party) -> None:
    told = signed_in.told(signed_in.ask(acr_values="urn:layanan-kota:level:3"))
    assert told["error"] == "unmet_authentication_requirements"
    told = signed_in.told(signed_in.ask(acr_values="urn:layanan-kota:level:3 urn:layanan-kota:level:2"))
    assert claims_of(signed_in.redeem(told["code"]).json()["id_token"], signed_in.app)["acr"] == "urn:layanan-kota:level:2"


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": 0}])
def test_a_sign_in_of_the_same_second_but_before_is_no_new_one(signed_in: Party, wish: dict[str, Any]) -> None:
    set_records(signed_in.browser, [{"method": "password", "at": time.time(), "email": "alice@example.org"}])
    for _again in range(3):
        assert signed_in.ask(**wish)["Location"].startswith("/akun/masuk/ulang/")


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": 0}])
def test_who_was_not_signed_in_signs_in_once(app: Any, alice: User, wish: dict[str, Any]) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    party = Party(app, Client())
    asked = party.ask(**wish)
    assert asked["Location"].startswith("/akun/masuk/?")
    back = parse_qs(urlsplit(asked["Location"]).query)["next"][0]
    posted = party.browser.post("/akun/masuk/", {"login": alice.email, "password": "mojokerto-demo", "next": back})
    assert (posted.status_code, posted["Location"]) == (302, back)
    assert party.browser.get(back)["Location"].startswith("/akun/izin/"), "not asked a second time"
