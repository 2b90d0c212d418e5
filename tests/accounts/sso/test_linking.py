"""Promise: an older account belongs to whoever proved both accounts in one sitting, and to nobody else."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.idp.oidc.models import Client as App
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.guard.models import AccountNotice
from accounts.models import LinkedAccount, LinkRequest, User
from accounts.sso import clients
from tests.accounts.sso.conftest import query_of

KEY = base64.b64encode(b"lama:secret-of-the-old-app").decode()
PAGE = "/akun/aplikasi/tautkan/"


@pytest.fixture
def old(db: None) -> App:
    return clients.register(
        "lama",
        "Arsip Lama",
        secret="secret-of-the-old-app",
        redirect_uris=["https://lama.example.org/_portal/kembali"],
        link_uri="https://lama.example.org/tautkan?dari=portal",
        purpose="Menampilkan arsip Anda",
    )[0]


class Resident:
    def __init__(self, user: User) -> None:
        self.user, self.browser = user, Client()
        self.browser.force_login(user)
        self.prove()

    def prove(self) -> None:
        """As after a sign-in a moment ago."""
        request = HttpRequest()
        request.session = session = self.browser.session
        record_authentication(request, self.user, "password")
        session.save()

    def ticket(self) -> str:
        page = self.browser.get(f"{PAGE}?aplikasi=lama").content.decode()
        assert "Portal ini tidak melihat kata sandi lama Anda" in page and "aplikasi=lama&amp;lanjut=1" in page
        answer = self.browser.get(f"{PAGE}?aplikasi=lama&lanjut=1")
        assert answer["Location"].startswith("https://lama.example.org/tautkan?dari=portal&ticket=")
        return query_of(answer["Location"])["ticket"][0]

    def confirm(self, address: str, reply: str = "tautkan") -> Any:
        return self.browser.post(address, {"jawaban": reply})


@pytest.fixture
def resident(old: App, alice: User) -> Resident:
    return Resident(alice)


def claim(ticket: str, account: str = "siti.lama", key: str = KEY, **more: str) -> Any:
    return Client().post(
        "/oidc/link", {"ticket": ticket, "account": account, **more}, headers={"Authorization": f"Basic {key}"}
    )


def claimed(ticket: str, account: str = "siti.lama") -> str:
    answer = claim(ticket, account)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    parts = urlsplit(answer.json()["return_to"])
    assert (parts.scheme, parts.netloc) == ("http", "localhost:8000")
    return f"{parts.path}?{parts.query}"


def test_a_resident_links_an_older_account_and_hears_of_it_and_takes_it_off(resident: Resident, old: App) -> None:
    address = claimed(resident.ticket())
    page = resident.browser.get(address).content.decode()
    assert "siti.lama" in page and "Arsip Lama" in page and not LinkedAccount.objects.exists()
    assert resident.confirm(address)["Location"] == "/akun/aplikasi/"
    row = LinkedAccount.objects.get()
    assert (row.user, row.client, row.account) == (resident.user, old, "siti.lama")
    assert "Tertaut ke akun <b>siti.lama</b>" in resident.browser.get("/akun/aplikasi/").content.decode()
    assert [notice.event for notice in AccountNotice.objects.all()] == ["account_linked"]
    resident.browser.post(f"{PAGE}lepas/", {"aplikasi": "lama"})
    assert not LinkedAccount.objects.exists() and AccountNotice.objects.last().event == "account_unlinked"


def test_what_is_stored_does_not_say_which_account_it_is(resident: Resident) -> None:
    resident.confirm(claimed(resident.ticket()))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT account, account_index FROM accounts_linkedaccount")
        assert "siti" not in str(cursor.fetchall())


def test_who_says_no_links_nothing_and_the_proof_is_used_up(resident: Resident) -> None:
    address = claimed(resident.ticket())
    resident.confirm(address, "batal")
    assert not LinkedAccount.objects.exists() and not LinkRequest.objects.exists()
    assert resident.confirm(address).status_code == 400


def test_a_stranger_who_is_sent_through_the_app_gives_nothing_away(resident: Resident) -> None:
    """An attacker begins, and a victim, led to the app with the attacker's ticket, signs in there."""
    attacker, victim = resident, Resident(User.objects.create_user("adi@example.org", "x", name="Adi"))
    address = claimed(attacker.ticket(), "milik.korban")
    page = victim.browser.get(address)
    assert page.status_code == 400 and "jangan lanjutkan" in page.content.decode()
    assert attacker.confirm(address).status_code == 400, "the victim's visit has ended it, also were the address known"
    assert not LinkedAccount.objects.exists()
    mine = claimed(attacker.ticket(), "milik.korban")
    again = Resident(attacker.user)
    assert again.confirm(mine).status_code == 400, "nor in another browser of the one who began"


