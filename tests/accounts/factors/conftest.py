"""A member of staff with an authenticator app of her own (not a published one)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from accounts.factors import totp
from accounts.models import User

PASSWORD = "sawah-hijau-di-tepi-brantas"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Person:
    """Somebody at a browser."""

    user: User
    browser: Client = field(default_factory=Client)

    def sign_in(self, password: str = PASSWORD, **more: str) -> HttpResponse:
        return self.browser.post("/akun/masuk/", {"login": self.user.email, "password": password, **more})

    def write(self, code: str) -> HttpResponse:
        return self.browser.post("/akun/masuk/kode/", {"code": code})

    def code(self, away: int = 0) -> str:
        return totp.code_at(SEED, totp.counter_now() + away)

    @property
    def is_in(self) -> bool:
        return "_auth_user_id" in self.browser.session


def person(email: str, *, staff: bool = False, app: bool = False) -> Person:
    user = User.objects.create_user(email, PASSWORD, name="Sri Contoh")
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if staff:
        user.groups.add(Group.objects.get_or_create(name="operator")[0])
    if app:
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(SEED)})
    return Person(user)


@pytest.fixture(autouse=True)
def no_guess_is_remembered(db: None) -> None:
    cache.clear()


@pytest.fixture
def sri() -> Person:
    """Staff with an authenticator app."""
    return person("sri@example.org", staff=True, app=True)


@pytest.fixture
def newcomer() -> Person:
    """Staff since today: a password only."""
    return person("baru@example.org", staff=True)


@pytest.fixture
def resident() -> Person:
    return person("warga@example.org")
