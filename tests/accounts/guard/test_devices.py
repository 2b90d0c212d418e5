"""Promise: people see where they are signed in and end it, with every app; they hear of what happens to their account."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from allauth.account.forms import default_token_generator
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.guard import notices
from accounts.guard.models import AccountNotice
from accounts.sso.constants import SID
from accounts.tasks import send_account_notice
from tests.accounts.factors.conftest import PASSWORD, Person

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
PAGE = "/akun/perangkat/"


def at(person: Person, agent: str = "", address: str = "36.70.1.9") -> Person:
    """The same person at another browser."""
    other = Person(person.user)
    other.browser = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    other.sign_in()
    return other


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sign-on sessions that apps were told to end."""
    sids: list[str] = []
    for module in ("accounts.guard.devices.end_session", "accounts.sso.login.end_session"):
        monkeypatch.setattr(module, lambda sid: sids.append(sid) if sid else None)
    return sids


def with_apps(person: Person, sid: str) -> None:
    session = person.browser.session
    session[SID] = sid
    session.save()


def test_the_list_names_browser_shortened_address_and_this_device(resident: Person) -> None:
    at(resident, ANDROID)
    here = at(resident, "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "2001:db8:1:2::7")
    page = here.browser.get(PAGE).content.decode()
    assert "Chrome (Android)" in page and "36.70.1.x" in page and "36.70.1.9" not in page
    assert "Firefox (Linux)" in page and "2001:db8:1::/48" in page
    assert page.index("Firefox (Linux)") < page.index("Perangkat ini") < page.index("Chrome (Android)")
    assert page.count("Perangkat ini") == 1


def test_one_session_is_ended_with_its_apps_and_no_other(resident: Person, ended: list[str]) -> None:
    phone, desk, here = at(resident, ANDROID), at(resident), at(resident)
    with_apps(phone, "sid-phone")
    with_apps(desk, "sid-desk")
    row = UserSession.objects.get(session_key=phone.browser.session.session_key)
    assert here.browser.post(f"{PAGE}keluarkan/", {"sesi": row.pk})["Location"] == PAGE
    assert phone.browser.get("/akun/").status_code == 302 and desk.browser.get("/akun/").status_code == 200
    assert here.browser.get("/akun/").status_code == 200 and ended == ["sid-phone"]


@pytest.mark.parametrize("sesi", ["", "0", "x", "-1", "99999999999999999999", "1e3"])
def test_what_is_no_session_ends_none(sesi: str, resident: Person) -> None:
    here = at(resident)
    assert here.browser.post(f"{PAGE}keluarkan/", {"sesi": sesi}).status_code == 302
    assert UserSession.objects.count() == 1


def test_a_foreign_session_is_as_absent_as_none(resident: Person, newcomer: Person) -> None:
    theirs, mine = at(newcomer), at(resident)
    row = UserSession.objects.get(user=newcomer.user)
    mine.browser.post(f"{PAGE}keluarkan/", {"sesi": row.pk})
    assert theirs.browser.get("/akun/").status_code == 200


def test_all_devices_are_signed_out_this_one_too(resident: Person, ended: list[str]) -> None:
    phone, here = at(resident, ANDROID), at(resident)
    with_apps(phone, "sid-phone")
    with_apps(here, "sid-here")
    assert here.browser.post(f"{PAGE}keluarkan/semua/")["Location"] == "/akun/masuk/"
    assert phone.browser.get("/akun/").status_code == here.browser.get("/akun/").status_code == 302
    assert sorted(ended) == ["sid-here", "sid-phone"] and not UserSession.objects.exists()


def test_a_changed_password_ends_the_other_sessions_and_their_apps(resident: Person, ended: list[str]) -> None:
    phone, here = at(resident, ANDROID), at(resident)
    with_apps(phone, "sid-phone")
    with_apps(here, "sid-here")
    new = "gerobak biru tiga puluh"
    answer = here.browser.post("/akun/sandi/ganti/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302, answer.content.decode()
    assert phone.browser.get("/akun/").status_code == 302 and here.browser.get("/akun/").status_code == 200
    assert ended == ["sid-phone"]
    assert AccountNotice.objects.filter(event="password_changed").count() == 1


def test_a_reset_password_ends_every_session(resident: Person, ended: list[str]) -> None:
    phone = at(resident, ANDROID)
    with_apps(phone, "sid-phone")
    stranger, new = Client(), "gerobak biru tiga puluh"
    resident.user.refresh_from_db()
    link = f"/akun/sandi/lupa/{resident.user.public_id}-{default_token_generator.make_token(resident.user)}/"
    where = stranger.get(link)["Location"]
    stranger.post(where, {"password1": new, "password2": new})
    assert phone.browser.get("/akun/").status_code == 302 and ended == ["sid-phone"]
    assert Person(resident.user).sign_in(new).status_code == 302
    assert AccountNotice.objects.filter(event="password_changed").count() == 1


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(resident: Person) -> None:
    first = at(resident)
    assert not AccountNotice.objects.exists(), "the very first sign-in of an account"
    first.browser.post("/akun/keluar/")
    first.sign_in()
    assert not AccountNotice.objects.exists(), "the same browser again"
    at(resident, ANDROID)
    notice = AccountNotice.objects.get()
    assert (notice.event, notice.browser, notice.where) == ("new_device", "Chrome (Android)", "36.70.1.x")
    send_account_notice(notice.pk)
    letter = mail.outbox[-1]
    assert letter.subject == "Akun Anda dipakai masuk dari perangkat baru" and "Chrome (Android)" in letter.body
    assert PAGE in letter.body and "testserver" not in letter.body
    send_account_notice(notice.pk)
    assert mail.outbox[-1] is letter, "once"


def test_the_mail_speaks_the_persons_language(resident: Person) -> None:
    at(resident).browser.post("/en/akun/bahasa/")
    at(resident, ANDROID)
    send_account_notice(AccountNotice.objects.get().pk)
    assert re.search(r"signed in from a new device", mail.outbox[-1].subject), mail.outbox[-1].subject


def test_a_browser_cannot_claim_to_be_known(resident: Person, newcomer: Person) -> None:
    at(resident)
    of_another = at(newcomer).browser.cookies["perangkat"].value
    forger = Person(resident.user)
    forger.browser.cookies["perangkat"] = f"{of_another}.{resident.user.public_id}"
    forger.sign_in()
    assert AccountNotice.objects.filter(user=resident.user, event="new_device").count() == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (ANDROID, "Chrome (Android)"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Browser tidak dikenal"),
        ("<script>alert(1)</script>", "Browser tidak dikenal"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari (iPhone)"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0.0.0 Safari/537.36 Edg/130.0", "Edge (Windows)"),
    ],
)
def test_browsers_are_named_as_people_name_them(agent: str, name: str) -> None:
    assert notices.browser_name(agent) == name


def test_the_last_use_of_a_session_is_noted(resident: Person) -> None:
    here = at(resident)
    UserSession.objects.update(last_seen_at="2026-01-01T00:00:00Z")
    here.browser.get("/akun/")
    assert UserSession.objects.get().last_seen_at.year > 2025 and UserSession.objects.get().last_seen_at.month > 1


def test_an_operator_takes_away_lost_second_factors_and_ends_the_sessions(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code())
    call_command("second_factor", "reset", "SRI@example.org", stdout=StringIO())
    assert sri.browser.get("/akun/").status_code == 302 and not Authenticator.objects.filter(user=sri.user).exists()
    assert AccountNotice.objects.filter(event="factors_reset").count() == 1
    sri.sign_in()
    assert sri.is_in and sri.browser.get("/petugas/sistem/")["Location"] == "/akun/langkah-kedua/"
    with pytest.raises(CommandError):
        call_command("second_factor", "reset", "tidak-ada@example.org")
