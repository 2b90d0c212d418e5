"""An access token as a registered app of a person has it, without the walk through a browser."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from allauth.idp.oidc.models import Client, Token
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.assurance import ACR
from accounts.models import User
from accounts.sso import clients, grants
from accounts.sso.models import Grant

SCOPES = ("openid", "cases:read", "cases:write")


def access_token_for(
    user: User,
    *,
    scopes: tuple[str, ...] = SCOPES,
    app: str = "uji",
    lives: timedelta | None = None,
    level: int = 0,
    auth_time: datetime | None = None,
) -> str:
    """The bearer token. lives: longer than ten minutes, for programs that put load on the portal for an hour."""
    client = Client.objects.filter(pk=app).first() or _register(app)
    sid = secrets.token_urlsafe(8)
    signed_in = grants.SignedIn(sid, ACR[level or user.assurance_level], ["pwd"], auth_time or timezone.now())
    code = grants.issue_code(
        client,
        user,
        redirect_uri="https://uji.example.org/cb",
        challenge="c" * 43,
        nonce="",
        scopes=scopes,
        signed_in=signed_in,
    )
    grant = grants.redeem_code(client, code)
    assert isinstance(grant, Grant)
    value = secrets.token_urlsafe(32)
    assert grants.add_tokens(grant, access=value, refresh="", scopes=scopes)
    if lives is not None:
        Token.objects.by_value(value).update(expires_at=timezone.now() + lives)
        _session(user, sid, lives)
    return value


def _session(user: User, sid: str, lives: timedelta) -> None:
    """The session at our pages that the app was entered from: when it is no more, the clock ends what the app holds."""
    store = SessionStore()
    store.set_expiry(lives)
    store.create()
    UserSession.objects.create(
        user=user, session_key=store.session_key, ip="127.0.0.1", user_agent="Uji", data={"sid": sid, "staff": False}
    )


def _register(app: str) -> Client:
    redirect = ["https://uji.example.org/cb"]
    return clients.register(app, "Uji", redirect_uris=redirect, scopes=clients.SCOPES, purpose="Uji")[0]
