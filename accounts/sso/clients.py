"""Apps: how one proves who it is at our token address, and how one is registered.

Exactly one way a request: HTTP Basic, the form's secret, or a signed assertion (`private_key_jwt`, RFC 7523). An app with keys
may not use a secret. Secrets are made by us from 256 random bits, so a plain digest is enough: a slow hash would cost half a
second of CPU for each wrong guess and tell by its time which client exists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import jwt
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.sso.grants import end_families
from accounts.sso.models import ClientProfile, Grant, UsedAssertion

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "ES512")
ASSERTION_LIVES = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(seconds=30)
LONGEST = 8_000

SCOPES = ("openid", "profile", "email", "phone", "nik", "cases:read", "cases:write", "profile:read")
CLIENT_SCOPES = ("connections:read", "connections:write", "events:read")  # of a department's own programs, no person


class RegistrationError(ValueError):
    """What is wrong with an app that is to be registered, in words."""


def stored_secret(secret: str) -> str:
    return "sha256$" + hashlib.sha256(secret.encode()).hexdigest()


def client_of(client_id: Any) -> Client | None:
    """An approved app by its id."""
    if not isinstance(client_id, str) or not 1 <= len(client_id) <= 100 or not client_id.isascii() or "\0" in client_id:
        return None
    return Client.objects.filter(pk=client_id, profile__is_approved=True).select_related("profile").first()


def authenticate(headers: Mapping[str, str], form: Mapping[str, str | None], *, audiences: Sequence[str]) -> Client | None:
    """The app that proved itself in exactly one way, or None.

    headers: with `Authorization`, if any. form: the decoded body. audiences: our issuer and the address asked.
    """
    basic = headers.get("Authorization", "")
    ways = [bool(basic), bool(form.get("client_secret")), bool(form.get("client_assertion"))]
    if sum(ways) != 1:
        return None
    if ways[2]:
        return _by_assertion(form, audiences)
    client_id, secret = _basic(basic) if ways[0] else (form.get("client_id") or "", form.get("client_secret") or "")
    if ways[0] and form.get("client_id") not in (None, "", client_id):
        return None
    client = client_of(client_id)
    # The same work whether the app exists or not.
    known = client.secret if client is not None and client.type == Client.Type.CONFIDENTIAL else stored_secret("")
    right = hmac.compare_digest(known, stored_secret(secret))
    if client is None or not right or not secret or client.profile.jwks:
        return None
    return client


def public_client(client_id: Any) -> Client | None:
    """An app that cannot keep a secret names itself only; what protects it is PKCE."""
    client = client_of(client_id)
    return client if client is not None and client.type == Client.Type.PUBLIC else None


def _basic(header: str) -> tuple[str, str]:
    """Both halves are form-encoded (RFC 6749, 2.3.1)."""
    scheme, _space, value = header.partition(" ")
    if scheme.lower() != "basic" or len(value) > LONGEST:
        return "", ""
    try:
        name, _colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _by_assertion(form: Mapping[str, str | None], audiences: Sequence[str]) -> Client | None:
    assertion = form.get("client_assertion") or ""
    if form.get("client_assertion_type") != ASSERTION_TYPE or len(assertion) > LONGEST:
        return None
    try:
        said = jwt.decode(assertion, options={"verify_signature": False})
        client = client_of(said.get("sub"))
        if client is None or not client.profile.jwks or form.get("client_id") not in (None, "", client.pk):
            return None
        key = _key_for(client.profile.jwks, jwt.get_unverified_header(assertion))
        claims = jwt.decode(
            assertion,
            key,
            algorithms=list(ASSERTION_ALGORITHMS),
            audience=list(audiences),
            issuer=client.pk,
            leeway=CLOCKS_DIFFER,
            options={"require": ["exp", "iat", "jti", "sub", "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    latest, jti = datetime.now(UTC) + ASSERTION_LIVES + CLOCKS_DIFFER, claims["jti"]
    if claims["exp"] > latest.timestamp() or not isinstance(jti, str) or not 1 <= len(jti) <= 200 or not jti.isascii():
        return None
    until = datetime.fromtimestamp(claims["exp"], UTC)
    try:
        with transaction.atomic():
            digest = hashlib.sha256(jti.encode()).hexdigest()
            UsedAssertion.objects.create(client=client, digest=digest, expires_at=until + CLOCKS_DIFFER)
    except IntegrityError:
        return None
    return client


def _key_for(jwks: Mapping[str, Any], header: Mapping[str, Any]) -> Any:
    """The app's key that the header names, of the kind that its algorithm needs. Raises ValueError."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ASSERTION_ALGORITHMS:
        raise ValueError("algorithm")
    for row in jwks.get("keys", []):
        if (kid is None or row.get("kid") == kid) and row.get("kty") == ("EC" if str(algorithm).startswith("ES") else "RSA"):
            return jwt.PyJWK.from_dict(row, algorithm=str(algorithm)).key
    raise ValueError("key")


