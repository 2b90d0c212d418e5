"""Promise: the rules of NIST SP 800-63B-4, and nothing that tells who has an account."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from tests.accounts.codes.conftest import mailed_code, send_codes
from tests.accounts.factors.conftest import PASSWORD, SEED, Person
from tests.accounts.guard.test_guessing import code_in, without_token

GOOD = [
    "gerobak biru tiga puluh",
    "kucing tidur di atap",  # no capital, no number, no sign
    "🌶️ pedas sekali nasinya",
    "p" + "anjang sekali " * 4 + "seratus huruf",  # more than 64
    "x7Kq2vLm9RtWz4Bn",
    "Ñandú en la pampa húmeda",
]
BAD = {
    "pendek-14-hurf": "paling sedikit 15",
    "mojokertomojokerto": "mudah ditebak",
    "layanan kota mojokerto": "mudah ditebak",
    "Mojokerto2026!!!": "mudah ditebak",
    "passwordpassword": "mudah ditebak",
    "katasandirahasia": "mudah ditebak",
    "123456789012345": "mudah ditebak",
    "aaaaaaaaaaaaaaaa": "mudah ditebak",
    "abcdefghijklmnop": "mudah ditebak",
    "qwertyuiopasdfghjkl": "mudah ditebak",
    "siti.aminah.siti.aminah": "mirip|mudah ditebak",
    "x" * 257: "paling banyak 256",
}


@pytest.fixture
def siti() -> User:
    return User(email="siti.aminah@example.org", name="Siti Aminah", phone="081234567890", nik="3576014507900001")


@pytest.mark.parametrize("password", GOOD)
def test_long_passwords_of_any_letters_are_taken(password: str, siti: User) -> None:
    assert validate_password(password, siti) is None


@pytest.mark.parametrize("password", BAD)
def test_short_and_guessable_ones_are_refused_with_the_reason(password: str, siti: User) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, siti)
    text = " ".join(refused.value.messages)
    assert any(part in text for part in BAD[password].split("|")), text


@pytest.mark.parametrize("password", ["nomor 081234567890 saya", "3576014507900001 siapa ya", "telp +6281234567890 ok"])
def test_ones_own_numbers_are_refused(password: str, siti: User) -> None:
    with pytest.raises(ValidationError, match="nomor Anda sendiri"):
        validate_password(password, siti)


def test_eight_letters_do_beside_a_second_factor(resident: Person) -> None:
    with pytest.raises(ValidationError):
        validate_password("kx7 vtuq", resident.user)
    Authenticator.objects.create(user=resident.user, type="totp", data={"secret": encrypt(SEED)})
    assert validate_password("kx7 vtuq", resident.user) is None
    with pytest.raises(ValidationError):
        validate_password("kx7 vtu", resident.user)


def test_the_same_letters_typed_otherwise_are_the_same_password(resident: Person) -> None:
    composed = unicodedata.normalize("NFC", "kafé di pojok alun-alun")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    for kept, typed in ((composed, decomposed), (decomposed, composed)):
        resident.user.set_password(kept)
        resident.user.save()
        one = Person(resident.user)
        one.sign_in(typed)
        assert one.is_in


def test_paste_and_password_managers_are_welcome(db: None) -> None:
    page = Client().get("/akun/daftar/").content.decode()
    assert 'autocomplete="new-password"' in page and "onpaste" not in page and 'maxlength="64"' not in page


def the_same(path: str, known: dict[str, str], unknown: dict[str, str], **settings: Any) -> tuple[Any, Any]:
    """Both answers, after comparing status, address and page."""
    seen = []
    for data in (known, unknown):
        browser = Client(REMOTE_ADDR="10.9.9.9")
        answer = browser.post(path, data)
        then = browser.get(answer["Location"]) if answer.status_code == 302 else answer
        page = without_token(then.content.decode()).replace(data.get("email", data.get("login", "")), "-")
        seen.append((answer.status_code, answer.get("Location"), sorted(browser.cookies), then.status_code, page))
    assert seen[0] == seen[1]
    return seen[0], seen[1]


def test_sign_up_tells_nobody_who_has_an_account(resident: Person) -> None:
    facts = {"name": "Siapa Saja", "password1": "gerobak biru tiga puluh"}
    answer, _other = the_same(
        "/akun/daftar/", {**facts, "email": resident.user.email}, {**facts, "email": "belum-ada@example.org"}
    )
    assert answer[0] == 302 and [letter.to[0] for letter in mail.outbox] == [resident.user.email, "belum-ada@example.org"]


def test_sign_up_hashes_as_often_for_both(resident: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    real = User.set_password
    for email in (resident.user.email, "belum-ada@example.org"):
        hashed: list[int] = []
        monkeypatch.setattr(User, "set_password", lambda self, raw, hashed=hashed: (hashed.append(1), real(self, raw))[1])
        Client().post("/akun/daftar/", {"name": "Siapa", "password1": "gerobak biru tiga puluh", "email": email})
        counts.append(len(hashed))
    assert counts == [1, 1]


def test_a_forgotten_password_tells_nobody(resident: Person) -> None:
    answer, _other = the_same("/akun/sandi/lupa/", {"email": resident.user.email}, {"email": "belum-ada@example.org"})
    assert answer[0] == 302


def test_a_code_by_mail_tells_nobody(resident: Person) -> None:
    answer, _other = the_same("/akun/masuk/sekali/", {"login": resident.user.email}, {"login": "belum-ada@example.org"})
    assert answer[0] == 302


def test_an_inactive_account_is_answered_like_none_without_its_password(resident: Person) -> None:
    resident.user.is_active = False
    resident.user.save()
    answer, _other = the_same(
        "/akun/masuk/",
        {"login": resident.user.email, "password": "salah"},
        {"login": "belum-ada@example.org", "password": "salah"},
    )
    assert answer[0] == 200


def test_a_code_by_mail_signs_in_instead_of_the_password(resident: Person) -> None:
    code_in(resident)
    assert resident.is_in and mail.outbox[-1].to == [resident.user.email]


def test_a_wrong_code_by_mail_is_tried_three_times_at_most(resident: Person) -> None:
    resident.browser.post("/akun/masuk/sekali/", {"login": resident.user.email})
    code = mailed_code()
    for _try in range(3):
        resident.browser.post("/akun/masuk/sekali/kode/", {"code": f"{int(code) ^ 1:06d}"})
    resident.browser.post("/akun/masuk/sekali/kode/", {"code": code})
    assert not resident.is_in


def test_a_code_by_mail_does_not_replace_the_second_factor(sri: Person) -> None:
    code_in(sri)
    assert not sri.is_in
    sri.write(sri.code())
    assert sri.is_in


def test_nobody_can_fill_a_mailbox(resident: Person) -> None:
    for number in range(30):
        Client(REMOTE_ADDR=f"10.8.0.{number}").post("/akun/sandi/lupa/", {"email": resident.user.email})
        Client(REMOTE_ADDR=f"10.8.1.{number}").post("/akun/masuk/sekali/", {"login": resident.user.email})
    send_codes()
    assert len(mail.outbox) <= 5 + 3


def test_the_password_of_the_demo_still_signs_in(demo_city: None) -> None:
    browser = Client()
    browser.post("/akun/masuk/", {"login": "alice@example.org", "password": "mojokerto-demo"})
    assert "_auth_user_id" in browser.session and len(PASSWORD) >= 15