@pytest.mark.parametrize("bukti", ["", "x", "\0"])
def test_without_what_the_app_handed_over_nothing_is_linked(bukti: str, resident: Resident) -> None:
    claimed(resident.ticket())
    answer = resident.browser.post(f"{PAGE}selesai/?bukti={bukti}", {"jawaban": "tautkan"})
    assert answer.status_code == 400 and not LinkedAccount.objects.exists()


def test_a_ticket_is_worth_one_use_ten_minutes_and_one_app(resident: Resident) -> None:
    ticket = resident.ticket()
    clients.register("lain", "Lain", secret="secret-of-another", redirect_uris=["https://lain.example.org/cb"], purpose="x")
    other = base64.b64encode(b"lain:secret-of-another").decode()
    assert claim(ticket, key=other).json()["error"] == "invalid_ticket"
    claimed(ticket)
    assert claim(ticket).json()["error"] == "invalid_ticket"
    late = resident.ticket()
    LinkRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(late).json()["error"] == "invalid_ticket"


@pytest.mark.parametrize("key", ["", "eDp5"])
def test_only_the_app_itself_says_whose_account_it_is(key: str, resident: Resident) -> None:
    answer = claim(resident.ticket(), key=key)
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("account", ["", " ", "a" * 201, "a\nb", "a\0b"])
def test_an_account_that_is_no_name_is_refused(account: str, resident: Resident) -> None:
    assert claim(resident.ticket(), account).status_code == 400


def test_an_account_has_one_owner_and_a_person_one_account_an_app(resident: Resident) -> None:
    resident.confirm(claimed(resident.ticket()))
    other = Resident(User.objects.create_user("adi@example.org", "x", name="Adi"))
    answer = claim(other.ticket())
    assert (answer.status_code, answer.json()["error"]) == (409, "account_taken")
    resident.confirm(claimed(resident.ticket(), "siti.baru"))
    assert [row.account for row in LinkedAccount.objects.all()] == ["siti.baru"]
    other.confirm(claimed(other.ticket()))
    assert LinkedAccount.objects.count() == 2, "what was taken off may be linked again"


def test_two_people_who_proved_the_same_account_at_once_leave_one_owner(resident: Resident) -> None:
    other = Resident(User.objects.create_user("adi@example.org", "x", name="Adi"))
    mine, theirs = claimed(resident.ticket()), claimed(other.ticket())
    resident.confirm(mine)
    answer = other.browser.post(theirs, {"jawaban": "tautkan"}, follow=True)
    assert "sudah ditautkan ke akun portal lain" in answer.content.decode()
    assert LinkedAccount.objects.get().user == resident.user


def test_a_browser_left_open_is_asked_who_is_there(resident: Resident) -> None:
    session = resident.browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp() - 1000}]
    session.save()
    answer = resident.browser.get(f"{PAGE}?aplikasi=lama&lanjut=1")
    assert answer["Location"].startswith("/akun/masuk/ulang/") and not LinkRequest.objects.exists()


@pytest.mark.parametrize("name", ["", "tidak-ada", "demo\0"])
def test_an_app_without_older_accounts_is_said_to_be_one(name: str, resident: Resident) -> None:
    answer = resident.browser.get(PAGE, {"aplikasi": name}, follow=True)
    assert "tidak punya akun lama" in answer.content.decode()


def test_a_person_who_is_not_signed_in_signs_in_first(old: App) -> None:
    assert Client().get(f"{PAGE}?aplikasi=lama").status_code == 302
    assert Client().get(f"{PAGE}selesai/?bukti=x")["Location"].startswith("/akun/masuk/")