def check_address(uri: str, *, public: bool) -> None:
    """A redirect address is exact and cannot be read by a stranger on the way. Raises RegistrationError.

    https, or http on this very machine, or, for a programme on a phone, its own scheme with a dot (RFC 8252).
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise RegistrationError(f"{uri}: not an address") from None
    plain = uri.isascii() and uri.isprintable() and " " not in uri and "\\" not in uri and len(uri) <= 2000
    if not plain or "#" in uri or "*" in uri or "@" in parts.netloc:
        raise RegistrationError(f"{uri}: an exact address without #, *, @, spaces and signs beyond ASCII")
    home = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and home):
        return
    if public and "." in parts.scheme and parts.scheme not in ("http", "https"):
        return
    raise RegistrationError(f"{uri}: https://..., or http:// on 127.0.0.1, or (public app) a scheme with a dot")


@transaction.atomic
def register(
    client_id: str,
    name: str,
    *,
    public: bool = False,
    secret: str = "",
    redirect_uris: Sequence[str] = (),
    post_logout_redirect_uris: Sequence[str] = (),
    scopes: Sequence[str] = ("openid",),
    grants: Sequence[str] = ("authorization_code", "refresh_token"),
    department: str = "",
    purpose: str,
    purpose_en: str = "",
    sector: str = "",
    min_level: int = 1,
    jwks: Mapping[str, Any] | None = None,
    backchannel_logout_uri: str = "",
    address: str = "",
    service: str = "",
    link_uri: str = "",
    approved: bool = True,
) -> tuple[Client, str]:
    """Make or change an app. Returns it and its new secret ("" when it has none, keeps its own or uses keys).

    Raises RegistrationError.
    """
    for uri in [*redirect_uris, *post_logout_redirect_uris]:
        check_address(uri, public=public)
    if backchannel_logout_uri:
        check_address(backchannel_logout_uri, public=False)
    if link_uri:
        check_address(link_uri, public=False)
    if unknown := set(scopes) - {*SCOPES, *CLIENT_SCOPES}:
        raise RegistrationError(f"unknown scopes: {', '.join(sorted(unknown))}")
    if unknown := set(grants) - {"authorization_code", "refresh_token", "client_credentials"}:
        raise RegistrationError(f"unknown grants: {', '.join(sorted(unknown))}")
    if public and "client_credentials" in grants:
        raise RegistrationError("a public app cannot have client_credentials")
    if "authorization_code" in grants and not redirect_uris:
        raise RegistrationError("an app that people sign in to needs a redirect address")
    if not purpose:
        raise RegistrationError("say what the data is used for: people read it when they are asked")
    for row in (jwks or {}).get("keys", []):
        if not isinstance(row, dict) or row.get("kty") not in ("RSA", "EC") or "d" in row:
            raise RegistrationError("jwks: public RSA or EC keys only")
    client = Client.objects.filter(pk=client_id).first() or Client(pk=client_id, secret="")
    _end_what_is_too_much(client, scopes, min_level)
    made = ""
    client.name, client.type = name, Client.Type.PUBLIC if public else Client.Type.CONFIDENTIAL
    if public or jwks:
        client.secret = ""
    elif secret or not client.secret:
        made = secret or secrets.token_urlsafe(32)
        client.secret = stored_secret(made)
    client.set_redirect_uris(list(redirect_uris))
    client.set_post_logout_redirect_uris(list(post_logout_redirect_uris))
    client.set_scopes(list(scopes))
    client.set_grant_types(list(grants))
    client.set_response_types(["code"])
    client.allow_uri_wildcards = client.skip_consent = False
    client.save()
    host = urlsplit(redirect_uris[0]).netloc if redirect_uris else client_id
    ClientProfile.objects.update_or_create(
        client=client,
        defaults={
            "department": department,
            "purpose": purpose,
            "purpose_en": purpose_en,
            "is_approved": approved,
            "sector": sector or host or client_id,
            "min_level": min_level,
            "jwks": dict(jwks or {}),
            "backchannel_logout_uri": backchannel_logout_uri,
            "address": address,
            "service": service,
            "link_uri": link_uri,
        },
    )
    return client, made


def _end_what_is_too_much(client: Client, scopes: Sequence[str], min_level: int) -> None:
    """Who signed in under wider scopes or a lower level signs in anew; nothing is told under what was taken away."""
    profile = ClientProfile.objects.filter(pk=client.pk).first()
    gone = set(client.get_scopes()) - set(scopes) if profile is not None else set()
    if profile is not None and (gone or min_level > profile.min_level):
        _end_all(client)


def _end_all(client: Client) -> None:
    """Nothing that this app holds, of a person or of its own, is worth anything from now on."""
    end_families(Grant.objects.filter(client=client, revoked_at=None).values_list("pk", flat=True))
    Token.objects.filter(client=client, type=Token.Type.ACCESS_TOKEN).delete()


def app_of_service(code: str) -> ClientProfile | None:
    """The approved app whose tile a service is: it signs people in with their account of the portal."""
    return ClientProfile.objects.filter(service=code, is_approved=True).exclude(address="").first()


def approve(client: Client) -> None:
    ClientProfile.objects.filter(pk=client.pk).update(is_approved=True)


def withdraw_approval(client: Client) -> None:
    """The app does not exist any more for anybody, and nothing that it holds is worth anything."""
    with transaction.atomic():
        ClientProfile.objects.filter(pk=client.pk).update(is_approved=False)
        _end_all(client)


def new_secret(client: Client) -> str:
    """Its only readable copy; the old one is worth nothing from now on."""
    made = secrets.token_urlsafe(32)
    Client.objects.filter(pk=client.pk).update(secret=stored_secret(made))
    return made


def issuer() -> str:
    return str(settings.PUBLIC_URL)
