"""Promise: passwords, codes and links prove one person, once, for a while, and one of them never stands in for another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.accounts.codes.conftest import mailed_code
from tests.accounts.factors.conftest import PASSWORD, Person

NEW = "gerobak biru tiga puluh"


def reset_link(one: Person) -> str:
    Client().post("/akun/sandi/lupa/", {"email": one.user.email})
    found = re.search(r"http://localhost:8000(/akun/sandi/lupa/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def choose(link: str, password: str = NEW) -> Any:
    """Whoever holds the link chooses a password."""
    browser = Client()
    where = browser.get(link).headers.get("Location", "")
    return browser.post(where, {"password1": password, "password2": password}) if where else None


def test_the_link_to_a_new_password_names_nobodys_row(resident: Person) -> None:
    link = reset_link(resident)
    uid, _dash, token = link.removeprefix("/akun/sandi/lupa/").partition("-")
    assert uid == resident.user.public_id
    for other in (user_pk_to_url_str(resident.user), User.objects.create_user("lain@example.org").public_id):
        answer = Client().get(f"/akun/sandi/lupa/{other}-{token}")
        assert answer.status_code == 200 and "kedaluwarsa" in answer.content.decode()
    where = Client().get(link)["Location"]
    assert where == f"/akun/sandi/lupa/{uid}-set-password/"


def test_a_new_password_needs_the_present_one(resident: Person) -> None:
    resident.sign_in()
    for wrong in ("", NEW):
        given = {"oldpassword": wrong, "password1": NEW, "password2": NEW}
        assert resident.browser.post("/akun/sandi/ganti/", given).status_code == 200
    resident.user.refresh_from_db()
    assert resident.user.check_password(PASSWORD)
    given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert resident.browser.post("/akun/sandi/ganti/", given).status_code == 302
    resident.user.refresh_from_db()
    assert resident.user.check_password(NEW)


def test_a_password_is_masked_wherever_it_is_written(resident: Person) -> None:
    pages = [Client().get(path).content.decode() for path in ("/akun/masuk/", "/akun/daftar/")]
    resident.sign_in()
    pages += [resident.browser.get(path).content.decode() for path in ("/akun/sandi/ganti/", "/akun/masuk/ulang/")]
    for page in pages:
        fields = re.findall(r'<input[^>]*name="(?:old)?password\d?"[^>]*>', page)
        assert fields and all('type="password"' in field for field in fields), fields


@pytest.mark.parametrize("given", [PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", PASSWORD[:-1], PASSWORD + "x" * 300])
def test_nothing_but_the_very_password_is_taken(given: str, resident: Person) -> None:
    resident.sign_in(given)
    assert not resident.is_in


def test_a_password_may_be_long_and_begin_and_end_with_a_space(resident: Person) -> None:
    long = " " + "delapan ratus burung pipit di sawah " * 5
    resident.sign_in()
    resident.browser.post("/akun/sandi/ganti/", {"oldpassword": PASSWORD, "password1": long, "password2": long})
    again = Person(resident.user)
    again.sign_in(long.strip())
    assert not again.is_in
    again.sign_in(long)
    assert again.is_in and len(long) > 64


def test_a_new_installation_has_no_account(db: None) -> None:
    assert not User.objects.exists(), "migrations make none"


def test_production_does_not_start_with_the_accounts_of_the_demo() -> None:
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "portal.settings.production", "DEMO": "1"}
    found = subprocess.run(
        [sys.executable, "manage.py", "check"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode != 0 and "cannot be used with production settings" in found.stderr


def test_a_password_that_was_reset_does_not_replace_the_second_factor(sri: Person) -> None:
    choose(reset_link(sri))
    sri.sign_in(NEW)
    assert not sri.is_in
    sri.write(sri.code())
    assert sri.is_in


def test_a_link_to_a_new_password_is_worth_one_use_and_one_hour(resident: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    link = reset_link(resident)
    choose(link)
    choose(link, "kucing tidur di atap")
    resident.user.refresh_from_db()
    assert resident.user.check_password(NEW)

    late = reset_link(resident)
    generator = "django.contrib.auth.tokens.PasswordResetTokenGenerator._now"
    monkeypatch.setattr(generator, lambda _self: datetime.now() + timedelta(minutes=61))
    choose(late, "kucing tidur di atap")
    resident.user.refresh_from_db()
    assert resident.user.check_password(NEW)


def test_whoever_has_no_password_signs_in_by_mail_and_chooses_one(db: None) -> None:
    made = Person(User.objects.create_user("petugas-baru@example.org", None, name="Siti"))
    made.browser.post("/akun/masuk/sekali/", {"login": made.user.email})
    made.browser.post("/akun/masuk/sekali/kode/", {"code": mailed_code()})
    assert made.is_in, "the code has proved the address"
    assert made.browser.post("/akun/sandi/buat/", {"password1": NEW, "password2": NEW}).status_code == 302
    again = Person(made.user)
    again.sign_in(NEW)
    assert again.is_in
