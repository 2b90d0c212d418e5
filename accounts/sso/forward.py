"""Forward-auth: old apps that cannot speak OpenID Connect, behind an nginx that asks the portal who is there (`auth_request`).

The portal is the app's OpenID Connect client as well as its provider: one sign-in, consent, level, access log and sign-out for
new and old apps. The app's nginx proves itself by the app's secret (HTTP Basic) and hands over four addresses of the app's own
host: check (asked for every request), start and callback (the way to the sign-in and back). What lies in the person's browser
there is a random name of a `ForwardSession`, worth nothing at any other app and nothing at the API.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.access_log import record_access
from accounts.assurance import ACR, FRESH
from accounts.sso import clients, grants
from accounts.sso.endings import used
from accounts.sso.models import ForwardSession, Grant
from accounts.sso.provider import claims_of

SESSION_LIVES = timedelta(hours=12)
WAY_LIVES = timedelta(minutes=30)  # a sign-in that takes longer begins again
CALLBACK_PATH = "/_portal/kembali"
LONGEST_PATH = 1_500
_SALT = "accounts.sso.forward"
_NOTE_SECONDS = 300  # how often the use of an app counts for the portal's own session
# What the app's nginx is told, by claim. Percent-encoded UTF-8: a header carries no other letters.
HEADERS = {
    "sub": "X-Portal-Subject",
    "name": "X-Portal-Name",
    "email": "X-Portal-Email",
    "phone_number": "X-Portal-Phone",
    "nik": "X-Portal-NIK",
    "linked_account": "X-Portal-Account",
}
View = Callable[[HttpRequest, Client], HttpResponse]


def _name(plain: str) -> str:
    """Of a cookie: bound to the app's host where there is TLS."""
    return f"__Host-{plain}" if settings.SESSION_COOKIE_SECURE else plain


