"""A city that sends short messages, and people with phones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.codes import numbers
from accounts.codes.models import OneTimeCode
from accounts.models import User
from accounts.tasks import send_code
from tests.accounts.factors.conftest import PASSWORD, Person, person

NUMBER = "+6281234567890"
OTHER = "+6281398765432"


def send_codes() -> None:
    """What the worker does."""
    for row in OneTimeCode.objects.exclude(next_try=None):
        send_code(row.pk)


@dataclass
class Phone:
    """Everything that came to any phone."""

    folder: Path

    def texts(self, number: str = "") -> list[str]:
        send_codes()
        found = sorted(self.folder.glob("*.txt"), key=lambda path: path.stat().st_mtime_ns)
        return [text for path in found if f"To: {number}" in (text := path.read_text(encoding="utf-8"))]

    def code(self, number: str) -> str:
        return code_in_text(self.texts(number)[-1])


def code_in_text(text: str) -> str:
    found = re.search(r"(?<!\d)(\d{6}|\d{12})(?!\d)", text.partition("\n\n")[2])
    assert found, text
    return found[0]


def mailed_code() -> str:
    send_codes()
    found = re.search(r"^(\d{6}|\d{12})$", str(mail.outbox[-1].body), re.M)
    assert found, mail.outbox[-1].body
    return found[0]


@dataclass
class Visitor:
    """Somebody at a browser who types."""

    browser: Client = field(default_factory=lambda: Client(REMOTE_ADDR="10.20.0.1"))

    def post(self, path: str, **form: str) -> HttpResponse:
        return self.browser.post(f"/akun/{path}", form)

    def ask(self, way: str) -> HttpResponse:
        return self.post("masuk/sekali/", login=way)

    def write(self, code: str) -> HttpResponse:
        return self.post("masuk/sekali/kode/", code=code)

    @property
    def signed_in(self) -> User | None:
        found = self.browser.session.get("_auth_user_id")
        return User.objects.get(pk=found) if found else None


@pytest.fixture(autouse=True)
def nothing_is_remembered(db: None) -> None:
    cache.clear()


@pytest.fixture
def phone(settings: Any, tmp_path: Path) -> Phone:
    settings.SHORT_CHANNELS = {"sms": {"folder": tmp_path / "pesan"}}
    return Phone(tmp_path / "pesan")


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture
def resident(phone: Phone) -> Person:
    """With an address and a number."""
    found = person("warga@example.org")
    numbers.proved(found.user, NUMBER)
    return found


@pytest.fixture
def by_phone_only(phone: Phone) -> Person:
    user = User.objects.create_user(None, PASSWORD, name="Tono Contoh")
    numbers.proved(user, OTHER)
    return Person(user)


def long_ago(user: User, days: int) -> None:
    user.sign_in_number.proved_at = timezone.now() - timedelta(days=days)
    user.sign_in_number.save()
