"""Promise: a phone number signs in like an address, with the password or a one-time code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.codes import issuing
from accounts.codes.models import OneTimeCode
from accounts.guard import guessing
from tests.accounts.codes.conftest import NUMBER, OTHER, Phone, Visitor, long_ago, mailed_code
from tests.accounts.factors.conftest import PASSWORD, Person, person


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize(
    "typed",
    [
        "081234567890",
        "+62 812-3456-7890",
        "6281234567890",
        "0812.3456.7890",
        "０８１２３４５６７８９０",
        "006281234567890",
        "00 62 812 3456 7890",
        "(00)62 812-3456-7890",
    ],
)
def test_a_number_signs_in_with_the_password_however_it_is_typed(resident: Person, visitor: Visitor, typed: str) -> None:
    visitor.post("masuk/", login=typed, password=PASSWORD)
    assert visitor.signed_in == resident.user


def test_a_code_by_sms_signs_in(resident: Person, visitor: Visitor, phone: Phone) -> None:
    assert visitor.ask("0812 3456 7890").headers["Location"] == "/akun/masuk/sekali/kode/"
    text = phone.texts(NUMBER)[-1]
    code = phone.code(NUMBER)
    assert text.rstrip().endswith(f"@localhost #{code}")
    visitor.write(code)
    assert visitor.signed_in == resident.user


@pytest.mark.parametrize(("channel", "sent_by"), [("", "sms"), ("sms", "sms"), ("whatsapp", "whatsapp")])
def test_of_two_ways_the_first_is_taken_unless_one_is_chosen(
    channel: str, sent_by: str, resident: Person, visitor: Visitor, phone: Phone, settings: Any
) -> None:
    settings.SHORT_CHANNELS = {name: {"folder": phone.folder} for name in ("sms", "whatsapp")}
    visitor.post("masuk/sekali/", login=NUMBER, channel=channel)
    assert f"Channel: {sent_by}" in phone.texts(NUMBER)[-1]


def test_a_way_that_is_not_offered_is_refused_in_words(
    resident: Person, visitor: Visitor, settings: Any, phone: Phone
) -> None:
    settings.SHORT_CHANNELS = {name: {"folder": phone.folder} for name in ("sms", "whatsapp")}
    page = visitor.post("masuk/sekali/", login=NUMBER, channel="merpati").content.decode()
    assert "Pilih dari daftar" in page and not phone.texts()


def test_a_code_is_written_with_any_digits_and_spaces(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    visitor.write(f" {code[:3]} {code[3:]}".translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}))
    assert visitor.signed_in == resident.user


def test_one_field_takes_an_address_too(resident: Person, visitor: Visitor) -> None:
    visitor.ask(resident.user.email)
    visitor.write(mailed_code())
    assert visitor.signed_in == resident.user


def test_a_code_belongs_to_the_browser_that_asked(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    other = Visitor()
    other.write(phone.code(NUMBER))
    assert other.signed_in is None
    other.ask(OTHER)
    other.write(phone.code(NUMBER))
    assert other.signed_in is None


def test_a_code_is_worth_one_use_and_five_minutes(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    kept = visitor.browser.cookies.output()
    visitor.write(code)
    visitor.post("keluar/")
    visitor.write(code)
    assert visitor.signed_in is None and kept
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    visitor.write(code)
    assert visitor.signed_in is None


def test_a_newer_code_takes_the_place_of_the_older(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    first = phone.code(NUMBER)
    visitor.ask(NUMBER)
    second = phone.code(NUMBER)
    if first != second:
        visitor.write(first)
        assert visitor.signed_in is None
    visitor.write(second)
    assert visitor.signed_in == resident.user


def test_three_wrong_ones_end_a_code(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    for _try in range(issuing.GUESSES):
        answer = visitor.write(wrong(code))
    assert "tidak berlaku lagi" in answer.content.decode()
    visitor.write(code)
    assert visitor.signed_in is None


def test_guesses_at_codes_of_one_number_are_counted_over_all_codes(resident: Person, phone: Phone) -> None:
    for number in range(3):
        one = Visitor(Client(REMOTE_ADDR=f"10.21.0.{number}"))
        one.ask(NUMBER)
        code = phone.code(NUMBER)
        for _try in range(2):
            answer = one.write(wrong(code))
    assert "Terlalu banyak kode salah" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_guesses_at_the_same_moment_three_are_judged(
    resident: Person, visitor: Visitor, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    monkeypatch.setattr(guessing, "IN_WINDOW", 100)
    judged: list[str] = []
    compared = issuing.hmac.compare_digest
    monkeypatch.setattr(issuing.hmac, "compare_digest", lambda a, b: (judged.append(a), compared(a, b))[1])

    def one(number: int) -> None:
        browser = Client(REMOTE_ADDR=f"10.22.0.{number}")
        browser.cookies = visitor.browser.cookies
        try:
            browser.post("/akun/masuk/sekali/kode/", {"code": wrong(code)})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(20)))
    digests = [given for given in judged if len(given) == 64 and given == issuing._digest(_handle(), wrong(code))]
    assert len(digests) == issuing.GUESSES


def _handle() -> str:
    return OneTimeCode.objects.latest("pk").handle


def test_a_code_does_not_replace_the_second_factor_of_staff(phone: Phone, visitor: Visitor) -> None:
    from accounts.codes import numbers

    sri = person("sri@example.org", staff=True, app=True)
    numbers.proved(sri.user, NUMBER)
    visitor.ask(NUMBER)
    assert visitor.write(phone.code(NUMBER)).headers["Location"] == "/akun/masuk/kode/"
    assert visitor.signed_in is None
    visitor.post("masuk/kode/", code=sri.code())
    assert visitor.signed_in == sri.user


def test_a_page_that_waits_is_reached(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.browser.post("/akun/masuk/sekali/", {"login": NUMBER, "next": "/akun/perangkat/"})
    assert visitor.write(phone.code(NUMBER)).headers["Location"] == "/akun/perangkat/"
    other = Visitor()
    other.browser.post("/akun/masuk/sekali/", {"login": NUMBER, "next": "https://jahat.example/"})
    assert other.write(phone.code(NUMBER)).headers["Location"] == "/akun/"


def test_a_number_unused_for_long_opens_nothing_without_the_password(
    resident: Person, visitor: Visitor, phone: Phone
) -> None:
    long_ago(resident.user, 61)
    visitor.ask(NUMBER)
    answer = visitor.write(phone.code(NUMBER))
    assert answer.headers["Location"] == "/akun/masuk/" and visitor.signed_in is None
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    assert visitor.signed_in == resident.user


def test_in_a_browser_that_knows_the_account_a_number_unused_for_long_still_opens_it(
    resident: Person, visitor: Visitor, phone: Phone
) -> None:
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    visitor.post("keluar/")
    long_ago(resident.user, 61)
    visitor.ask(NUMBER)
    visitor.write(phone.code(NUMBER))
    assert visitor.signed_in == resident.user
    resident.user.sign_in_number.refresh_from_db()
    assert resident.user.sign_in_number.proved_at > timezone.now() - timedelta(minutes=1)


def test_sms_is_named_as_what_it_is_and_is_level_one(resident: Person, visitor: Visitor, phone: Phone) -> None:
    from django.test import RequestFactory

    from accounts.assurance import assurance_of

    visitor.ask(NUMBER)
    visitor.write(phone.code(NUMBER))
    request = RequestFactory().get("/")
    request.session = visitor.browser.session
    known = assurance_of(request, resident.user)
    assert known.amr == ("sms",) and known.level == 1


def test_without_a_gateway_numbers_are_not_offered(resident: Person, visitor: Visitor, settings: object) -> None:
    settings.SHORT_CHANNELS = {}
    page = visitor.browser.get("/akun/masuk/").content.decode()
    assert "nomor HP" not in page
    assert "Tulis email seperti" in visitor.post("masuk/", login=NUMBER, password=PASSWORD).content.decode()
    visitor.post("masuk/", login=resident.user.email, password=PASSWORD)
    assert visitor.browser.get("/akun/nomor/").status_code == 404


def test_a_code_is_erased_when_it_was_sent_and_when_it_is_over(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    assert OneTimeCode.objects.get().code
    phone.code(NUMBER)
    assert OneTimeCode.objects.get().code is None
    OneTimeCode.objects.update(code="123456", expires_at=timezone.now() - timedelta(minutes=1))
    issuing.erase_over()
    assert OneTimeCode.objects.get().code is None
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(days=2))
    issuing.erase_over()
    assert not OneTimeCode.objects.exists()


def test_a_code_that_is_over_is_not_sent(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.ask(NUMBER)
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert phone.texts() == [] and not mail.outbox


def test_what_was_written_at_sign_up_stays_but_for_the_password(visitor: Visitor, phone: Phone) -> None:
    typed = {"email": "0813 1111 4444", "name": "Wulan Contoh", "password1": "gerobak biru tiga puluh"}
    visitor.post("daftar/", **typed)
    waiting = visitor.browser.get("/akun/daftar/kode/").content.decode()
    assert 'href="/akun/daftar/"' in waiting
    again = visitor.browser.get("/akun/daftar/").content.decode()
    assert "Wulan Contoh" in again and "+6281311114444" in again and typed["password1"] not in again
    for _more in range(3):
        held = visitor.post("daftar/", **typed).content.decode()
    assert "Terlalu banyak kode diminta" in held and "0813 1111 4444" in held and typed["password1"] not in held
    assert "Wulan Contoh" not in Visitor().browser.get("/akun/daftar/").content.decode()