def for_the_app_s_proxy(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """Only the app's own nginx comes in, by the app's id and secret."""

    @csrf_exempt
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        given = {"Authorization": request.headers.get("Authorization", "")}
        client = clients.authenticate(given, {}, audiences=[])
        if client is None:
            response = JsonResponse({"error": "invalid_client"}, status=403)
        elif not callback_of(client):
            text = f"Register https://HOST{CALLBACK_PATH} as a redirect address of this app."
            response = JsonResponse({"error": "unauthorized_client", "error_description": text}, status=403)
        else:
            return view(request, client)
        return response

    return guarded


def callback_of(client: Client) -> str:
    """The app's address to which its people come back; "" when none is registered."""
    return next((uri for uri in client.get_redirect_uris() if urlsplit(uri).path == CALLBACK_PATH), "")


# --- is somebody there? ---------------------------------------------------------------------------------------------


@for_the_app_s_proxy
@require_safe
def check(request: HttpRequest, client: Client) -> HttpResponse:
    """204 with who it is, or 401. Asked by nginx for every request of the app; changes nothing."""
    session = session_of(client, request.COOKIES.get(_name("pintu"), ""))
    if session is None:
        response = HttpResponse(status=401)
        response["WWW-Authenticate"] = 'Portal realm="oidc"'
        return response
    grant = session.grant
    if cache.add(f"forward:{session.pk}", 1, _NOTE_SECONDS):
        used(grant)
    response = HttpResponse(status=204)
    for name, value in headers_of(grant).items():
        response[name] = value
    return response


def session_of(client: Client, value: str) -> ForwardSession | None:
    """A living session of this app. It ends with the sign-on it came from, with the consent, and with the account."""
    if not 20 <= len(value) <= 100 or not value.isascii():
        return None
    now = timezone.now()
    found = (
        ForwardSession.objects.filter(digest=grants.digest_of(value), grant__client=client, expires_at__gt=now)
        .filter(grant__revoked_at=None, grant__expires_at__gt=now, grant__user__is_active=True)
        .select_related("grant__user", "grant__client__profile")
        .first()
    )
    if found is not None and client.profile.min_level >= 3 and now - found.grant.auth_time > FRESH:
        return None
    return found


def headers_of(grant: Grant) -> dict[str, str]:
    claims: Mapping[str, Any] = claims_of(grant.client, grant.user, grant.scope_list())
    told = {header: quote(str(claims[claim]), safe=" @+.,'-") for claim, header in HEADERS.items() if claims.get(claim)}
    return told | {"X-Portal-Level": grant.acr.rpartition(":")[2]}


# --- the way to the sign-in and back --------------------------------------------------------------------------------


@for_the_app_s_proxy
def start(request: HttpRequest, client: Client) -> HttpResponse:
    """Nobody is there: a page is led to the sign-in and will come back to where it was; a script or a form gets 401."""
    if not _is_navigation(request):
        return JsonResponse(
            {"error": "login_required", "error_description": "Load a page of the app to sign in."}, status=401
        )
    browser = request.COOKIES.get(_name("pintu-masuk"), "")
    if not 20 <= len(browser) <= 100:
        browser = secrets.token_urlsafe(32)
    state = signing.dumps(
        {"app": client.pk, "back": _own_path(request), "browser": grants.digest_of(browser), "n": secrets.token_urlsafe(9)},
        salt=_SALT,
    )
    asked = {
        "response_type": "code",
        "client_id": client.pk,
        "redirect_uri": callback_of(client),
        "scope": " ".join(sorted(set(client.get_scopes()) - {"cases:read", "cases:write", "profile:read"})),
        "state": state,
        "code_challenge": _challenge(_verifier(state)),
        "code_challenge_method": "S256",
        "acr_values": ACR[client.profile.min_level],
    }
    response = _away(f"{clients.issuer()}{reverse('oidc-authorize')}?{urlencode(asked)}")
    _set(response, "pintu-masuk", browser, WAY_LIVES)
    return response


@for_the_app_s_proxy
@require_safe
def callback(request: HttpRequest, client: Client) -> HttpResponse:
    """The person comes back with a code: their session at this app begins."""
    state, browser = request.GET.get("state", ""), request.COOKIES.get(_name("pintu-masuk"), "")
    try:
        way = signing.loads(state, salt=_SALT, max_age=WAY_LIVES)
    except signing.BadSignature:
        return _refused(client, "state", "/")
    mine = way["app"] == client.pk and hmac.compare_digest(way["browser"], grants.digest_of(browser))
    if not mine or request.GET.get("iss") != clients.issuer():
        return _refused(client, "state", "/")
    if error := request.GET.get("error", ""):
        return _refused(client, error, way["back"])
    with transaction.atomic():
        grant = grants.redeem_code(client, request.GET.get("code", ""))
        right = grant is not None and grant.redirect_uri == callback_of(client)
        if grant is None or not right or grant.challenge != _challenge(_verifier(state)):
            return _refused(client, "code", way["back"])
        value, now = secrets.token_urlsafe(32), timezone.now()
        ForwardSession.objects.create(
            digest=grants.digest_of(value), grant=grant, expires_at=min(now + SESSION_LIVES, grant.expires_at)
        )
        told = sorted(headers_of(grant).keys() - {"X-Portal-Subject", "X-Portal-Level"})
        if told:
            record_access(
                grant.user,
                actor=client.name,
                actor_department=client.profile.department,
                action="sso.forward",
                data=", ".join(name.removeprefix("X-Portal-").lower() for name in told),
                purpose=client.profile.purpose,
            )
    response = _away(way["back"])
    _set(response, "pintu", value, SESSION_LIVES)
    return response


@for_the_app_s_proxy
@require_safe
def leave(request: HttpRequest, client: Client) -> HttpResponse:
    """To the portal's own sign-out, which ends the session here and every other of the same sign-on."""
    home = callback_of(client).removesuffix(CALLBACK_PATH) + "/"
    asked = {"client_id": client.pk}
    if home in client.get_post_logout_redirect_uris():
        asked["post_logout_redirect_uri"] = home
    return _away(f"{clients.issuer()}{reverse('oidc-logout')}?{urlencode(asked)}")


def _is_navigation(request: HttpRequest) -> bool:
    if request.headers.get("X-Original-Method", "GET") not in ("GET", "HEAD"):
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    return mode == "navigate" if mode else "text/html" in request.headers.get("Accept", "")


def _own_path(request: HttpRequest) -> str:
    """Where the person was going at the app; its home when that is in any doubt."""
    path = request.headers.get("X-Original-URI", "")
    plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    if not plain or not path.startswith("/") or path.startswith(("//", "/_portal")) or len(path) > LONGEST_PATH:
        return "/"
    return path


def _verifier(state: str) -> str:
    """PKCE, without a memory: nobody else can compute it for a state that we signed."""
    return salted_hmac(_SALT, state, algorithm="sha256").hexdigest()


def _challenge(verifier: str) -> str:
    """PKCE S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _away(address: str) -> HttpResponse:
    response = HttpResponse(status=302)
    response["Location"] = address
    response["Referrer-Policy"] = "no-referrer"
    return response


def _set(response: HttpResponse, name: str, value: str, lives: timedelta) -> None:
    response.set_cookie(
        _name(name),
        value,
        max_age=int(lives.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _refused(client: Client, why: str, back: str) -> HttpResponse:
    """A page on the app's host, where none of our files are: nothing but text."""
    facts = {"client": client, "why": why, "back": back, "portal": clients.issuer()}
    return render(None, "sso/forward_refused.html", facts, status=403)
