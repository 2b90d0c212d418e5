"""Apps hear of a session that ends by itself: expired, left idle, after a new password, of an account that was closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import LogoutNotice, User
from accounts.sso import endings, grants
from accounts.sso.endings import end_everything
from accounts.timetable import end_gone_sessions
from tests.accounts.sso.conftest import Party, error_of
from tests.tokens import access_token_for


def is_over(party: Party, tokens: dict[str, str]) -> bool:
    """Nothing of these tokens is worth anything, and one notice waits for the app."""
    if party.userinfo(tokens["access_token"]).status_code == 200:
        return False
    assert error_of(party.refresh(tokens["refresh_token"])) == "invalid_grant"
    return LogoutNotice.objects.count() == 1


def elsewhere(party: Party, user: User) -> Party:
    browser = Client()
    browser.force_login(user)
    return Party(party.app, browser)


def test_a_living_session_is_left_alone(party: Party) -> None:
    tokens = party.tokens()
    assert end_gone_sessions() == 0
    assert party.userinfo(tokens["access_token"]).status_code == 200
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_an_expired_session_tells_its_apps_and_no_other(party: Party, alice: User) -> None:
    other = elsewhere(party, alice)
    gone, goes_on = party.tokens(), other.tokens()
    Session.objects.filter(session_key=party.browser.session.session_key).update(expire_date=timezone.now())
    assert end_gone_sessions() == 1
    assert is_over(party, gone) and other.userinfo(goes_on["access_token"]).status_code == 200
    assert end_gone_sessions() == 0, "told once"


def test_a_session_that_was_cleared_away_tells_its_apps(party: Party) -> None:
    tokens = party.tokens()
    Session.objects.all().delete()
    UserSession.objects.all().delete()
    assert end_gone_sessions() == 1 and is_over(party, tokens)


@pytest.mark.parametrize(
    ("field", "ago", "ended"),
    [
        ("last_seen_at", timedelta(minutes=35), 0),
        ("last_seen_at", timedelta(minutes=41), 1),
        ("created_at", timedelta(hours=11), 0),
        ("created_at", timedelta(hours=12, minutes=1), 1),
    ],
)
def test_a_staff_session_that_was_left_ends_without_anybody_coming_by(
    party: Party, alice: User, field: str, ago: timedelta, ended: int
) -> None:
    alice.is_superuser = True
    alice.save()
    clerk = elsewhere(party, alice)
    clerk.tokens()
    UserSession.objects.filter(session_key=clerk.browser.session.session_key).update(**{field: timezone.now() - ago})
    assert end_gone_sessions() == ended


def test_a_resident_s_session_may_rest_for_days(party: Party) -> None:
    party.tokens()
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=9))
    assert end_gone_sessions() == 0


def test_a_closed_account_is_over_in_every_app_at_once(party: Party, alice: User) -> None:
    other = elsewhere(party, alice)
    here, there = party.tokens(), other.tokens()
    end_everything(alice)
    for one, tokens in ((party, here), (other, there)):
        assert one.userinfo(tokens["access_token"]).status_code == 401
        assert error_of(one.refresh(tokens["refresh_token"])) == "invalid_grant"
        assert one.browser.get("/akun/").status_code == 302
    assert LogoutNotice.objects.count() == 2, "one an app and session"


def test_an_account_that_was_closed_behind_our_back_is_over_by_the_clock(party: Party, alice: User) -> None:
    tokens = party.tokens()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert end_gone_sessions() == 1
    assert party.userinfo(tokens["access_token"]).status_code == 401 and LogoutNotice.objects.count() == 1


def test_a_new_password_ends_every_other_session_and_what_is_left_of_older_ones(party: Party, alice: User) -> None:
    old, other = elsewhere(party, alice), elsewhere(party, alice)
    forgotten, there, here = old.tokens(), other.tokens(), party.tokens()
    UserSession.objects.filter(session_key=old.browser.session.session_key).delete()
    old.browser.session.flush()
    alice.set_password("an old horse battery")
    alice.save()
    party.browser.force_login(alice)
    here = party.tokens()
    form = {
        "oldpassword": "an old horse battery",
        "password1": "kuda baterai jepit 77",
        "password2": "kuda baterai jepit 77",
    }
    answer = party.browser.post("/akun/sandi/ganti/", form)
    assert answer.status_code == 302, answer.content.decode()
    assert party.userinfo(here["access_token"]).status_code == 200, "the session in which it was changed goes on"
    for one, tokens in ((old, forgotten), (other, there)):
        assert one.userinfo(tokens["access_token"]).status_code == 401
    assert end_gone_sessions() == 0, "its new key is known"


def test_a_program_that_works_for_an_hour_has_a_session_behind_it(alice: User) -> None:
    value = access_token_for(alice, lives=timedelta(hours=1))
    endings.end_gone(timezone.now() + timedelta(minutes=50))
    assert grants.access_token(value) is not None
    endings.end_gone(timezone.now() + timedelta(minutes=61))
    assert grants.access_token(value) is None
