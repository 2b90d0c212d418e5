"""How sure the portal is of a person now: level, when and how they signed in; and asking for more.

Level 1: self-declared. Level 2: NIK verified, a fact about the person. Level 3: level 2 and a second factor within the last
15 minutes, a fact about the session.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from accounts.factors.rules import proof_page, second_factors
from accounts.models import User

FRESH = timedelta(minutes=15)
ACR = {level: f"urn:layanan-kota:level:{level}" for level in (1, 2, 3)}
LEVELS = {name: level for level, name in ACR.items()}
_SENT_AWAY = "assurance_sent"
# RFC 8176
_METHODS = {"password": "pwd", "code": "otp", "password_reset": "otp", "socialaccount": "fed"}
_FACTORS = {"totp": "otp", "webauthn": "hwk", "recovery_codes": "kba"}


def _proved_by(record: dict[str, Any]) -> str:
    """A code by SMS is named as such: whoever asks for more may not want it."""
    if record["method"] == "code" and record.get("channel") == "sms":
        return "sms"
    return _METHODS.get(record["method"], "")


@dataclass(frozen=True)
class Assurance:
    level: int
    auth_time: datetime
    amr: tuple[str, ...]

    @property
    def acr(self) -> str:
        return ACR[self.level]

    def age(self, now: datetime) -> timedelta:
        return now - self.auth_time


def assurance_of(request: HttpRequest, user: User) -> Assurance:
    """Of this session of a signed-in person."""
    records = get_authentication_records(request, user)
    newest = max((float(record["at"]) for record in records), default=0.0)
    when = datetime.fromtimestamp(newest, UTC) if newest else (user.last_login or user.date_joined)
    found = [_FACTORS.get(record.get("type", ""), "mfa") if record["method"] == "mfa" else "" for record in records]
    found += [_proved_by(record) for record in records]
    amr = tuple(dict.fromkeys(name for name in found if name))
    strong = max((float(record["at"]) for record in records if record["method"] == "mfa"), default=0.0)
    level = int(user.assurance_level)
    if level >= 2 and strong and time.time() - strong <= FRESH.total_seconds():
        level = 3
    return Assurance(level, when, (*amr, "mfa") if strong and "mfa" not in amr else amr)


def reachable(user: User, level: int) -> bool:
    """Could this person come to this level now, by signing in again?"""
    return level <= user.assurance_level or (level == 3 and user.assurance_level >= 2 and second_factors(user))


def wanted_level(acr_values: str, minimum: int = 1) -> int:
    """The lowest level named in `acr_values` (they are in order of preference, any will do), at least the app's own."""
    named = [LEVELS[name] for name in acr_values.split() if name in LEVELS]
    return max(min(named, default=1), minimum)


def suffices(request: HttpRequest, user: User, *, level: int, max_age: int | None) -> bool:
    """May this pass without asking the person anything?"""
    known = assurance_of(request, user)
    return known.level >= level and (max_age is None or known.age(datetime.now(UTC)) <= timedelta(seconds=max_age))


def step_up(
    request: HttpRequest, user: User, back: str, *, level: int = 1, max_age: int | None = None, force: bool = False
) -> str | None:
    """Where to send a person who must sign in again before `back`, or None when what is known suffices.

    The session remembers when we sent them for exactly this `back`: without that `max_age=0` and `force` would ask for ever.
    Look at `reachable` first. Call `arrived` when the purpose is fulfilled or given up.
    """
    known = assurance_of(request, user)
    sent = request.session.get(_SENT_AWAY) or {}
    came_back = sent.get("back") == back and known.auth_time.timestamp() >= sent.get("at", 0)
    fresh = came_back or max_age is None or known.age(datetime.now(UTC)) <= timedelta(seconds=max_age)
    if known.level >= level and fresh and (came_back or not force):
        return None
    sent_away(request, back)
    strong = level == 3 or not user.has_usable_password()
    name = (strong and proof_page(user)) or "account_reauthenticate"
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: back})}"


def sent_away(request: HttpRequest, back: str) -> None:
    """Note that the person leaves now to prove who they are, and for what. Exact: a proof of the same second but before it is
    none."""
    request.session[_SENT_AWAY] = {"back": back, "at": time.time()}


def rise(request: HttpRequest, user: User, back: str, *, level: int) -> str | None:
    """Where to send a person so that they come back to `back` at this level: None when they are there already, "" when there
    is no way for this account."""
    if level <= 1:
        return None
    if not reachable(user, level):
        return national_sign_in(back) if level <= 2 or second_factors(user) else ""
    return step_up(request, user, back, level=level)


def national_sign_in(back: str) -> str:
    """Where the national identity provider verifies the NIK of whoever is signed in here; "" when the city has none."""
    if not settings.NATIONAL_ID_ISSUER:
        return ""
    return f"{reverse('national-start')}?{urlencode({REDIRECT_FIELD_NAME: back})}"


def arrived(request: HttpRequest) -> None:
    """Forget that the person was sent away: the next identical request asks anew."""
    request.session.pop(_SENT_AWAY, None)
