"""Promise: guesses at one account are few, from wherever they come, and its owner hears of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts.guard import guessing
from accounts.guard.models import AccountNotice, GuessCount
from accounts.models import User
from accounts.tasks import send_account_notice
from accounts.timetable import forget_old_guesses, send_due_notices
from tests.accounts.codes.conftest import mailed_code
from tests.accounts.factors.conftest import PASSWORD, Person


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were really compared."""
    seen: list[str] = []
    real = User.check_password

    def noted(self: User, raw_password: str | None) -> bool:
        seen.append(raw_password or "")
        return real(self, raw_password)

    monkeypatch.setattr(User, "check_password", noted)
    return seen


def guess(email: str, password: str, address: str = "10.0.0.1") -> Any:
    return Client(REMOTE_ADDR=address).post("/akun/masuk/", {"login": email, "password": password})


def later(minutes: float) -> None:
    GuessCount.objects.update(window_at=timezone.now() - timedelta(minutes=minutes))
    cache.clear()


@pytest.mark.timeout(240)
def test_a_thousand_guesses_from_fifty_addresses_are_five(resident: Person, judged: list[str]) -> None:
    for number in range(1000):
        guess(resident.user.email, f"tebakan-ke-{number}", f"10.0.0.{number % 50}")
    assert len(judged) == guessing.IN_WINDOW


def test_the_right_password_is_not_judged_while_guesses_are_held_back(resident: Person) -> None:
    for number in range(guessing.IN_WINDOW):
        guess(resident.user.email, f"salah-{number}", f"10.0.1.{number}")
    assert "Terlalu banyak" in resident.sign_in().content.decode() and not resident.is_in
    later(6)
    resident.sign_in()
    assert resident.is_in and not GuessCount.objects.exists()


def test_where_the_person_is_known_strangers_keep_nobody_out(resident: Person) -> None:
    resident.sign_in()
    resident.browser.post("/akun/keluar/")
    for number in range(guessing.IN_WINDOW + 3):
        guess(resident.user.email, f"salah-{number}", f"10.0.1.{number}")
    resident.sign_in()
    assert resident.is_in
    resident.browser.post("/akun/keluar/")
    for number in range(guessing.IN_WINDOW):
        resident.sign_in(f"salah juga {number}")
    assert "Terlalu banyak" in resident.sign_in().content.decode(), "there too guesses are few"


def test_fifty_wrong_ones_in_a_row_close_the_password_until_another_proof(resident: Person, judged: list[str]) -> None:
    for number in range(guessing.IN_ALL + 10):
        later(6)
        guess(resident.user.email, f"salah-{number}")
    assert len(judged) == guessing.IN_ALL
    later(60)
    resident.sign_in()
    assert not resident.is_in
    code_in(resident)
    assert resident.is_in
    again = Person(resident.user)
    again.sign_in()
    assert again.is_in


def code_in(person: Person) -> None:
    """By the code that is mailed."""
    person.browser.post("/akun/masuk/sekali/", {"login": person.user.email})
    person.browser.post("/akun/masuk/sekali/kode/", {"code": mailed_code()})


def test_however_the_address_is_written_it_is_one_account(resident: Person, judged: list[str]) -> None:
    for number, email in enumerate(
        ["warga@example.org", "WARGA@example.org", "Warga@Example.Org", " warga@example.org "] * 4
    ):
        guess(email, f"salah-{number}", f"10.0.2.{number}")
    assert len(judged) == guessing.IN_WINDOW


def test_an_address_without_an_account_is_answered_and_counted_alike(resident: Person) -> None:
    answers = {}
    for email in (resident.user.email, "tidak-ada@example.org"):
        cache.clear()
        seen = [guess(email, f"salah-{number}", f"10.0.3.{number}") for number in range(8)]
        answers[email] = [(a.status_code, a.content.decode().replace(email, "-")) for a in seen]
    known, unknown = (rest for rest in answers.values())
    assert [status for status, _page in known] == [status for status, _page in unknown]
    assert [without_token(page) for _status, page in known] == [without_token(page) for _status, page in unknown]
    assert GuessCount.objects.count() == 4, "by the name and by the account"


def without_token(page: str) -> str:
    head, _, rest = page.partition('name="csrfmiddlewaretoken" value="')
    while rest:
        head, _, rest = (head + rest.partition('"')[2]).partition('name="csrfmiddlewaretoken" value="')
    return head


def test_the_owner_hears_of_held_back_guesses_once_a_day(resident: Person) -> None:
    for number in range(12):
        guess(resident.user.email, f"salah-{number}", f"10.0.4.{number}")
    assert AccountNotice.objects.filter(user=resident.user, event="locked").count() == 1
    send_account_notice(AccountNotice.objects.get().pk)
    assert "berkali-kali mencoba masuk" in mail.outbox[-1].subject and mail.outbox[-1].to == [resident.user.email]
    GuessCount.objects.update(told_at=timezone.now() - timedelta(hours=25))
    guess(resident.user.email, "salah")
    assert AccountNotice.objects.count() == 2


def test_codes_of_the_second_factor_are_few_too(sri: Person) -> None:
    told = []
    for number in range(20):
        one = Person(sri.user)
        one.browser = Client(REMOTE_ADDR=f"10.0.5.{number}")
        one.sign_in()
        told.append("tidak cocok" in one.write(f"{number:06d}").content.decode())
    assert sum(told) == guessing.IN_WINDOW
    sri.sign_in()
    sri.write(sri.code())
    assert not sri.is_in, "even the right one waits"
    assert AccountNotice.objects.filter(event="locked").count() == 1


