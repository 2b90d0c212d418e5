"""The second factors of the demo city's staff: published seeds, whose codes the sign-in page shows (only with DEMO=1)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.utils.translation import gettext_lazy as _

from accounts.factors import totp
from accounts.models import User

RESIDENTS = {"alice": _("warga"), "adi": _("warga kedua")}
STAFF = {
    "bob": _("petugas dan penyunting Dispendukcapil"),
    "dewi": _("petugas dan penyunting DLH"),
    "rina": _("peninjau Diskominfo dan koordinator pengaduan"),
    "ivan": _("integrator Dispendukcapil"),
    "wali": _("pimpinan"),
    "oper": _("operator"),
    "admin": _("pengelola utama"),
}


@dataclass(frozen=True)
class DemoAccount:
    email: str
    role: Any
    code: str  # of now; "" for residents


def seed(name: str) -> str:
    """What an authenticator app would be given for this account."""
    return base64.b32encode(hashlib.sha256(f"layanan-kota-demo:{name}".encode()).digest()[:20]).decode()


def code(name: str) -> str:
    """The code of now."""
    return totp.code_at(seed(name), totp.counter_now())


def install(user: User, name: str) -> None:
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(seed(name)), totp.DEMO: True}
    )


def ensure() -> None:
    """For a city that was loaded before its staff had second factors."""
    for user in User.objects.filter(email__in=[f"{name}@example.org" for name in STAFF], authenticator=None):
        install(user, str(user.email).partition("@")[0])


def demo_accounts() -> list[DemoAccount]:
    """For the sign-in pages."""
    residents = [DemoAccount(f"{name}@example.org", role, "") for name, role in RESIDENTS.items()]
    return residents + [DemoAccount(f"{name}@example.org", role, code(name)) for name, role in STAFF.items()]
