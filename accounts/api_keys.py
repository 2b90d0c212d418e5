"""Plain API keys: `Authorization: Bearer lk_PREFIX_SECRET`. Only a digest is stored."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiKey, User

USED_AGAIN = timedelta(minutes=1)  # how exact "last used" is


def create_api_key(user: User, *, label: str) -> str:
    """Make a key and return its only readable copy."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    ApiKey.objects.create(user=user, label=label, prefix=prefix, digest=hashlib.sha256(secret.encode()).hexdigest())
    return f"lk_{prefix}_{secret}"


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, value = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        mark, _, rest = value.strip().partition("_")
        prefix, _, secret = rest.partition("_")
        key = ApiKey.objects.select_related("user").filter(prefix=prefix, revoked_at=None).first() if mark == "lk" else None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if key is None or not hmac.compare_digest(digest, key.digest) or not key.user.is_active:
            raise AuthenticationFailed("The API key is not known or was revoked.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > USED_AGAIN:  # a write a minute, not one a request
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key.user, key


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes these keys."""

    target_class = "accounts.api_keys.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of the portal: `lk_PREFIX_SECRET`."}
