"""Promise: short messages cost money and codes can be guessed, so both are few; and nothing tells who has an account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.codes import issuing
from accounts.codes.models import OneTimeCode
from accounts.guard import guessing
from accounts.guard.models import AccountNotice, GuessCount
from accounts.models import User
from tests.accounts.codes.conftest import NUMBER, OTHER, Phone, Visitor
from tests.accounts.factors.conftest import PASSWORD, Person

UNKNOWN = "+6281311112222"
FIRST = "+6281311113333"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were really compared."""
    seen: list[str] = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: (seen.append(raw), real(self, raw))[1])
    return seen


def from_address(number: int) -> Visitor:
    return Visitor(Client(REMOTE_ADDR=f"10.30.{number // 250}.{number % 250}"))


def test_one_number_gets_three_codes_in_a_quarter_and_ten_a_day(resident: Person, phone: Phone) -> None:
    for quarter in range(6):
        for number in range(5):
            from_address(quarter * 10 + number).ask(NUMBER)
        GuessCount.objects.filter(in_window__lte=issuing.A_QUARTER).update(window_at=timezone.now() - timedelta(minutes=16))
    assert len(phone.texts(NUMBER)) <= issuing.A_DAY
    assert OneTimeCode.objects.count() <= issuing.A_DAY


def test_the_limit_of_an_unknown_number_is_the_same_and_told_alike(resident: Person, phone: Phone) -> None:
    told = {}
    for way in (NUMBER, UNKNOWN):
        told[way] = [from_address(number).ask(way).status_code for number in range(5)]
    assert told[NUMBER] == told[UNKNOWN] == [302, 302, 302, 200, 200]


def test_the_city_sends_no_more_than_it_has_decided(phone: Phone, settings: Any) -> None:
    settings.PHONE_MESSAGES_DAY = 4
    for number in range(9):
        visitor = from_address(number)
        visitor.post("daftar/", email=f"0813555500{number:02d}", name="Siapa", password1="gerobak biru tiga puluh")
    assert len(phone.texts()) == 4


def test_what_is_not_sent_uses_nothing_up_and_a_mail_has_no_limit_by_the_day(
    resident: Person, phone: Phone, settings: Any
) -> None:
    settings.PHONE_MESSAGES_DAY = 2
    for number in range(6):
        from_address(number).ask(f"0813555500{number:02d}")
    assert from_address(9).ask(NUMBER).status_code == 302 and len(phone.texts(NUMBER)) == 1
    for quarter in range(5):
        for number in range(3):
            assert from_address(20 + quarter * 10 + number).ask(resident.user.email).status_code == 302
        GuessCount.objects.update(window_at=timezone.now() - timedelta(minutes=16))


def test_where_the_person_is_known_strangers_use_up_nobody_s_codes(resident: Person, phone: Phone) -> None:
    here = Visitor()
    here.ask(NUMBER)
    here.write(phone.code(NUMBER))
    here.browser.post("/akun/keluar/")
    for number in range(9):
        from_address(number).ask(NUMBER)
    assert from_address(99).ask(NUMBER).status_code == 200 and here.ask(NUMBER).status_code == 302


def known_browser(phone: Phone) -> Visitor:
    """One in which the owner of the number was signed in before."""
    here = Visitor()
    here.ask(NUMBER)
    here.write(phone.code(NUMBER))
    here.browser.post("/akun/keluar/")
    GuessCount.objects.all().delete()
    return here


def test_where_the_person_is_known_strangers_use_up_no_day_of_short_messages(resident: Person, phone: Phone) -> None:
    here = known_browser(phone)
    for number in range(20):
        from_address(number).ask(NUMBER)
        GuessCount.objects.filter(in_window__lte=issuing.A_QUARTER).update(window_at=timezone.now() - timedelta(minutes=16))
    GuessCount.objects.update(window_at=timezone.now() - timedelta(minutes=16))
    before = len(phone.texts(NUMBER))
    assert from_address(99).ask(NUMBER).status_code == 200 and len(phone.texts(NUMBER)) == before
    assert here.ask(NUMBER).status_code == 302 and len(phone.texts(NUMBER)) == before + 1


def test_where_the_person_is_known_strangers_guesses_at_codes_keep_nobody_out(resident: Person, phone: Phone) -> None:
    here = known_browser(phone)
    for number in range(2):
        stranger = from_address(number)
        stranger.ask(NUMBER)
        answers = [stranger.write("00000x") for _try in range(3)]
    assert "Terlalu banyak kode salah" in answers[-1].content.decode()
    here.ask(NUMBER)
    here.write(phone.code(NUMBER))
    assert here.signed_in == resident.user


def test_where_the_person_is_known_guesses_and_codes_are_few_too(resident: Person, phone: Phone) -> None:
    here = known_browser(phone)
    assert [here.ask(NUMBER).status_code for _try in range(5)] == [302, 302, 302, 200, 200]
    GuessCount.objects.all().delete()
    for _code in range(2):
        here.ask(NUMBER)
        answers = [here.write("00000x") for _try in range(3)]
    assert "Terlalu banyak kode salah" in answers[-1].content.decode()


