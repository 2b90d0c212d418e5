"""Signing out in one place ends every app of that session, and no other session."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
from django.test import Client

from accounts.models import LogoutNotice, User
from accounts.sso import keys
from accounts.sso.endings import EVENT, logout_token
from accounts.tasks import tell_logout
from portal.lib.http import Answer, CallError, Cause, Sent
from tests.accounts.sso.conftest import Party, claims_of, error_of

BYE = "https://app.example.org/bye"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the app's logout address received; a status or an error to answer with may be put at `heard.answers`."""

    class Heard(list[Any]):
        answers: list[Any] = []

    kept = Heard()

    def call(request: Any, **_: Any) -> Answer:
        kept.append(request)
        found = kept.answers.pop(0) if kept.answers else 200
        if isinstance(found, Exception):
            raise found
        return Answer(found, {}, b"")

    monkeypatch.setattr("accounts.tasks.call", call)
    return kept


def test_signing_out_here_ends_the_app_s_tokens_and_tells_it(
    party: Party, alice: User, heard: list[Any], django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    other = Party(party.app, elsewhere)
    here, there = party.tokens(), other.tokens()
    monkeypatch.setattr("accounts.sso.endings.wake", lambda _task, key: tell_logout(key))
    with django_capture_on_commit_callbacks(execute=True):
        party.browser.post("/akun/keluar/")
    assert party.userinfo(here["access_token"]).status_code == 401
    assert error_of(party.refresh(here["refresh_token"])) == "invalid_grant"
    assert other.userinfo(there["access_token"]).status_code == 200, "another session goes on"
    (request,) = heard
    assert request.url == "https://app.example.org/logout" and request.method == "POST"
    token = parse_qs(request.body.decode())["logout_token"][0]
    told, said = claims_of(token, party.app), claims_of(here["id_token"], party.app)
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    assert told["events"] == {EVENT: {}} and (told["sub"], told["sid"]) == (said["sub"], said["sid"])
    assert "nonce" not in told and told["jti"] and told["exp"] - told["iat"] <= 120
    assert LogoutNotice.objects.get().told_at is not None


def test_an_app_that_is_away_is_told_later_and_one_that_refuses_is_left(party: Party, heard: Any) -> None:
    party.tokens()
    party.browser.post("/akun/keluar/")
    notice = LogoutNotice.objects.get()
    heard.answers = [CallError(Cause.CONNECT, Sent.NO), 503, 400]
    for error in ("connect", "503"):
        tell_logout(notice.pk)
        notice.refresh_from_db()
        assert error in notice.last_error.lower() and notice.next_try and not notice.told_at
        tell_logout(notice.pk)
        assert len(heard) == notice.tries, "not before it is due"
        LogoutNotice.objects.update(next_try=notice.made_at)
    tell_logout(notice.pk)
    notice.refresh_from_db()
    assert notice.next_try is None and notice.told_at is None and notice.tries == 3


def test_an_app_signs_its_own_person_out_without_a_question(party: Party) -> None:
    hint = party.tokens()["id_token"]
    answer = party.browser.get(
        f"/oidc/logout?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': BYE, 'state': 's 1'})}"
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{BYE}?state=s+1")
    assert party.ask()["Location"].startswith("/akun/masuk/")


@pytest.mark.parametrize("uri", [f"{BYE}/", "https://evil.example/", "https://app.example.org/bye?x", "//evil.example", ""])
def test_after_signing_out_only_a_registered_address_is_gone_to(party: Party, uri: str) -> None:
    hint = party.tokens()["id_token"]
    answer = party.browser.get(f"/oidc/logout?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': uri})}")
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_without_proof_of_this_session_the_person_is_asked(party: Party, alice: User) -> None:
    hint = party.tokens()["id_token"]
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(alice)
    for query in ({}, {"client_id": "app"}, {"id_token_hint": "x"}, {"id_token_hint": hint}):
        address = f"/oidc/logout?{urlencode({**query, 'post_logout_redirect_uri': BYE})}"
        page = elsewhere.get(address)
        assert page.status_code == 200 and "Keluar dari akun?" in page.content.decode()
        known = query.get("client_id") or query.get("id_token_hint") == hint
        assert ("https://app.example.org" in page["Content-Security-Policy"]) is bool(known), "where the form may lead"
        assert elsewhere.post(address, {"jawaban": "keluar"}).status_code == 403, "a form of another site"
        assert elsewhere.post("/oidc/logout", query)["Location"].startswith("/oidc/logout?")
    assert "_auth_user_id" in elsewhere.session
    token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = elsewhere.post(address, {"jawaban": "keluar", "csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Location"]) == (302, BYE) and "_auth_user_id" not in elsewhere.session


@pytest.mark.parametrize(("days", "worth"), [(29, True), (31, False)])
def test_an_old_id_token_names_a_session_for_a_month(party: Party, days: int, worth: bool) -> None:
    hint = party.tokens()["id_token"]
    claims = jwt.decode(hint, options={"verify_signature": False})
    old = keys.sign({**claims, "iat": claims["iat"] - days * 86400, "exp": claims["exp"] - days * 86400})
    answer = party.browser.get(f"/oidc/logout?{urlencode({'id_token_hint': old, 'post_logout_redirect_uri': BYE})}")
    assert answer.status_code == (302 if worth else 200)


def test_somebody_else_s_proof_never_ends_my_session(party: Party, app: Any) -> None:
    hint = party.tokens()["id_token"]
    adi = Client()
    adi.force_login(User.objects.create_user("adi@example.org", "x", name="Adi"))
    Party(app, adi).tokens()
    assert adi.get(f"/oidc/logout?{urlencode({'id_token_hint': hint})}").status_code == 200
    assert "_auth_user_id" in adi.session


def test_a_logout_token_is_no_proof_of_a_session(party: Party) -> None:
    party.tokens()
    party.browser.post("/akun/keluar/")
    token = logout_token(LogoutNotice.objects.get())
    assert keys.read_own(token, audience="app", issuer=party.issuer) is None
    party.browser.force_login(User.objects.get(email="alice@example.org"))
    assert party.told(party.ask(prompt="none", id_token_hint=token))["error"] == "login_required"
