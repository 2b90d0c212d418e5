"""An app signs a person in: each step's promise, and what is worth one use only."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.idp.oidc.models import Token
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AccessEntry, Consent, Grant, User
from tests.accounts.sso.conftest import CALLBACK, VERIFIER, Party, claims_of, error_of


def test_a_person_signs_in_once_agrees_once_and_the_app_reads_what_was_allowed(party: Party, alice: User) -> None:
    answer = party.ask()
    page = party.browser.get(answer["Location"]).content.decode()
    assert "Izinkan Aplikasi Uji?" in page and "Mengisi formulir uji" in page
    assert "nama lengkap Anda" in page and "alamat email Anda" in page and "NIK" not in page
    assert "berlaku sampai Anda mencabutnya" in page
    told = party.told(party.consent(answer))
    given = party.redeem(told["code"]).json()
    assert given["token_type"] == "Bearer" and given["expires_in"] == 600
    claims = claims_of(given["id_token"], party.app)
    assert claims["nonce"] == "n-1" and claims["sid"] and claims["acr"] == "urn:layanan-kota:level:2"
    assert not {"email", "name", "nik"} & set(claims), "an id_token says who, not what"
    info = party.userinfo(given["access_token"]).json()
    assert info["sub"] == claims["sub"] and info["name"] == "Alice Contoh" and info["email"] == "alice@example.org"
    assert "nik" not in info and info["sub"] not in (str(alice.pk), alice.public_id)
    entry = AccessEntry.objects.get()
    assert (entry.subject, entry.actor, entry.purpose) == (alice, "Aplikasi Uji", "Mengisi formulir uji")
    assert "code" in party.told(party.ask()), "the second time nothing is asked"


def test_a_stranger_signs_in_first_and_comes_back_to_the_same_question(app: Any, alice: User) -> None:
    party = Party(app, Client())
    answer = party.ask()
    assert answer["Location"].startswith("/akun/masuk/?next=%2Foidc%2Fauthorize%3F")
    page = party.browser.get(answer["Location"])
    assert "form-action 'self' https://app.example.org" in page["Content-Security-Policy"]
    posted = party.browser.post(
        answer["Location"].split("?")[0],
        {"login": "alice@example.org", "password": "mojokerto-demo", "next": f"/oidc/authorize?{urlencode(party.query())}"},
    )
    assert posted.status_code == 302, posted.content[:2000]


def test_only_a_registered_app_widens_the_policy_of_forms(db: None) -> None:
    page = Client().get("/akun/masuk/?next=/oidc/authorize?redirect_uri=https://evil.example")
    assert "form-action 'self';" in page["Content-Security-Policy"] + ";"


def test_a_code_is_worth_one_use_and_its_second_use_ends_everything(party: Party) -> None:
    code = party.code()
    given = party.redeem(code).json()
    assert party.userinfo(given["access_token"]).status_code == 200
    assert error_of(party.redeem(code)) == "invalid_grant"
    assert party.userinfo(given["access_token"]).status_code == 401
    assert error_of(party.refresh(given["refresh_token"])) == "invalid_grant"


def test_a_refresh_token_is_worth_one_use_and_its_second_use_ends_everything(party: Party) -> None:
    first = party.tokens()
    second = party.refresh(first["refresh_token"]).json()
    assert claims_of(second["id_token"], party.app)["auth_time"] == claims_of(first["id_token"], party.app)["auth_time"]
    assert "nonce" not in claims_of(second["id_token"], party.app)
    third = party.refresh(second["refresh_token"]).json()
    assert error_of(party.refresh(first["refresh_token"])) == "invalid_grant"
    assert error_of(party.refresh(third["refresh_token"])) == "invalid_grant"
    for given in (first, second, third):
        assert party.userinfo(given["access_token"]).status_code == 401


def test_a_wish_for_more_than_was_allowed_does_not_cost_the_refresh_token(party: Party) -> None:
    given = party.tokens()
    assert error_of(party.refresh(given["refresh_token"], scope="openid nik")) == "invalid_scope"
    less = party.refresh(given["refresh_token"], scope="openid").json()
    assert less["scope"] == "openid" and set(party.userinfo(less["access_token"]).json()) == {"sub"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "v" * 42}, "invalid_grant"),
        ({"redirect_uri": f"{CALLBACK}/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "x" * 43}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_a_code_without_its_proof_is_worth_nothing(party: Party, change: dict[str, Any], error: str) -> None:
    assert error_of(party.redeem(party.code(), **change)) == error
    assert not Token.objects.exists()


def test_a_code_lives_a_minute(party: Party) -> None:
    code = party.code()
    Grant.objects.update(code_expires_at=timezone.now())
    assert error_of(party.redeem(code)) == "invalid_grant"


def test_a_person_who_was_closed_out_is_no_longer_known(party: Party, alice: User) -> None:
    given, code = party.tokens(), party.code()
    alice.is_active = False
    alice.save()
    assert party.userinfo(given["access_token"]).status_code == 401
    assert error_of(party.refresh(given["refresh_token"])) == "invalid_grant"
    assert error_of(party.redeem(code)) == "invalid_grant"


def test_what_is_no_access_token_opens_nothing(party: Party) -> None:
    given = party.tokens()
    for value in (given["id_token"], given["refresh_token"], "", "x", "é" * 30, "a" * 5000):
        answer = party.userinfo(value)
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Bearer"), value
    assert party.door.get(f"/oidc/userinfo?access_token={given['access_token']}").status_code == 401
    assert party.door.post("/oidc/userinfo", {"access_token": given["access_token"]}).status_code == 401


def test_an_app_revokes_and_looks_at_its_own_tokens_only(party: Party, app: Any) -> None:
    from accounts.sso import clients

    other = Party(
        clients.register(
            "lain", "Lain", secret="lain-rahasia", redirect_uris=["https://lain.example.org/cb"], purpose="Uji"
        )[0],
        party.browser,
        secret="lain-rahasia",
        callback="https://lain.example.org/cb",
    )
    given = party.tokens()
    for value in (given["access_token"], given["refresh_token"]):
        assert other.post("introspect", {"token": value}).json() == {"active": False}
        assert other.post("revoke", {"token": value}).status_code == 200
    seen = party.post("introspect", {"token": given["access_token"]}).json()
    assert seen["active"] and seen["client_id"] == app.pk and seen["sub"] == claims_of(given["id_token"], app)["sub"]
    assert error_of(other.refresh(given["refresh_token"])) == "invalid_grant"
    assert error_of(other.redeem(party.code())) == "invalid_grant"
    assert party.post("revoke", {"token": given["refresh_token"]}).status_code == 200
    assert party.userinfo(given["access_token"]).status_code == 401
    assert party.post("introspect", {"token": given["access_token"]}).json() == {"active": False}


def test_two_people_and_two_apps_have_four_names(party: Party, app: Any) -> None:
    from accounts.sso import clients

    lain = clients.register("lain", "Lain", secret="s" * 20, redirect_uris=["https://lain.example.org/cb"], purpose="Uji")[0]
    adi = User.objects.create_user("adi@example.org", "x", name="Adi")
    names = set()
    for person in (User.objects.get(email="alice@example.org"), adi):
        browser = Client()
        browser.force_login(person)
        for one in (Party(app, browser), Party(lain, browser, secret="s" * 20, callback="https://lain.example.org/cb")):
            names.add(claims_of(one.tokens(scope="openid")["id_token"], one.app)["sub"])
    assert len(names) == 4


def test_refusing_tells_the_app_and_nothing_is_remembered(party: Party) -> None:
    told = party.told(party.consent(party.ask(), "tolak"))
    assert told["error"] == "access_denied" and told["state"] == "st-1"
    assert not Consent.objects.exists() and not Grant.objects.exists()


def test_a_consent_from_another_site_is_refused(party: Party, alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = Party(party.app, browser).ask()
    assert browser.post(answer["Location"], {"jawaban": "izinkan"}).status_code == 403
    assert not Consent.objects.exists()


def test_taking_back_ends_refresh_and_access_at_once(party: Party) -> None:
    given = party.tokens()
    assert "Aplikasi Uji" in party.browser.get("/akun/aplikasi/").content.decode()
    assert party.browser.post("/akun/aplikasi/cabut/", {"aplikasi": party.app.pk}).status_code == 302
    assert party.userinfo(given["access_token"]).status_code == 401
    assert error_of(party.refresh(given["refresh_token"])) == "invalid_grant"
    assert party.ask()["Location"].startswith("/akun/izin/")


def test_a_wider_wish_is_asked_anew(party: Party) -> None:
    party.tokens()
    assert party.ask(scope="openid profile email phone")["Location"].startswith("/akun/izin/")
    assert "code" in party.told(party.ask(scope="openid"))


def test_a_family_ends_after_thirty_days_however_often_it_was_renewed(party: Party) -> None:
    given = party.tokens()
    Grant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert error_of(party.refresh(given["refresh_token"])) == "invalid_grant"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["code", "refresh"])
def test_used_eight_times_at_once_at_most_one_is_answered_and_that_is_dead(party: Party, what: str) -> None:
    value = party.code() if what == "code" else party.tokens()["refresh_token"]
    answers: list[Any] = []

    def use() -> None:
        one = Party(party.app, Client())
        answers.append(one.redeem(value) if what == "code" else one.refresh(value))
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(answers) == 8 and len(good) <= 1
    assert all(error_of(answer) == "invalid_grant" for answer in answers if answer.status_code != 200)
    for given in good:
        assert party.userinfo(given["access_token"]).status_code == 401
        assert error_of(party.refresh(given["refresh_token"])) == "invalid_grant"


def test_a_verifier_is_compared_whole(party: Party) -> None:
    assert party.redeem(party.code(), code_verifier=VERIFIER).status_code == 200