def test_a_known_browser_has_no_budget_for_somebody_elses_number(
    resident: Person, by_phone_only: Person, phone: Phone
) -> None:
    signed_in = Visitor()
    signed_in.post("masuk/", login=OTHER, password=PASSWORD)
    for number in range(3):
        from_address(number).ask(NUMBER)
    assert signed_in.post("nomor/", number=NUMBER).status_code == 200 and len(phone.texts(NUMBER)) == 3
    assert signed_in.post("nomor/", number=OTHER).status_code == 302


@pytest.mark.parametrize("by", ["number", "email"])
def test_strangers_who_forget_the_password_keep_no_known_browser_from_a_new_one(
    by: str, resident: Person, phone: Phone
) -> None:
    here, way = known_browser(phone), NUMBER if by == "number" else resident.user.email
    answers = [from_address(number).post("sandi/lupa/", email=way) for number in range(9)]
    assert answers[-1].status_code == 200 and "Terlalu banyak" in answers[-1].content.decode()
    assert here.post("sandi/lupa/", email=way).status_code == 302


def test_one_internet_address_cannot_send_without_end(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "A_DAY_FROM", 5)
    for number in range(9):
        cache.clear()
        Visitor().post("daftar/", email=f"0813555500{number:02d}", name="Siapa", password1="gerobak biru tiga puluh")
    assert len(phone.texts()) == 5


def test_nothing_is_sent_to_a_number_without_an_account_but_to_sign_up(visitor: Visitor, phone: Phone) -> None:
    visitor.ask(UNKNOWN)
    visitor.post("sandi/lupa/", email=UNKNOWN)
    assert phone.texts() == [] and OneTimeCode.objects.count() == 2
    visitor.post("daftar/", email=UNKNOWN, name="Siapa", password1="gerobak biru tiga puluh")
    assert len(phone.texts(UNKNOWN)) == 1


def page_of(answer: Any) -> tuple[int, str, str]:
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    for way in (NUMBER, UNKNOWN, NUMBER[-4:], UNKNOWN[-4:]):
        body = body.replace(way, "-")
    return answer.status_code, answer.headers.get("Location", ""), body


@pytest.mark.parametrize(
    ("path", "form", "then"),
    [
        ("masuk/", {"login": "", "password": "salah-salah"}, ""),
        ("masuk/sekali/", {"login": ""}, "masuk/sekali/kode/"),
        ("daftar/", {"email": "", "name": "Siapa", "password1": "gerobak biru tiga puluh"}, "daftar/kode/"),
        ("sandi/lupa/", {"email": ""}, "sandi/lupa/kode/"),
        ("nomor/", {"number": ""}, "nomor/kode/"),
    ],
)
def test_a_number_with_and_one_without_an_account_get_the_same_answers_after_the_same_work(
    by_phone_only: Person, resident: Person, path: str, form: dict[str, str], then: str
) -> None:
    seen = {}
    field = "number" if "number" in form else "login" if "login" in form else "email"
    for way in (FIRST, NUMBER, UNKNOWN):  # the first makes the counts that all share
        visitor = Visitor()
        if path == "nomor/":  # somebody who is signed in asks for another's number
            visitor.post("masuk/", login=OTHER, password=PASSWORD)
        visitor.browser.get(f"/akun/{path}")
        with CaptureQueriesContext(connection) as queries:
            answers = [visitor.post(path, **{**form, field: way})]
            if then:
                answers.append(visitor.browser.get(f"/akun/{then}"))
                OneTimeCode.objects.update(digest="0" * 64)
                answers += [visitor.post(then, code="123456") for _try in range(4)]
        seen[way] = ([page_of(answer) for answer in answers], len(queries))
    assert seen[NUMBER][0] == seen[UNKNOWN][0]
    assert abs(seen[NUMBER][1] - seen[UNKNOWN][1]) <= 1


def test_a_right_code_of_nobody_opens_nothing(visitor: Visitor, phone: Phone) -> None:
    visitor.ask(UNKNOWN)
    row = OneTimeCode.objects.get()
    OneTimeCode.objects.update(digest=issuing._digest(row.handle, "123456"))
    assert visitor.write("123456").status_code == 200 and visitor.signed_in is None


def test_with_both_names_an_account_is_guessed_at_five_times(resident: Person, judged: list[str]) -> None:
    for number in range(1000 // 50):
        from_address(number).post("masuk/", login=NUMBER, password=f"salah-{number}")
        from_address(number + 50).post("masuk/", login=resident.user.email, password=f"salah-{number}")
    assert len(judged) == guessing.IN_WINDOW


@pytest.mark.timeout(240)
def test_a_thousand_guesses_at_a_number_from_fifty_addresses_are_five(resident: Person, judged: list[str]) -> None:
    for number in range(1000):
        from_address(number % 50).post("masuk/", login=NUMBER, password=f"tebakan-ke-{number}")
    assert len(judged) == guessing.IN_WINDOW
    assert AccountNotice.objects.filter(event="locked").count() <= 2


def test_that_one_name_is_held_back_does_not_tell_of_the_other(resident: Person) -> None:
    for number in range(8):
        from_address(number).post("masuk/", login=resident.user.email, password="salah-salah")
    held = from_address(90).post("masuk/", login=NUMBER, password="salah-salah").content.decode()
    unknown = from_address(91).post("masuk/", login=UNKNOWN, password="salah-salah").content.decode()
    assert "Terlalu banyak" not in held
    assert page_of_text(held) == page_of_text(unknown)


def page_of_text(body: str) -> str:
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body)
    return body.replace(NUMBER, "-").replace(UNKNOWN, "-")
