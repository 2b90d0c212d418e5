"""What the withdrawal of a consent ends, and what the person is told of it; and what an app may ask of a sign-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import LogoutNotice, User
from accounts.sso import clients, forward
from accounts.sso.endings import logout_token
from accounts.tasks import tell_logout
from tests.accounts.sso.conftest import CALLBACK, SECRET, Party, claims_of
from tests.accounts.sso.test_logout import heard  # noqa: F401  (a fixture)

APPS = "/akun/aplikasi/"


def withdraw(party: Party) -> str:
    """Take back the consent; what the page says then."""
    party.browser.post(f"{APPS}cabut/", {"aplikasi": party.app.pk})
    return str(party.browser.get(APPS).content.decode())


def register(party: Party, **more: Any) -> None:
    clients.register(
        "app",
        "Aplikasi Uji",
        secret=SECRET,
        scopes=["openid", "profile", "email"],
        purpose="Uji",
        **{"redirect_uris": [CALLBACK], **more},
    )
    party.app.refresh_from_db()


def test_the_app_is_told_to_end_its_session(
    party: Party,
    alice: User,
    heard: list[Any],  # noqa: F811
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = Party(party.app, Client())
    elsewhere.browser.force_login(alice)
    given = [claims_of(one.tokens()["id_token"], party.app) for one in (party, elsewhere)]
    monkeypatch.setattr("accounts.sso.endings.wake", lambda _task, key: tell_logout(key))
    assert "meminta aplikasi ini mengakhiri sesi Anda" in party.browser.get(APPS).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        page = withdraw(party)
    assert "diminta mengakhiri sesi Anda di sana" in page
    tokens = [claims_of(parse_qs(request.body.decode())["logout_token"][0], party.app) for request in heard]
    assert {token["sid"] for token in tokens} == {one["sid"] for one in given}, "of each of the person's sessions"
    assert party.browser.get("/akun/").status_code == 200, "the portal's own session goes on"


def test_an_app_that_is_entered_again_is_told_of_the_end_again(party: Party) -> None:
    party.tokens()
    withdraw(party)
    first = LogoutNotice.objects.get()
    LogoutNotice.objects.update(next_try=None, told_at=first.made_at, tries=3)
    party.tokens()
    party.browser.post("/akun/keluar/")
    again = LogoutNotice.objects.get()
    assert again.sid == first.sid and again.jti != first.jti and logout_token(again)
    assert again.next_try and again.told_at is None and again.tries == 0 and again.made_at > first.made_at


def test_another_persons_session_and_another_app_hear_nothing(party: Party) -> None:
    adi = Client()
    adi.force_login(User.objects.create_user("adi@example.org", "x", name="Adi"))
    other = Party(party.app, adi)
    party.tokens()
    access = other.tokens()["access_token"]
    withdraw(party)
    assert other.userinfo(access).status_code == 200 and LogoutNotice.objects.count() == 1


def test_without_a_logout_address_the_person_is_told_to_sign_out_there(party: Party) -> None:
    register(party, backchannel_logout_uri="")
    party.tokens()
    page = party.browser.get(APPS).content.decode()
    assert "tidak mengeluarkan Anda dari aplikasi ini" in page and "tetap ada di dinas itu" in page
    assert "keluarlah di sana" in withdraw(party) and not LogoutNotice.objects.exists()


def test_behind_forward_auth_the_session_ends_and_the_page_says_so(party: Party) -> None:
    register(party, redirect_uris=[CALLBACK, f"https://app.example.org{forward.CALLBACK_PATH}"])
    party.tokens()
    assert "Mencabut izin juga mengakhiri sesi Anda di aplikasi ini" in party.browser.get(APPS).content.decode()
    assert "sesi Anda di sana berakhir" in withdraw(party)


@pytest.mark.parametrize("prompt", ["create", "login create", "LOGIN", "none,login", "x" * 300])
def test_an_unknown_prompt_is_an_invalid_request(prompt: str, party: Party) -> None:
    told = party.told(party.ask(prompt=prompt))
    assert told["error"] == "invalid_request" and told["error_description"].startswith("prompt") and "code" not in told


def test_what_prompts_exist_is_published_and_each_is_answered(party: Party) -> None:
    party.tokens()
    published = party.door.get("/.well-known/openid-configuration").json()["prompt_values_supported"]
    leads = {prompt: urlsplit(party.ask(prompt=prompt)["Location"]).path for prompt in published}
    assert leads == {
        "none": urlsplit(CALLBACK).path,
        "login": "/akun/masuk/ulang/",
        "consent": "/akun/izin/",
        "select_account": "/akun/izin/",
    }


def test_select_account_shows_who_is_here_and_a_way_to_be_somebody_else(party: Party) -> None:
    party.tokens()
    asked = party.ask(prompt="select_account")
    page = party.browser.get(asked["Location"]).content.decode()
    assert "Anda masuk sebagai Alice Contoh" in page and "Masuk sebagai orang lain" in page
    assert party.told(party.consent(asked))["code"]
    back = f"/oidc/authorize?{urlsplit(asked['Location']).query}"
    left = party.browser.post("/akun/keluar/", {"next": back})
    assert left["Location"] == back and party.browser.get(back)["Location"].startswith("/akun/masuk/?next=")
