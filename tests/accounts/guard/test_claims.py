"""Promise: nobody gets into an account, or draws anybody into one, by signing up with somebody else's address."""

from __future__ import annotations

import base64
import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.codes.models import OneTimeCode
from accounts.guard import claims
from accounts.models import User
from services.catalogue import invitations, members
from services.catalogue.models import Department, DepartmentRole
from tests.accounts.codes.conftest import mailed_code
from tests.accounts.factors.conftest import PASSWORD, Person

WANTED = "pemilik@example.org"
MINE, THEIRS = "kucing tidur di atap rumah", "penyerang menunggu di pintu"
LINK = re.compile(r"http://localhost:8000((?:/en)?/akun/(?:email/konfirmasi|sandi/lupa)/\S+)")


def sign_up(password: str, name: str = "Pemilik", email: str = WANTED, browser: Client | None = None) -> Client:
    browser = browser or Client()
    answer = browser.post("/akun/daftar/", {"name": name, "email": email, "password1": password})
    assert answer.status_code == 302, answer.content.decode()
    cache.clear()
    return browser


def linked(number: int = -1) -> str:
    found = LINK.search(str(mail.outbox[number].body))
    assert found, mail.outbox[number].body
    return found[1]


def by_code(browser: Client, email: str = WANTED) -> User | None:
    browser.post("/akun/masuk/sekali/", {"login": email})
    browser.post("/akun/masuk/sekali/kode/", {"code": mailed_code()})
    return who(browser)


def who(browser: Client) -> User | None:
    found = browser.session.get("_auth_user_id")
    return User.objects.get(pk=found) if found else None


def opens(password: str, email: str = WANTED) -> bool:
    cache.clear()
    browser = Client()
    browser.post("/akun/masuk/", {"login": email, "password": password})
    return who(browser) is not None


def test_the_owner_of_an_address_comes_by_code_and_a_strangers_password_is_gone(db: None) -> None:
    waiting = sign_up(THEIRS, "Penyerang")
    owner = Client()
    user = by_code(owner)
    assert user is not None and user.email == WANTED and not opens(THEIRS)
    assert "Kata sandi yang dipilih di sana tidak berlaku lagi" in owner.get("/akun/").content.decode()
    assert owner.post("/akun/nama/", {"name": " Pemilik   Asli "}).status_code == 302
    user.refresh_from_db()
    assert user.name == "Pemilik Asli"
    assert who(waiting) is None and waiting.get("/akun/").status_code == 302


def test_the_link_opened_in_another_browser_leads_to_a_new_password(db: None) -> None:
    waiting = sign_up(THEIRS, "Penyerang")
    owner = Client()
    asked = owner.get(linked())
    assert asked.status_code == 200 and "Benarkah" in asked.content.decode()
    answer = owner.post(linked(), follow=True)
    chosen = answer.redirect_chain[-1][0]
    assert "sandi/lupa" in chosen
    owner.post(chosen, {"password1": MINE, "password2": MINE})
    assert opens(MINE) and not opens(THEIRS) and who(waiting) is None


def test_the_same_browser_keeps_its_password_and_is_signed_in(db: None) -> None:
    browser = sign_up(MINE)
    assert browser.post(linked()).status_code == 302
    assert who(browser) is not None and opens(MINE)


def test_the_same_browser_a_day_later_keeps_its_password(db: None) -> None:
    browser = sign_up(MINE)
    session = browser.session
    session.pop("account_login")
    session.save()
    browser.post(linked())
    assert opens(MINE)


def test_the_owner_signs_up_after_the_stranger_and_has_the_own_password(db: None) -> None:
    waiting = sign_up(THEIRS, "Penyerang")
    first = linked()
    owner = sign_up(MINE)
    assert User.objects.filter(email=WANTED).get().name == "Pemilik"
    assert Client().post(first).status_code == 404, "the older claim is gone"
    owner.post(linked())
    user = who(owner)
    assert user is not None and opens(MINE) and not opens(THEIRS)
    assert who(waiting) is None and waiting.post(linked()).status_code in (302, 404) and who(waiting) is None


def test_a_stranger_who_signs_up_after_the_owner_gains_nothing(db: None) -> None:
    owner = sign_up(MINE)
    sign_up(THEIRS, "Penyerang")
    answer = owner.post(linked(), follow=True)
    assert "sandi/lupa" in answer.redirect_chain[-1][0]
    owner.post(answer.redirect_chain[-1][0], {"password1": MINE, "password2": MINE})
    assert opens(MINE) and not opens(THEIRS)


def test_whoever_signs_up_twice_uses_the_newer_password(db: None) -> None:
    browser = sign_up(MINE)
    sign_up("gunung dan laut biru sekali", browser=browser)
    browser.post(linked())
    assert opens("gunung dan laut biru sekali") and not opens(MINE)


