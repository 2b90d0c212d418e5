"""Sign-in upstream: a national identity provider by OpenID Connect, through allauth. It says whose NIK it is.

Issuer, client, scopes, claims and the levels that count are settings (`NATIONAL_ID_*`). What allauth's stock provider leaves open is
closed here: a nonce of ours, no parameters of the visitor's, our proof by a signed assertion, the id_token verified by the
provider's keys, its `acr` and age judged, every call through our own guarded transport.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.access_log import record_access
from accounts.factors.rules import renew_key
from accounts.models import AssuranceLevel, User
from accounts.sso.clients import ASSERTION_ALGORITHMS
from portal.lib.crypto import blind_index
from portal.lib.http import CallError, Limits, NetworkPolicy, Request, call

LIMITS = Limits(body_bytes=256 * 1024, connect_seconds=3.0)
DEADLINE_SECONDS = 8.0
CONFIGURATION_SECONDS = 3600
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOO_OLD_SECONDS = 900  # a sign-in there that is to verify a NIK here


class Refused(Exception):
    """The provider's answer is not taken; `reason` is a word for the page and the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Answer:
    """What allauth reads of an answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status_code, self.content, self.text = status, body, body.decode("utf-8", "replace")
        self.headers = {"content-type": headers.get("content-type", "application/json")}

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise OAuth2Error("not JSON") from error

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OAuth2Error(f"answered {self.status_code}")


class GuardedSession:
    """The few calls that allauth makes, through the one way out. Raises OAuth2Error."""

    def __enter__(self) -> GuardedSession:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> _Answer:
        return self.request("GET", url, headers=headers)

    def request(
        self, method: str, url: str, *, data: Any = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> _Answer:
        policy = NetworkPolicy.of(settings.ADAPTER_ALLOWED_NETWORKS, allow_http=settings.ADAPTER_ALLOW_HTTP)
        sent = {"Accept": "application/json", **(headers or {})}
        body = None
        if data is not None:
            body, sent["Content-Type"] = urlencode(data).encode(), "application/x-www-form-urlencoded"
        try:
            answer = call(
                Request(method, url, headers=sent, body=body),
                policy=policy,
                fresh=body is not None,
                deadline_seconds=DEADLINE_SECONDS,
                limits=LIMITS,
            )
        except CallError as error:
            raise OAuth2Error(str(error.cause)) from error
        return _Answer(answer.status, answer.headers, answer.body)


class _Client(OAuth2Client):
    """Proves who we are by a signed assertion when there is a key, else by the secret."""

    def get_access_token(self, code: str, pkce_code_verifier: str | None = None, extra_data: Any = None) -> Any:
        if settings.NATIONAL_ID_KEY:
            now = int(time.time())
            claims = {
                "iss": self.consumer_key,
                "sub": self.consumer_key,
                "aud": settings.NATIONAL_ID_AUDIENCE or self.access_token_url,
                "iat": now,
                "exp": now + ASSERTION_SECONDS,
                "jti": secrets.token_urlsafe(24),
            }
            assertion = jwt.encode(
                claims, settings.NATIONAL_ID_KEY, settings.NATIONAL_ID_KEY_ALGORITHM, headers={"kid": key_id()}
            )
            extra_data = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return super().get_access_token(code, pkce_code_verifier, extra_data)


def public_keys() -> dict[str, Any]:
    """Our own public key for the provider (JWKS), empty when we use a secret."""
    if not settings.NATIONAL_ID_KEY:
        return {"keys": []}
    return {"keys": [{**_public(), "kid": key_id(), "use": "sig", "alg": settings.NATIONAL_ID_KEY_ALGORITHM}]}


def key_id() -> str:
    """A name of the key made from itself."""
    return hashlib.sha256(json.dumps(_public(), sort_keys=True).encode()).hexdigest()[:16]


def _public() -> dict[str, Any]:
    algorithm = jwt.get_algorithm_by_name(settings.NATIONAL_ID_KEY_ALGORITHM)
    private: Any = algorithm.prepare_key(settings.NATIONAL_ID_KEY)
    found = algorithm.to_jwk(private.public_key())
    parsed: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return parsed


class _Adapter(OpenIDConnectOAuth2Adapter):
    client_class = _Client
    basic_auth = False

    @property
    def openid_config(self) -> dict[str, Any]:
        """Discovery, kept for an hour. Raises OAuth2Error."""
        url = self.get_provider().server_url
        key = f"national-id:{url}"
        found: dict[str, Any] | None = cache.get(key)
        if found is None:
            answer = GuardedSession().get(url)
            answer.raise_for_status()
            found = answer.json()
            if not isinstance(found, dict) or found.get("issuer") != settings.NATIONAL_ID_ISSUER:
                raise OAuth2Error("another issuer")
            cache.set(key, found, CONFIGURATION_SECONDS)
        return found

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return str(settings.PUBLIC_URL) + reverse("national-callback")

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """With the signature of the id_token verified by the provider's keys, although it came over TLS."""
        self.did_fetch_access_token = False
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no id_token")
        return super().complete_login(request, app, token, **kwargs)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """By an algorithm of our list, whatever the token says of itself."""
        try:
            header = jwt.get_unverified_header(id_token)
            if header.get("alg") not in ASSERTION_ALGORITHMS:
                raise OAuth2Error("algorithm")
            found: dict[str, Any] = super()._decode_id_token(app, id_token)
        except (jwt.PyJWTError, LookupError, TypeError, ValueError) as error:
            raise OAuth2Error("id_token") from error
        return found


