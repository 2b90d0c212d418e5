"""Promise: a session has an end, goes on under a new key after each proof, and is closed to whoever only found it open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.accounts.factors.conftest import PASSWORD, Person

DAY = 24 * 3600
DEVICES = "/akun/perangkat/"


def key_of(one: Person) -> str:
    return str(one.browser.cookies[django_settings.SESSION_COOKIE_NAME].value)


def with_key(key: str) -> Client:
    browser = Client()
    browser.cookies[django_settings.SESSION_COOKIE_NAME] = key
    return browser


def left_alone(one: Person, seconds: int = 3600) -> None:
    """The proofs of this session are that old."""
    session = one.browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= seconds
    session.save()


def test_a_session_key_is_random_and_says_nothing(resident: Person) -> None:
    keys = set()
    for _time in range(20):
        other = Person(resident.user)
        other.sign_in()
        keys.add(key_of(other))
    assert len(keys) == 20 and all(len(key) == 32 and key.isalnum() for key in keys), "32 of 36 signs are 165 bits"


def test_signing_in_begins_a_new_session_and_ends_the_old_one(resident: Person) -> None:
    session = resident.browser.session
    session["before"] = 1
    session.save()
    resident.browser.cookies[django_settings.SESSION_COOKIE_NAME] = planted = str(session.session_key)
    resident.sign_in()
    assert resident.is_in and key_of(resident) != planted and not Session.objects.filter(session_key=planted).exists()


@pytest.mark.parametrize("door", ["/akun/masuk/ulang/", "/akun/masuk/ulang/kode/"])
def test_a_new_proof_is_a_new_key_and_the_old_one_opens_nothing(door: str, resident: Person, sri: Person) -> None:
    one = sri if "kode" in door else resident
    one.sign_in()
    if one is sri:
        one.write(one.code())
    old, row = key_of(one), UserSession.objects.get()
    answer = one.browser.post(door, {"password": PASSWORD, "code": one.code(1), "next": "/akun/"})
    assert (answer.status_code, answer["Location"]) == (302, "/akun/") and key_of(one) != old
    assert one.browser.get("/akun/").status_code == 200 and with_key(old).get("/akun/").status_code == 302
    row.refresh_from_db()
    assert row.session_key == key_of(one), "the list of devices follows"


def test_a_wrong_proof_changes_no_key(resident: Person) -> None:
    resident.sign_in()
    old = key_of(resident)
    assert resident.browser.post("/akun/masuk/ulang/", {"password": "bukan ini sandinya"}).status_code == 200
    assert key_of(resident) == old


@pytest.mark.parametrize(("days", "stays"), [(13, True), (15, False)])
def test_every_session_ends_after_14_days_however_often_it_is_used(days: int, stays: bool, resident: Person) -> None:
    resident.sign_in()
    session = resident.browser.session
    session["began"] -= days * DAY
    session.save()  # used a moment ago
    assert (resident.browser.get("/akun/").status_code == 200) is stays and resident.is_in is stays


def test_a_session_that_is_not_used_for_14_days_is_over(resident: Person) -> None:
    resident.sign_in()
    row = Session.objects.get(session_key=key_of(resident))
    assert timedelta(days=13) < row.expire_date - timezone.now() <= timedelta(days=14)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert resident.browser.get("/akun/").status_code == 302


def test_after_signing_out_the_key_is_worth_nothing(resident: Person) -> None:
    resident.sign_in()
    old = key_of(resident)
    resident.browser.post("/akun/keluar/")
    assert not Session.objects.filter(session_key=old).exists() and with_key(old).get("/akun/").status_code == 302


def test_a_closed_account_is_out_with_its_next_request(resident: Person) -> None:
    resident.sign_in()
    User.objects.filter(pk=resident.user.pk).update(is_active=False)
    assert resident.browser.get("/akun/").status_code == 302
    assert resident.browser.get("/api/v1/cases").status_code == 401


def test_every_page_of_an_account_leads_to_the_way_out(resident: Person) -> None:
    resident.sign_in()
    for path in ("/akun/", DEVICES, "/akun/email/", "/akun/sandi/ganti/", "/akun/langkah-kedua/", "/akun/aplikasi/", "/"):
        assert 'href="/akun/keluar/"' in resident.browser.get(path).content.decode(), path


def test_the_page_of_the_second_factor_leads_to_the_other_devices(resident: Person) -> None:
    resident.sign_in()
    assert f'href="{DEVICES}"' in resident.browser.get("/akun/langkah-kedua/").content.decode().partition("<main")[2]


def test_where_a_number_is_given_its_risk_is_said(resident: Person, settings: Any) -> None:
    settings.SHORT_CHANNELS = {"sms": {"url": "https://sms.example.org/", "secret": ""}}
    resident.sign_in()
    page = resident.browser.get("/akun/nomor/").content.decode().partition("<main")[2]
    assert "mengambil alih nomor Anda" in page and 'href="/akun/langkah-kedua/"' in page


def test_an_open_browser_does_not_change_addresses_without_a_proof(resident: Person) -> None:
    resident.sign_in()
    left_alone(resident)
    wish = {"action_add": "", "email": "pencuri@example.org"}
    answer = resident.browser.post("/akun/email/", wish)
    assert answer["Location"].startswith("/akun/masuk/ulang/?next=") and not mail.outbox
    assert not EmailAddress.objects.filter(email="pencuri@example.org").exists()
    resident.browser.post(answer["Location"], {"password": PASSWORD, "next": "/akun/email/"})
    assert mail.outbox[-1].to == ["pencuri@example.org"], "what was asked is done after the proof"


def test_an_open_browser_does_not_end_other_sessions_without_a_proof(resident: Person) -> None:
    resident.sign_in()
    phone = Person(resident.user)
    phone.sign_in()
    row = UserSession.objects.get(session_key=key_of(phone))
    left_alone(resident)
    answer = resident.browser.post(f"{DEVICES}keluarkan/", {"sesi": row.pk})
    assert answer["Location"].startswith("/akun/masuk/ulang/?next=") and phone.browser.get("/akun/").status_code == 200
    back = resident.browser.post(answer["Location"], {"password": PASSWORD, "next": f"{DEVICES}keluarkan/"})
    assert back["Location"] == DEVICES and phone.browser.get("/akun/").status_code == 302
    assert resident.browser.get(DEVICES).status_code == 200
    left_alone(resident)
    assert resident.browser.post(f"{DEVICES}keluarkan/semua/")["Location"].startswith("/akun/masuk/ulang/?next=")
