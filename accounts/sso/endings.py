"""The end of a session: its apps lose their tokens and hear of it, also when nobody signs out.

A session may expire, be left idle, or belong to an account that was closed or has a new password. Which session a sign-on
(`sid`) belongs to is noted beside allauth's `UserSession`; a sign-on without a living session is ended by the clock, so
nothing depends on the person coming back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.idp.oidc.models import Client
from allauth.usersessions.adapter import get_adapter as session_hooks
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.factors.rules import STAFF
from accounts.models import User
from accounts.sso import clients, grants, keys
from accounts.sso.constants import SID
from accounts.sso.models import Grant, LogoutNotice
from accounts.sso.provider import sub_of
from portal.lib.waking import wake

EVENT = "http://schemas.openid.net/event/backchannel-logout"
GIVE_UP = timedelta(hours=72)
LOGOUT_TOKEN_SECONDS = 120
BATCH = 500
SEEN_EVERY = timedelta(minutes=10)  # how exact `last_seen_at` is (accounts.guard.devices.LastSeen)


def note_sign_on(request: HttpRequest) -> None:
    """Write down which sign-on this session carries, and whether it is a staff member's: those end sooner."""
    sid = request.session.get(SID)
    if not sid:
        return
    facts = {"sid": sid, "staff": STAFF in request.session}
    row = UserSession.objects.filter(session_key=request.session.session_key or "").first()
    if row is None:
        UserSession.objects.create_from_request(request)
    if row is None or row.data != facts:
        UserSession.objects.filter(session_key=request.session.session_key or "").update(data=facts)


def end_session(sid: str) -> None:
    """Every app of this session loses its tokens now, and is told after the commit."""
    if sid:
        _end(_open().filter(sid=sid))


def end_app(user: User, client: Client) -> None:
    """What this app holds of this person, of whatever session, is worth nothing; the app is told after the commit."""
    _end(_open().filter(user=user, client=client))


def _end(found: QuerySet[Grant]) -> None:
    now = timezone.now()
    with transaction.atomic():
        ended = list(found.select_related("client__profile", "user"))
        grants.end_families(grant.pk for grant in ended)
        Grant.objects.filter(pk__in=[grant.pk for grant in ended]).update(logged_out_at=now)
        told = [grant for grant in ended if grant.client.profile.backchannel_logout_uri]
        for grant in {(grant.client_id, grant.sid): grant for grant in told}.values():
            # An app that was left and entered again in the same session is told a second time.
            notice, _made = LogoutNotice.objects.update_or_create(
                client=grant.client,
                sid=grant.sid,
                defaults={
                    "sub": sub_of(grant.client, grant.user),
                    "jti": secrets.token_urlsafe(24),
                    "next_try": now,
                    "tries": 0,
                    "told_at": None,
                    "made_at": now,
                },
            )
            transaction.on_commit(lambda key=notice.pk: wake("accounts.tasks.tell_logout", key))  # type: ignore[misc]


def logout_token(notice: LogoutNotice) -> str:
    """Signed anew for each try: the same `jti`, so that an app may notice a repetition."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": clients.issuer(),
        "aud": notice.client_id,
        "iat": now,
        "exp": now + LOGOUT_TOKEN_SECONDS,
        "jti": notice.jti,
        "sub": notice.sub,
        "sid": notice.sid,
        "events": {EVENT: {}},
    }
    return keys.sign(claims, kind="logout+jwt")


def end_everything(user: User, *, here: HttpRequest | None = None) -> None:
    """Every session of this person and everything that any app holds of them; their own session `here` goes on."""
    own = here.session if here is not None and here.user == user else None
    key, sid = (own.session_key or "", own.get(SID, "")) if own is not None else ("", "")
    with transaction.atomic():
        session_hooks().end_sessions(UserSession.objects.filter(user=user).exclude(session_key=key))
        for other in set(_open().filter(user=user).exclude(sid=sid).values_list("sid", flat=True)):
            end_session(other)


def used(grant: Grant) -> None:
    """Work in an app is use of the session it came from: staff are not left idle while they work there."""
    UserSession.objects.filter(user=grant.user_id, data__sid=grant.sid).update(last_seen_at=timezone.now())


def end_gone(now: datetime) -> int:
    """End each sign-on whose session is no more, or may not go on; returns how many."""
    ended = 0
    for found in _batches():
        alive = _alive(found, now)
        for sid in found:
            if sid not in alive:
                end_session(sid)
                ended += 1
    return ended


def _open() -> QuerySet[Grant]:
    return Grant.objects.filter(logged_out_at=None)


def _batches() -> Iterator[list[str]]:
    last = ""
    while found := list(_open().filter(sid__gt=last).order_by("sid").values_list("sid", flat=True).distinct()[:BATCH]):
        yield found
        last = found[-1]


def _alive(sids: list[str], now: datetime) -> set[str]:
    rows = UserSession.objects.filter(data__sid__in=sids, user__is_active=True)
    keys = Session.objects.filter(session_key__in=rows.values("session_key"), expire_date__gt=now)
    living = set(keys.values_list("session_key", flat=True))
    return {row.data["sid"] for row in rows if row.session_key in living and not _too_long(row, now)}


def _too_long(row: UserSession, now: datetime) -> bool:
    """A staff session that was left, or one that has lasted its whole time: nobody has to come by for it to end."""
    if now - row.created_at > timedelta(seconds=settings.SESSION_COOKIE_AGE):
        return True
    if not row.data.get("staff"):
        return False
    idle, whole = timedelta(seconds=settings.STAFF_IDLE_SECONDS), timedelta(seconds=settings.STAFF_SESSION_SECONDS)
    return now - row.last_seen_at > idle + SEEN_EVERY or now - row.created_at > whole
