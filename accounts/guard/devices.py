"""Where an account is signed in: the list, ending one, ending all; and whether a browser is known."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from allauth.account.adapter import get_adapter as login_hooks
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.adapter import get_adapter as session_hooks
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.guard.notices import browser_name, shortened
from accounts.models import User
from accounts.requests import SignedInRequest
from accounts.sso.constants import SID
from accounts.sso.endings import end_everything, end_session, note_sign_on
from portal.lib.posted import posted

KNOWN = "perangkat"  # the cookie of a browser in which people have signed in before
KNOWN_SECONDS = 365 * 24 * 3600
KNOWN_PEOPLE = 5
SEEN_EVERY_SECONDS = 600


class SessionHooks(DefaultUserSessionsAdapter):
    """Ending a session ends its sign-on for every app."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        sessions = list(sessions)
        store = import_module(settings.SESSION_ENGINE).SessionStore
        for session in sessions:
            end_session(store(session.session_key).get(SID, ""))
        super().end_sessions(sessions)


class LastSeen:
    """Notes when a session was last used, every ten minutes at most."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get("_auth_user_id"):
            key = request.session.session_key
            if cache.add(f"seen:{key}", 1, SEEN_EVERY_SECONDS):
                UserSession.objects.filter(session_key=key).update(
                    last_seen_at=timezone.now(),
                    ip=request.META.get("REMOTE_ADDR") or "0.0.0.0",  # noqa: S104 - unknown
                )
                note_sign_on(request)
        response: HttpResponse = self.get_response(request)
        return response


def on_password_change(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Whoever was signed in with the old password no longer is, nor in any app."""
    end_everything(user, here=request)
    note_sign_on(request)


def _mark(user: User) -> str:
    return salted_hmac("accounts.devices", user.public_id, algorithm="sha256").hexdigest()[:32]


def is_known(request: HttpRequest, user: User) -> bool:
    return _mark(user) in request.COOKIES.get(KNOWN, "").split(".")


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    others = [mark for mark in request.COOKIES.get(KNOWN, "").split(".") if mark and mark != _mark(user)]
    response.set_cookie(
        KNOWN,
        ".".join([_mark(user), *others][:KNOWN_PEOPLE]),
        max_age=KNOWN_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@login_required
def listed(request: SignedInRequest) -> HttpResponse:
    rows = [
        {
            "pk": session.pk,
            "browser": browser_name(session.user_agent),
            "where": shortened(session.ip),
            "began": session.created_at,
            "seen": session.last_seen_at,
            "here": session.session_key == request.session.session_key,
        }
        for session in sorted(UserSession.objects.purge_and_list(request.user), key=lambda s: s.last_seen_at, reverse=True)
    ]
    rows.sort(key=lambda row: not row["here"])
    return render(request, "usersessions/usersession_list.html", {"rows": rows, "nav": "akun"})


@login_required
@posted("usersessions_list")
def end(request: SignedInRequest) -> HttpResponse:
    """One session of this person; a foreign one is as absent as none."""
    given = request.POST.get("sesi", "")
    found = (
        UserSession.objects.filter(user=request.user, pk=int(given))
        if given.isascii() and given.isdigit() and len(given) < 19
        else []
    )
    for session in found:
        if session.session_key == request.session.session_key:
            return _out(request)
        session_hooks().end_sessions([session])
        messages.success(request, _("Perangkat itu sudah dikeluarkan."))
    return redirect("usersessions_list")


@login_required
@posted("usersessions_list")
def end_all(request: SignedInRequest) -> HttpResponse:
    end_everything(request.user, here=request)
    return _out(request)


def _out(request: SignedInRequest) -> HttpResponse:
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()
    login_hooks(request).logout(request)
    return redirect("account_login")
