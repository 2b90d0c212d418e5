"""Promise: a NIK, a password, a token and a one-time code are found in no log, address, mail subject, cache key or task."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from celery import Celery
from celery.app.task import Task
from django.core import mail
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.test import Client

from accounts.codes import numbers
from accounts.factors import totp
from accounts.guard.models import AccountNotice
from accounts.models import User
from accounts.tasks import send_account_notice
from portal.lib.logs import JsonFormatter
from services.cases import delivery as work
from services.cases.models import Delivery
from services.notifications.models import Message
from services.notifications.tasks import send_message
from tests.accounts.codes.conftest import NUMBER, OTHER, Phone, phone, send_codes  # noqa: F401  (a fixture)
from tests.accounts.sso.conftest import SECRET, Party, app  # noqa: F401  (a fixture)
from tests.services.cases.test_applying import APPLICANT, NIK, Applicant, applicant, birth  # noqa: F401  (fixtures)

PASSWORD = "rahasia-sawah-brantas-1945"
WRONG = "salah-sawah-brantas-1946"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Seen:
    """Everything that is written where no secret belongs. `places` maps a place to what was found there."""

    def __init__(self) -> None:
        self.places: dict[str, list[str]] = {"log": [], "address": [], "subject": [], "cache key": [], "task": []}

    def holding(self, secret: str) -> list[str]:
        return [f"{place}: {text}" for place, texts in self.places.items() for text in texts if secret in text]


class _Listener(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    found = Seen()
    listener, root = _Listener(found.places["log"]), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    checked = BaseCache.make_and_validate_key

    def key(self: BaseCache, name: str, version: int | None = None) -> str:
        made = str(checked(self, name, version))
        found.places["cache key"].append(made)
        return made

    monkeypatch.setattr(BaseCache, "make_and_validate_key", key)
    sent = Celery.send_task

    def send(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        found.places["task"].append(f"{name} {args} {kwargs}")
        return sent(self, name, *args, **kwargs)

    monkeypatch.setattr(Celery, "send_task", send)
    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **kwargs: found.places["task"].append(f"{args} {kwargs}"))
    answered = Client.request

    def request(self: Client, **environ: Any) -> Any:
        answer = answered(self, **environ)
        body = "" if answer.streaming else answer.content.decode(errors="replace")
        found.places["address"] += [answer.headers.get("Location", ""), *re.findall(r'(?:href|action|src)="([^"]*)"', body)]
        return answer

    monkeypatch.setattr(Client, "request", request)
    yield found
    root.removeHandler(listener)
    root.setLevel(level)


def code_in(text: str) -> str:
    found = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4}|\d{6})\s*$", text, re.M)
    assert found, text
    return found[1]


def sign_in_in_every_way(user: User, texts: Phone) -> list[str]:
    """With right and wrong passwords, a code by mail, a code of the app, a lost password. Returns the codes."""
    browser = Client()
    browser.post("/akun/masuk/", {"login": user.email, "password": WRONG})
    browser.post("/akun/masuk/sekali/", {"login": user.email})
    send_codes()
    by_mail = code_in(str(mail.outbox[-1].body))
    browser.post("/akun/masuk/sekali/kode/", {"code": by_mail})
    assert "_auth_user_id" in browser.session
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(SEED)})
    browser = Client()
    browser.post("/akun/masuk/", {"login": user.email, "password": PASSWORD})
    of_the_app = totp.code_at(SEED, totp.counter_now())
    browser.post("/akun/masuk/kode/", {"code": of_the_app})
    assert "_auth_user_id" in browser.session
    browser.post("/akun/daftar/", {"email": "baru@example.org", "name": "Baru", "password1": PASSWORD})
    Client().post("/akun/daftar/", {"email": "lain@example.org", "name": "Lain", "password1": PASSWORD, "nik": NIK})
    Client().post("/akun/sandi/lupa/", {"email": user.email})
    return [by_mail, of_the_app, *sign_in_by_phone(user, texts)]


def sign_in_by_phone(user: User, texts: Phone) -> list[str]:
    """A code to the number of the account, to an unknown one, at sign-up and for a new password. Returns the codes."""
    numbers.proved(user, NUMBER)
    codes = []
    for path, written, form in [
        ("masuk/sekali/", "masuk/sekali/kode/", {"login": NUMBER}),
        ("sandi/lupa/", "sandi/lupa/kode/", {"email": NUMBER}),
        ("daftar/", "daftar/kode/", {"email": OTHER, "name": "Baru", "password1": PASSWORD}),
    ]:
        browser = Client()
        browser.post(f"/akun/{path}", form)
        codes.append(texts.code(form.get("login") or form["email"]))
        browser.post(f"/akun/{written}", {"code": codes[-1]})
    Client().post("/akun/masuk/sekali/", {"login": "+6281300000000"})
    Client().post("/akun/masuk/", {"login": NUMBER, "password": WRONG})
    return codes


def ask_where_a_nik_does_not_belong() -> None:
    """People and programs put secrets where they should not: what they typed is not written down either."""
    for path in ("/layanan/", "/lacak/", "/api/v1/services", "/oidc/authorize", "/tidak-ada/", "/kelola/"):
        Client().get(path, {"q": NIK, "nomor": NIK, "access_token": PASSWORD, "next": f"/?{NIK}"})
    Client().post("/lacak/", {"nomor": NIK, "telepon": NIK[-4:]})
    Client().post("/oidc/token", urlencode({"client_id": "app", "code": PASSWORD}), "application/x-www-form-urlencoded")
    Client().get("/api/v1/cases", headers={"Authorization": f"Bearer {PASSWORD}"})


def test_no_secret_is_written_where_it_does_not_belong(
    seen: Seen,
    applicant: Applicant,  # noqa: F811
    app: Any,  # noqa: F811
    phone: Phone,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
) -> None:
    cache.clear()
    user = User.objects.get(email="alice@example.org")
    user.set_password(PASSWORD)
    user.save()
    applicant.client.force_login(user)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    ask_where_a_nik_does_not_belong()
    seen.places["address"].clear()  # what they put into an address themselves
    with django_capture_on_commit_callbacks(execute=True):
        applicant.fill("pemohon", {**APPLICANT, "f.no_kk": NIK + "9"})
        applicant.fill_all()
        applicant.send()
        codes = sign_in_in_every_way(user, phone)
    party = Party(app, applicant.client)
    tokens = party.tokens(scope="openid profile nik cases:read")
    assert party.userinfo(tokens["access_token"]).json()["nik"] == NIK
    party.door.get("/api/v1/cases", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    party.refresh(tokens["refresh_token"])
    party.refresh(tokens["refresh_token"])
    work.deliver(Delivery.objects.get().pk)
    for message in Message.objects.all():
        send_message(message.pk)
    for notice in AccountNotice.objects.all():
        send_account_notice(notice.pk)
    seen.places["subject"] = [str(one.subject) for one in mail.outbox]

    assert len(mail.outbox) >= 5 and all(len(texts) > 3 for texts in seen.places.values()), {
        place: len(texts) for place, texts in seen.places.items()
    }
    for name, secret in [
        ("NIK", NIK),
        ("password", PASSWORD),
        ("wrong password", WRONG),
        ("client secret", SECRET),
        ("seed", SEED),
        ("access token", tokens["access_token"]),
        ("refresh token", tokens["refresh_token"]),
        ("phone number", NUMBER[1:]),
        ("phone number of a newcomer", OTHER[1:]),
        *(("one-time code", code) for code in codes),
    ]:
        assert not seen.holding(secret), (name, seen.holding(secret)[:5])
