"""Promise: a number is of whoever proved it last; nobody comes into somebody else's account by a number that was given away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.codes import identifiers, numbers
from accounts.codes.models import OneTimeCode, SignInNumber
from accounts.guard.models import AccountNotice
from accounts.models import User
from accounts.tasks import send_account_notice
from tests.accounts.codes.conftest import NUMBER, OTHER, Phone, Visitor, long_ago
from tests.accounts.factors.conftest import PASSWORD, Person

NEW = {"name": "Wati Contoh", "password1": "gerobak biru tiga puluh"}


def sign_up(visitor: Visitor, number: str, phone: Phone) -> Any:
    visitor.post("daftar/", email=number, **NEW)
    return visitor.post("daftar/kode/", code=phone.code(identifiers.clean_number(number)))


def test_an_account_is_made_with_a_number_and_no_address(visitor: Visitor, phone: Phone) -> None:
    sign_up(visitor, "0813-9876-5432", phone)
    user = visitor.signed_in
    assert user is not None and user.email is None and user.name == NEW["name"]
    assert numbers.number_of(user) == user.phone == OTHER
    visitor.post("keluar/")
    visitor.post("masuk/", login=OTHER, password=NEW["password1"])
    assert visitor.signed_in == user
    for page in ("", "email/", "nomor/", "perangkat/", "langkah-kedua/", "sandi/ganti/", "langkah-kedua/aplikasi/pasang/"):
        assert visitor.browser.get(f"/akun/{page}").status_code == 200, page


def test_no_account_is_made_before_the_number_is_proved(visitor: Visitor, phone: Phone) -> None:
    visitor.post("daftar/", email=OTHER, **NEW)
    assert not User.objects.exists() and NEW["password1"] not in str(dict(visitor.browser.session))
    visitor.post("daftar/kode/", code="000000" if phone.code(OTHER) != "000000" else "000001")
    assert not User.objects.exists()


def test_who_signs_up_with_a_number_in_use_comes_into_that_account(resident: Person, visitor: Visitor, phone: Phone) -> None:
    sign_up(visitor, NUMBER, phone)
    assert visitor.signed_in == resident.user and User.objects.count() == 1
    resident.user.refresh_from_db()
    assert resident.user.check_password(PASSWORD)


def test_a_number_given_away_goes_to_its_newest_prover(resident: Person, visitor: Visitor, phone: Phone) -> None:
    long_ago(resident.user, 61)
    sign_up(visitor, NUMBER, phone)
    newcomer = visitor.signed_in
    assert newcomer is not None and newcomer != resident.user and numbers.owner_of(NUMBER) == newcomer
    resident.user.refresh_from_db()
    assert numbers.number_of(resident.user) == "" and resident.user.phone == ""
    notice = AccountNotice.objects.get(user=resident.user, event="number_taken")
    send_account_notice(notice.pk)
    assert mail.outbox[-1].to == [resident.user.email]
    old = Visitor()
    old.post("masuk/", login=NUMBER, password=PASSWORD)
    assert old.signed_in is None
    old.post("masuk/", login=resident.user.email, password=PASSWORD)
    assert old.signed_in == resident.user, "the other ways are kept"


def test_who_would_lose_their_only_way_in_is_told_before_it_is_taken(
    by_phone_only: Person, visitor: Visitor, phone: Phone
) -> None:
    long_ago(by_phone_only.user, 61)
    answer = sign_up(visitor, OTHER, phone)
    assert answer.headers["Location"] == "/akun/daftar/" and visitor.signed_in is None
    page = visitor.browser.get("/akun/daftar/").content.decode()
    assert "masuk dengan kata sandinya" in page and numbers.owner_of(OTHER) == by_phone_only.user
    visitor.post("masuk/", login=OTHER, password=PASSWORD)
    assert visitor.signed_in == by_phone_only.user, "their own account is still theirs"
    visitor.post("keluar/")
    newcomer = Visitor()
    sign_up(newcomer, OTHER, phone)
    assert newcomer.signed_in is None, "it is said in each browser"
    sign_up(newcomer, OTHER, phone)
    assert newcomer.signed_in is not None and numbers.owner_of(OTHER) == newcomer.signed_in != by_phone_only.user


def test_a_code_asked_for_before_the_number_moved_opens_nothing_after(
    resident: Person, visitor: Visitor, phone: Phone
) -> None:
    visitor.ask(NUMBER)
    code = phone.code(NUMBER)
    newcomer = User.objects.create_user("baru@example.org", PASSWORD)
    numbers.proved(newcomer, NUMBER)
    visitor.write(code)
    assert visitor.signed_in is None


def change(visitor: Visitor, number: str, phone: Phone) -> Any:
    visitor.post("nomor/", number=number)
    return visitor.post("nomor/kode/", code=phone.code(number))


def test_a_number_is_changed_by_proof_of_the_new_and_both_hear_of_it(
    resident: Person, visitor: Visitor, phone: Phone
) -> None:
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    change(visitor, OTHER, phone)
    assert numbers.owner_of(OTHER) == resident.user and numbers.owner_of(NUMBER) is None
    for notice in AccountNotice.objects.filter(event="number_changed"):
        send_account_notice(notice.pk)
    assert "diganti" in phone.texts(NUMBER)[-1] and "diganti" in mail.outbox[-1].subject


def test_a_number_is_not_changed_without_the_code(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    visitor.post("nomor/", number=OTHER)
    code = phone.code(OTHER)
    visitor.post("nomor/kode/", code="000000" if code != "000000" else "000001")
    assert numbers.number_of(resident.user) == NUMBER


def test_who_signed_in_long_ago_shows_again_who_they_are(resident: Person, visitor: Visitor, phone: Phone) -> None:
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    session = visitor.browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1.0}]
    session.save()
    assert "/akun/masuk/ulang/" in visitor.post("nomor/", number=OTHER).headers["Location"]
    assert "/akun/masuk/ulang/" in visitor.post("nomor/hapus/").headers["Location"]
    assert not OneTimeCode.objects.exists() and numbers.number_of(resident.user) == NUMBER


def test_the_only_way_into_an_account_in_use_is_not_taken(
    resident: Person, by_phone_only: Person, visitor: Visitor, phone: Phone
) -> None:
    visitor.post("masuk/", login=NUMBER, password=PASSWORD)
    change(visitor, OTHER, phone)
    assert numbers.owner_of(OTHER) == by_phone_only.user and numbers.owner_of(NUMBER) == resident.user
    assert "satu-satunya cara masuk" in visitor.browser.get("/akun/nomor/").content.decode()


def test_a_number_is_removed_only_beside_an_address(resident: Person, by_phone_only: Person, phone: Phone) -> None:
    for way, left in ((NUMBER, False), (OTHER, True)):
        visitor = Visitor()
        visitor.post("masuk/", login=way, password=PASSWORD)
        visitor.post("nomor/hapus/")
        assert (numbers.owner_of(way) is not None) is left
    for notice in AccountNotice.objects.filter(event="number_removed"):
        send_account_notice(notice.pk)
    assert "dihapus" in phone.texts(NUMBER)[-1] and "dihapus" in mail.outbox[-1].subject


def test_a_new_password_by_a_code(resident: Person, visitor: Visitor, phone: Phone) -> None:
    assert visitor.post("sandi/lupa/", email="0812 3456 7890").headers["Location"] == "/akun/sandi/lupa/kode/"
    page = visitor.post("sandi/lupa/kode/", code=phone.code(NUMBER)).headers["Location"]
    assert (
        page == f"/akun/sandi/lupa/{resident.user.public_id}-set-password/" and visitor.browser.get(page).status_code == 200
    )
    new = "sepeda tua di gudang"
    visitor.browser.post(page, {"password1": new, "password2": new})
    resident.user.refresh_from_db()
    assert resident.user.check_password(new)


def test_a_number_unused_for_long_gives_no_new_password(resident: Person, visitor: Visitor, phone: Phone) -> None:
    long_ago(resident.user, 61)
    visitor.post("sandi/lupa/", email=NUMBER)
    assert visitor.post("sandi/lupa/kode/", code=phone.code(NUMBER)).headers["Location"] == "/akun/sandi/lupa/"


def test_who_has_no_address_hears_by_short_message_and_without_a_name(by_phone_only: Person, phone: Phone) -> None:
    from accounts.guard.models import Event
    from accounts.guard.notices import tell
    from services.notifications.actions import notify
    from services.notifications.models import Message
    from services.notifications.tasks import send_message

    tell(by_phone_only.user, Event.PASSWORD_CHANGED)
    send_account_notice(AccountNotice.objects.get().pk)
    assert "Kata sandi" in phone.texts(OTHER)[-1]
    context = {"title": "Akta Kelahiran", "reference": "MJK-2611-AAAA-1"}
    notify(by_phone_only.user.pk, template="case_received", key="k", context=context, case_reference="MJK-2611-AAAA-1")
    send_message(Message.objects.get().pk)
    text = phone.texts(OTHER)[-1]
    assert "MJK-2611-AAAA-1" in text and "/permohonan/" in text
    assert "Akta" not in text and "Tono" not in text and not mail.outbox


def test_a_number_is_stored_encrypted(resident: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute('SELECT number, "index" FROM accounts_signinnumber')
        kept = str(cursor.fetchall())
    assert NUMBER not in kept and NUMBER[3:] not in kept and SignInNumber.objects.get().number == NUMBER


def test_an_account_that_was_closed_does_not_hold_its_number(resident: Person, visitor: Visitor, phone: Phone) -> None:
    User.objects.update(is_active=False)
    sign_up(visitor, NUMBER, phone)
    assert visitor.signed_in not in (None, resident.user)


def test_a_proof_renews_the_time(resident: Person) -> None:
    long_ago(resident.user, 30)
    numbers.proved(resident.user, NUMBER)
    assert SignInNumber.objects.get().proved_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    "typed",
    [
        "12345",
        "0812 3456",
        "00812 3456 7890",
        "0044 7700 900123",
        "0062",
        "000062 812 3456 7890",
        "+1 202 555 0123",
        "+44 7700 900123",
        "021 5551234",
        "0812ABC7890",
        "+" * 30,
    ],
)
def test_what_is_no_mobile_number_of_here_is_refused(typed: str, phone: Phone) -> None:
    with pytest.raises(ValidationError):
        identifiers.clean_number(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Warga@Example.ORG", "warga@example.org"),
        (" warga@example.org. ", "warga@example.org"),
        ("ｗａｒｇａ@example.org", "warga@example.org"),
        ("warga@bücher.example", "warga@xn--bcher-kva.example"),
        ("warga@straße.example", "warga@xn--strae-oqa.example"),  # not strasse: another domain, maybe another person
        ("warga@βόλος.example", "warga@xn--nxasmm1c.example"),
        ("warga@XN--BCHER-KVA.example", "warga@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_written_form(typed: str, kept: str) -> None:
    assert identifiers.clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "wаrga@example.org",
        "warga\u200b@example.org",
        "warga",
        "@example.org",
        "a@b",
        "x" * 300 + "@example.org",
        "warga@☃.example",
        "warga@-ü.example",
    ],
)
def test_an_address_that_only_looks_like_one_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        identifiers.clean_email(typed)


def test_an_account_that_looks_like_another_cannot_be_made(resident: Person, visitor: Visitor) -> None:
    for email in ("wаrga@example.org", "WARGA@EXAMPLE.ORG", "ｗａｒｇａ@example.org", "warga@example.org."):
        visitor.post("daftar/", email=email, **NEW)
    assert User.objects.count() == 1
