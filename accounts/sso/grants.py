"""The only writer of codes and tokens. It knows no HTTP and no OAuth library.

A code and a refresh token are worth one use, also when they are used at the same moment: the use is one conditional UPDATE,
and whoever comes second ends the whole family (OAuth 2.0 Security BCP, RFC 9700, 2.1.1 and 4.14.2). Nothing here raises after
a family was ended: the caller's transaction must keep that.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.sso.models import ForwardSession, Grant, GrantToken, LinkRequest

CODE_LIVES = timedelta(seconds=60)
ACCESS_LIVES = timedelta(minutes=10)
FAMILY_LIVES = timedelta(days=30)


def digest_of(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass(frozen=True)
class SignedIn:
    """How sure we are of the person at the moment of the authorization; frozen into the grant."""

    sid: str
    acr: str
    amr: Sequence[str]
    auth_time: datetime


def issue_code(
    client: Client, user: User, *, redirect_uri: str, challenge: str, nonce: str, scopes: Iterable[str], signed_in: SignedIn
) -> str:
    """A new family; returns its code, which lives 60 seconds."""
    code, now = secrets.token_urlsafe(32), timezone.now()
    Grant.objects.create(
        client=client,
        user=user,
        code_digest=digest_of(code),
        code_expires_at=now + CODE_LIVES,
        redirect_uri=redirect_uri,
        challenge=challenge,
        nonce=nonce,
        scopes=" ".join(scopes),
        sid=signed_in.sid,
        acr=signed_in.acr,
        amr=list(signed_in.amr),
        auth_time=signed_in.auth_time,
        expires_at=now + FAMILY_LIVES,
    )
    return code


def redeem_code(client: Client, code: str) -> Grant | None:
    """Use up a code of this client. None: unknown, expired, ended, or used before, which ends the family."""
    grant = Grant.objects.filter(code_digest=digest_of(code), client=client).select_related("client", "user").first()
    if grant is None:
        return None
    now = timezone.now()
    mine = Grant.objects.filter(pk=grant.pk, code_used_at=None, revoked_at=None, code_expires_at__gt=now)
    if grant.user.is_active and mine.update(code_used_at=now):
        grant.code_used_at = now
        return grant
    if Grant.objects.filter(pk=grant.pk, code_used_at__isnull=False).exists():
        end_families([grant.pk])
    return None


def find_refresh(client: Client, value: str) -> GrantToken | None:
    """A refresh token of this client, not yet used up by looking. None: unknown, expired, ended, or used before, which
    ends the family."""
    found = Token.objects.by_value(value).filter(type=Token.Type.REFRESH_TOKEN, client=client)
    link = GrantToken.objects.filter(token__in=found).select_related("grant__client", "grant__user").first()
    if link is None:
        return None
    grant = link.grant
    if grant.revoked_at is not None or grant.expires_at <= timezone.now() or not grant.user.is_active:
        return None
    if link.spent_at is not None:
        end_families([grant.pk])
        return None
    return link


def spend_refresh(link: GrantToken) -> bool:
    """Use up a refresh token. False: somebody was faster, and the family is ended."""
    if GrantToken.objects.filter(pk=link.pk, spent_at=None).update(spent_at=timezone.now()):
        return True
    end_families([link.grant_id])
    return False


def add_tokens(grant: Grant, *, access: str, refresh: str, scopes: Iterable[str]) -> bool:
    """Store what the app is about to receive. False, and nothing stored: the family was ended in between."""
    now = timezone.now()
    with transaction.atomic():
        held = Grant.objects.select_for_update().get(pk=grant.pk)
        if held.revoked_at is not None:
            return False
        _store(Token.Type.ACCESS_TOKEN, access, held.client_id, held.user_id, scopes, now + ACCESS_LIVES, held)
        if refresh:
            _store(Token.Type.REFRESH_TOKEN, refresh, held.client_id, held.user_id, held.scope_list(), held.expires_at, held)
    return True


def add_client_token(client: Client, *, access: str, scopes: Iterable[str]) -> None:
    """An access token of the app itself (client credentials): no person, no family."""
    _store(Token.Type.ACCESS_TOKEN, access, client.pk, None, scopes, timezone.now() + ACCESS_LIVES, None)


def _store(
    kind: str, value: str, client: str, user: int | None, scopes: Iterable[str], until: datetime, grant: Grant | None
) -> None:
    token = Token(type=kind, client_id=client, user_id=user, expires_at=until)
    token.set_value(value)
    token.set_scopes(sorted(scopes))
    token.save()
    if grant is not None:
        GrantToken.objects.create(token=token, grant=grant)


def access_token(value: str) -> Token | None:
    """A living access token with `client`, its profile and `user`, or None. An id_token or a refresh token is none."""
    if not 20 <= len(value) <= 200 or not value.isascii():
        return None
    found = Token.objects.valid().by_value(value).filter(type=Token.Type.ACCESS_TOKEN, client__profile__is_approved=True)
    token = found.select_related("client__profile", "user", "link__grant").first()
    if token is None or (token.user is not None and not token.user.is_active):
        return None
    link = getattr(token, "link", None)
    if token.user_id is not None and (link is None or link.grant.revoked_at is not None):
        return None
    return token


def find_own(client: Client, value: str) -> Token | None:
    """A token of this client that is worth something now, or None: nobody learns of another's."""
    kinds = [Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN]
    token = (
        Token.objects.valid()
        .by_value(value)
        .filter(type__in=kinds, client=client)
        .select_related("user", "link__grant")
        .first()
    )
    if token is None or (token.user is not None and not token.user.is_active):
        return None
    link = getattr(token, "link", None)
    if link is not None and (link.grant.revoked_at is not None or link.spent_at is not None):
        return None
    return token


def revoke(client: Client, value: str) -> None:
    """RFC 7009: an access token alone, with a refresh token its family. Another client's token stays as it is."""
    kinds = [Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN]
    token = Token.objects.by_value(value).filter(type__in=kinds, client=client).select_related("link").first()
    if token is None:
        return
    link = getattr(token, "link", None)
    if token.type == Token.Type.REFRESH_TOKEN and link is not None:
        end_families([link.grant_id])
    else:
        token.delete()


def end_families(grants: Iterable[int]) -> None:
    """Nothing issued from these grants is worth anything from now on. Spent refresh tokens stay as memory."""
    keys = list(grants)
    with transaction.atomic():
        Grant.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=timezone.now())
        Token.objects.filter(link__grant__in=keys, type=Token.Type.ACCESS_TOKEN).delete()


def forget_old(now: datetime) -> int:
    """Delete families that ended or expired a day ago, with their tokens; returns how many."""
    old = now - timedelta(days=1)
    gone = list(Grant.objects.filter(expires_at__lt=old).values_list("pk", flat=True)[:5000])
    gone += list(Grant.objects.filter(code_used_at=None, code_expires_at__lt=old).values_list("pk", flat=True)[:5000])
    Token.objects.filter(link__grant__in=gone).delete()
    ForwardSession.objects.filter(expires_at__lt=old).delete()
    LinkRequest.objects.filter(expires_at__lt=old).delete()
    Token.objects.filter(link=None, expires_at__lt=old).delete()
    Grant.objects.filter(pk__in=gone).delete()
    return len(gone)
