"""Who must show a second factor, and whether this session has."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.module_loading import import_string

from accounts.models import User

BEGAN = "began"  # in a session: when its person signed in
STAFF = "staff"  # in a session: when it began and when it was last used, of a person with staff duties
NEXT = "second_factor_next"  # in a session: the staff page that waits until a second factor is set up


def is_staff(user: User | AnonymousUser) -> bool:
    """Has this person any duty but that of a resident? The floors above add theirs by the setting STAFF_RULES."""
    if not isinstance(user, User):
        return False
    return user.is_superuser or user.groups.exists() or any(import_string(rule)(user) for rule in settings.STAFF_RULES)


def second_factors(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def proof_page(user: User) -> str:
    """Name of the page where this person shows the second factor they use: the app's code before the passkey; "" without."""
    kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    if Authenticator.Type.TOTP in kinds:
        return "mfa_reauthenticate"
    return "mfa_reauthenticate_webauthn" if Authenticator.Type.WEBAUTHN in kinds else ""


def has_shown(request: HttpRequest, user: User) -> bool:
    """Did this session show a second factor (or set one up) at any time?"""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def begin_staff_session(request: HttpRequest, user: User) -> None:
    """Mark the session of a person with staff duties: it is shorter (accounts.factors.middleware)."""
    now = int(time.time())
    request.session[STAFF] = [now, now]


def on_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[BEGAN] = int(time.time())
    if is_staff(user):
        begin_staff_session(request, user)


def on_proof(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Whoever is signed in and proves it again goes on under a new session key; the old one is worth nothing."""
    if getattr(request, "user", None) == user:
        renew_key(request)


def renew_key(request: HttpRequest) -> None:
    old = request.session.session_key
    request.session.cycle_key()
    if old:
        UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)
