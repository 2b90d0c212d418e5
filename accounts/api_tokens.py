"""Who asks at `/api/v1`: a bearer token of our own provider, or a session of our pages. What each may do: `Needs`.

401 says that nobody was recognised, or not surely enough (RFC 9470); 403 that this token does not reach that far. Both say so in
`WWW-Authenticate` (RFC 6750).
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from allauth.idp.oidc.models import Token
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.drainage import set_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.assurance import ACR, LEVELS, Assurance, assurance_of
from accounts.models import User
from accounts.sso import grants


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ...` and nothing else: never a parameter, never an id_token or a refresh token."""

    def authenticate_header(self, request: Request) -> str:
        given = bool(request.headers.get("Authorization"))
        return 'Bearer realm="api", error="invalid_token"' if given else 'Bearer realm="api"'

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, Token] | None:
        scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = grants.access_token(value.strip())
        if token is None:
            raise AuthenticationFailed("The access token is unknown, has expired or was revoked.")
        return (token.user if isinstance(token.user, User) else AnonymousUser()), token


class BrieflyKeptToken(TokenAuthentication):
    """For reads that are asked many times a second: a token that was looked up is believed for a second, revoked or not."""

    KEEP_SECONDS: ClassVar[float] = 1.0
    MOST_KEPT: ClassVar[int] = 2_000
    _kept: ClassVar[dict[str, tuple[float, tuple[User | AnonymousUser, Token]]]] = {}

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, Token] | None:
        given, now = request.headers.get("Authorization", ""), time.monotonic()
        key = hashlib.sha256(given.encode()).hexdigest()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < self.KEEP_SECONDS and kept[1][1].expires_at > timezone.now():
            return kept[1]
        found = super().authenticate(request)
        if found is not None:
            if len(self._kept) >= self.MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (now, found)
        return found


class ScopeMissing(APIException):
    """403 with the scope that would be needed."""

    status_code = 403
    default_code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}." if scope else "This needs a person: a program alone cannot do it.")
        self.auth_header = f'Bearer realm="api", error="insufficient_scope", scope="{scope}"'


class StepUpNeeded(APIException):
    """401: the app sends the person through the authorization again, with these `acr_values` and `max_age` (RFC 9470)."""

    status_code = 401
    default_code = "insufficient_user_authentication"

    def __init__(self, level: int, max_age: int | None = None) -> None:
        super().__init__("Who did this must be known more surely. Ask for acr_values and max_age and come again.")
        wish = f', acr_values="{ACR[level]}"' + (f', max_age="{max_age}"' if max_age is not None else "")
        self.auth_header = f'Bearer realm="api", error="insufficient_user_authentication"{wish}'


class Needs(BasePermission):
    """A person, signed in at our pages or by a token with the scope."""

    read: ClassVar[str] = ""
    write: ClassVar[str] = ""

    @classmethod
    def of(cls, *, read: str = "", write: str = "") -> type[Needs]:
        """The permission of a view: the scope of safe methods and that of the others."""
        return type("Needs", (cls,), {"read": read, "write": write})

    @classmethod
    def scope_for(cls, method: str | None) -> str:
        return cls.read if method in SAFE_METHODS else cls.write

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, Token):
            return bool(request.user and request.user.is_authenticated)
        scope = self.scope_for(request.method)
        if scope not in request.auth.get_scopes():
            raise ScopeMissing(scope)
        if not isinstance(request.user, User):
            raise ScopeMissing("")
        return True


def require_level(request: Request, level: int, *, max_age: int | None = None) -> None:
    """The person behind this request is known at least so surely and freshly. Raises StepUpNeeded."""
    known = _assurance(request)
    late = max_age is not None and known.age(datetime.now(UTC)) > timedelta(seconds=max_age)
    if known.level < level or late:
        raise StepUpNeeded(level, max_age)


def _assurance(request: Request) -> Assurance:
    """Of the session, or as it was frozen when the token's grant was made."""
    if not isinstance(request.auth, Token):
        assert isinstance(request.user, User), "behind Needs there is a person"
        return assurance_of(request._request, request.user)
    grant = request.auth.link.grant
    return Assurance(LEVELS.get(grant.acr, 1), grant.auth_time, tuple(grant.amr))


def consumer_of(request: Request) -> str:
    """Who asks, the same from token to token: an app for a person, an app alone, or a person at our pages."""
    if isinstance(request.auth, Token):
        return f"app-{request.auth.client_id}-{request.auth.user_id or 'alone'}"
    return f"user-{request.user.pk}" if request.user.is_authenticated else f"address-{request.META.get('REMOTE_ADDR', '')}"


set_override(TokenAuthentication, "suppress_collision_warning", True)  # one scheme, however its tokens are read


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes these tokens, with the scope of each operation."""

    target_class = "accounts.api_tokens.TokenAuthentication"
    match_subclasses = True
    name = "portal"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "openIdConnect",
            "openIdConnectUrl": "/.well-known/openid-configuration",
            "description": "An access token of the portal's own OpenID Connect provider.",
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        needs = next((p for p in auto_schema.view.permission_classes if isinstance(p, type) and issubclass(p, Needs)), None)
        scope = needs.scope_for(auto_schema.method.upper()) if needs else ""
        return {self.name: [scope] if scope else []}