class NationalProvider(OpenIDConnectProvider):
    package = "allauth.socialaccount.providers.openid_connect"
    oauth2_adapter_class = _Adapter
    pkce_enabled_default = True

    def get_callback_url(self) -> str:
        return reverse("national-callback")

    def get_auth_params_from_request(self, request: HttpRequest, action: Any) -> dict[str, str]:
        return dict(self.get_auth_params())

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**self.get_auth_params(), "nonce": nonce}
        if process == AuthProcess.REDIRECT:
            kwargs["auth_params"] |= {"prompt": "login", "max_age": "0"}
        response: HttpResponse = super().redirect(request, process, next_url, data, nonce=nonce, **kwargs)
        return response


def claims_of(login: SocialLogin) -> dict[str, Any]:
    """What the provider says, judged. Raises Refused."""
    token = login.account.extra_data.get("id_token") or {}
    info = login.account.extra_data.get("userinfo") or {}
    if not token or not secrets.compare_digest(str(token.get("nonce", "")), str(login.state.get("nonce", "-"))):
        raise Refused("nonce")
    if info and info.get("sub") != token.get("sub"):
        raise Refused("subject")
    if settings.NATIONAL_ID_ACR and token.get("acr") not in settings.NATIONAL_ID_ACR:
        raise Refused("level")
    if (
        login.state.get("process") == AuthProcess.REDIRECT
        and time.time() - int(token.get("auth_time") or 0) > TOO_OLD_SECONDS
    ):
        raise Refused("age")
    return {**info, **token}


def raise_level(user: User, login: SocialLogin, claims: Mapping[str, Any]) -> None:
    """This person's NIK is verified from now on, by this provider's account of theirs and no other. Raises Refused."""
    nik = str(claims.get(settings.NATIONAL_ID_NIK_CLAIM, ""))
    if not (nik.isascii() and nik.isdigit() and len(nik) == 16):
        raise Refused("nik")
    if user.nik and user.nik != nik and user.assurance_level >= AssuranceLevel.NIK_VERIFIED:
        raise Refused("other_nik")
    index = blind_index(nik, purpose="nik")
    if User.objects.filter(nik_index=index).exclude(pk=user.pk).exists():
        raise Refused("taken")
    uid, provider = login.account.uid, login.account.provider
    known = SocialAccount.objects.filter(provider=provider, uid=uid).first()
    if known is not None and known.user_id != user.pk:
        raise Refused("taken")
    try:
        with transaction.atomic():
            record_access(user, actor=settings.NATIONAL_ID_NAME, action="nik.verified", data="NIK", purpose="Verifikasi NIK")
            # Nothing of what the provider said is kept but whose account it is.
            SocialAccount.objects.update_or_create(provider=provider, uid=uid, defaults={"user": user, "extra_data": {}})
            user.nik, user.nik_index, user.assurance_level = nik, index, AssuranceLevel.NIK_VERIFIED
            user.save(update_fields=["nik", "nik_index", "assurance_level"])
    except IntegrityError as error:
        raise Refused("taken") from error


class SocialHooks(DefaultSocialAccountAdapter):
    """allauth asks here before anybody is signed in by an upstream provider."""

    def get_requests_session(self) -> GuardedSession:
        return GuardedSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False  # an account is made here first, with an address that was confirmed; then it is linked

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> User:
        """Nobody is made from what the provider says."""
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        try:
            claims = claims_of(sociallogin)
            if sociallogin.state.get("process") == AuthProcess.REDIRECT:
                if not isinstance(request.user, User) or sociallogin.state.get("data") != request.user.public_id:
                    raise Refused("session")
                raise_level(request.user, sociallogin, claims)
                _remember(request, sociallogin)
            elif not sociallogin.is_existing:
                raise Refused("unknown")
        except Refused as refused:
            raise ImmediateHttpResponse(failed(request, refused.reason)) from refused

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        raise ImmediateHttpResponse(failed(request, "cancelled" if error == AuthError.CANCELLED else "error"))


def _remember(request: HttpRequest, login: SocialLogin) -> None:
    """A proof in the session, as any other way of signing in leaves one."""
    records = list(request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, []))
    record = {"method": "socialaccount", "at": time.time(), "provider": login.account.provider, "uid": login.account.uid}
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [*records, record]
    renew_key(request)


def failed(request: HttpRequest, reason: str) -> HttpResponse:
    status = 200 if reason == "cancelled" else 409 if reason in ("taken", "other_nik") else 400
    return render(request, "sso/national_failed.html", {"reason": reason, "name": settings.NATIONAL_ID_NAME}, status=status)