def test_signing_in_again_is_guessing_too(resident: Person, judged: list[str]) -> None:
    resident.sign_in()
    judged.clear()
    for number in range(9):
        resident.browser.post("/akun/masuk/ulang/", {"password": f"salah-{number}"})
    assert len(judged) == guessing.IN_WINDOW


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_counted_each() -> None:
    key = guessing.password_of("serentak@example.org")

    def one(_number: int) -> bool:
        try:
            return guessing.may_guess(key)
        finally:
            connections.close_all()

    if connection.vendor == "sqlite" and "memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("one connection only")
    with ThreadPoolExecutor(8) as pool:
        allowed = sum(pool.map(one, range(24)))
    assert allowed == guessing.IN_WINDOW


def test_no_address_is_stored_with_the_counts(db: None) -> None:
    guess("rahasia@example.org", "salah")
    assert "rahasia" not in str(list(GuessCount.objects.values()))


def test_old_counts_are_forgotten(db: None) -> None:
    guess("lama@example.org", "salah")
    later(91 * 24 * 60)
    guess("baru@example.org", "salah")
    assert forget_old_guesses() == 2 and GuessCount.objects.count() == 2, "by the name and by the account"


def test_a_mail_that_cannot_be_sent_is_tried_again_and_given_up_after_three_days(resident: Person, settings: Any) -> None:
    for number in range(7):
        guess(resident.user.email, f"salah-{number}")
    notice = AccountNotice.objects.get()
    settings.EMAIL_BACKEND = "tests.tidak.ada.Backend"
    send_account_notice(notice.pk)
    notice.refresh_from_db()
    assert notice.sent_at is None and notice.next_try > timezone.now() and send_due_notices() == 0
    AccountNotice.objects.update(next_try=timezone.now(), made_at=timezone.now() - timedelta(hours=73))
    assert send_due_notices() == 1
    send_account_notice(notice.pk)
    notice.refresh_from_db()
    assert notice.sent_at is None and notice.next_try is None


def test_with_the_right_password_nothing_stays_counted(resident: Person) -> None:
    guess(resident.user.email, "salah")
    assert guess(resident.user.email, PASSWORD).status_code == 302
    assert not GuessCount.objects.exists()


def wrong_codes(person: Person, many: int, *, first: int = 0) -> None:
    """Somebody who knows the password guesses at the second factor, from many addresses."""
    for number in range(first, first + many):
        one = Person(person.user, Client(REMOTE_ADDR=f"10.0.8.{number % 250}"))
        one.sign_in()
        one.write(f"{number:06d}")


def test_whoever_knows_the_password_keeps_no_owner_out_of_a_known_browser(sri: Person) -> None:
    sri.sign_in()
    sri.write(sri.code(-1))
    assert sri.is_in
    sri.browser.post("/akun/keluar/")
    wrong_codes(sri, guessing.IN_WINDOW + 2)
    sri.sign_in()
    sri.write(sri.code())
    assert sri.is_in


def test_fifty_wrong_codes_in_a_row_leave_the_way_by_mail_open(sri: Person) -> None:
    for number in range(12):
        GuessCount.objects.update(window_at=timezone.now() - timedelta(minutes=6))
        cache.clear()
        wrong_codes(sri, guessing.IN_WINDOW, first=number * 5)
    assert GuessCount.objects.filter(total=guessing.IN_ALL).exists()
    later(60)
    sri.sign_in()
    sri.write(sri.code())
    assert not sri.is_in, "after the password the code rests"
    by_mail = Person(sri.user, Client(REMOTE_ADDR="10.0.9.1"))
    code_in(by_mail)
    assert not by_mail.is_in
    by_mail.write(by_mail.code(1))
    assert by_mail.is_in


def test_a_code_of_ones_own_mailbox_opens_no_second_count_at_another_account(sri: Person, resident: Person) -> None:
    wrong_codes(sri, guessing.IN_WINDOW)
    stranger = Client(REMOTE_ADDR="10.0.8.250")
    stranger.post("/akun/masuk/sekali/", {"login": resident.user.email})
    one = Person(sri.user, stranger)
    stranger.post("/akun/masuk/sekali/kode/", {"code": mailed_code()})
    stranger.post("/akun/keluar/")
    one.sign_in()
    assert "Terlalu banyak" in one.write("000000").content.decode()


def test_while_strangers_guess_at_codes_the_owner_gets_one_that_cannot_be_guessed(resident: Person) -> None:
    for number in range(2):
        one = Client(REMOTE_ADDR=f"10.0.7.{number}")
        one.post("/akun/masuk/sekali/", {"login": resident.user.email})
        for _try in range(3):
            one.post("/akun/masuk/sekali/kode/", {"code": "000000"})
    cache.clear()
    resident.browser.post("/akun/masuk/sekali/", {"login": resident.user.email})
    code = mailed_code()
    assert len(code) == 12
    resident.browser.post("/akun/masuk/sekali/kode/", {"code": code})
    assert resident.is_in


def test_a_long_code_has_three_tries_too(resident: Person) -> None:
    key = guessing.one_time_of(resident.user.email or "")
    GuessCount.objects.create(key=key, window_at=timezone.now(), in_window=guessing.IN_WINDOW, total=guessing.IN_ALL)
    resident.browser.post("/akun/masuk/sekali/", {"login": resident.user.email})
    code = mailed_code()
    for _try in range(3):
        resident.browser.post("/akun/masuk/sekali/kode/", {"code": "000000000000"})
    resident.browser.post("/akun/masuk/sekali/kode/", {"code": code})
    assert not resident.is_in