def test_an_address_that_is_somebodys_is_never_replaced(resident: Person) -> None:
    pk = resident.user.pk
    sign_up(THEIRS, email=resident.user.email or "")
    assert User.objects.get(email=resident.user.email).pk == pk and opens(PASSWORD, resident.user.email or "")
    assert "konfirmasi" not in str(mail.outbox[-1].body)


def test_an_added_address_draws_nobody_into_the_account(resident: Person) -> None:
    resident.sign_in()
    resident.browser.post("/akun/email/", {"email": WANTED, "action_add": ""})
    assert EmailAddress.objects.filter(user=resident.user, email=WANTED, verified=False).exists()
    link = linked()
    owner = Client()
    assert by_code_sends_nothing(owner)
    page = owner.get(link).content.decode()
    assert "Seseorang ingin memakai" in page and "Benarkah" not in page
    owner.post(link)
    assert not EmailAddress.objects.get(email=WANTED).verified and who(owner) is None
    sent = len(mail.outbox)
    owner.post("/akun/sandi/lupa/", {"email": WANTED})
    assert not any(LINK.search(str(m.body)) and "sandi/lupa" in str(m.body) for m in mail.outbox[sent:])
    resident.browser.post(link)
    assert EmailAddress.objects.get(email=WANTED).verified, "whoever is signed in there confirms it"


def by_code_sends_nothing(browser: Client) -> bool:
    """For an address without an account no code opens anything."""
    browser.post("/akun/masuk/sekali/", {"login": WANTED})
    return OneTimeCode.objects.get(purpose="sign_in").user is None


def test_whoever_only_added_an_address_keeps_nobody_from_signing_up_with_it(resident: Person) -> None:
    resident.sign_in()
    resident.browser.post("/akun/email/", {"email": WANTED, "action_add": ""})
    cache.clear()
    owner = sign_up(MINE)
    owner.post(linked())
    user = who(owner)
    assert user is not None and user != resident.user and user.email == WANTED
    assert not EmailAddress.objects.filter(user=resident.user, email=WANTED).exists(), "the claim is over"


def test_a_role_that_waits_for_an_address_never_comes_to_the_stranger(db: None) -> None:
    department = Department.objects.create(code="dlh", name="DLH", short_name="DLH", kind="dinas")
    boss = User.objects.create_user("kepala@example.org", "x", name="Kepala")
    members.set_roles(boss, department=department, roles=[DepartmentRole.MANAGER], by=None)
    waiting = sign_up(THEIRS, "Penyerang")
    invitations.add(department, email=WANTED, roles=[DepartmentRole.CLERK], by=boss)
    owner = Client()
    user = by_code(owner)
    assert user is not None and members.roles_of(user, department) == {DepartmentRole.CLERK}
    assert not opens(THEIRS)
    waiting.post("/akun/masuk/", {"login": WANTED, "password": THEIRS})
    assert who(waiting) is None and waiting.get("/petugas/").status_code == 302


def test_a_new_password_by_link_takes_the_claim_from_the_stranger(db: None) -> None:
    sign_up(THEIRS, "Penyerang")
    owner = Client()
    owner.post("/akun/sandi/lupa/", {"email": WANTED})
    page = owner.get(linked(), follow=True)
    owner.post(page.redirect_chain[-1][0], {"password1": MINE, "password2": MINE})
    assert not opens(THEIRS)


def test_somebody_with_duties_is_never_replaced_by_a_sign_up(db: None) -> None:
    made = User.objects.create_superuser(WANTED, PASSWORD)
    sign_up(THEIRS)
    assert User.objects.get(email=WANTED).pk == made.pk and not claims.is_proved(made)
    assert not claims.make_room(WANTED)


def test_the_link_names_nobodys_row(db: None) -> None:
    sign_up(MINE)
    key = linked().rstrip("/").rsplit("/", 1)[1]
    payload = key.split(":")[0].encode()
    text = base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)).decode()
    assert str(EmailAddress.objects.get().pk) not in re.findall(r"\b\d+\b", text)
    assert WANTED not in text


@pytest.mark.parametrize("key", ["x", "x:y:z", "Njk:1abc:def", "." * 40])
def test_a_forged_link_is_an_old_one(db: None, key: str) -> None:
    answer = Client().get(f"/akun/email/konfirmasi/{key}/")
    assert answer.status_code in (200, 404)
    if answer.status_code == 200:
        assert "kedaluwarsa" in answer.content.decode()


def test_a_link_is_worth_three_days(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(MINE)
    link, now = linked(), time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 4 * 86400)
    assert "kedaluwarsa" in Client().get(link).content.decode()
