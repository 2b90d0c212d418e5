"""Signing out: of the portal and of every app of the same session (OpenID Connect RP-Initiated and Back-Channel Logout 1.0)."""

from __future__ import annotations

from typing import Any

import jwt
from allauth.account.adapter import get_adapter as login_hooks
from allauth.idp.oidc.models import Client
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sso import clients, keys
from accounts.sso.authorize import ask_by_get, origin_of, page_language, refuse, single
from accounts.sso.constants import SID
from accounts.sso.protocol import Refused, redirect_with
from accounts.sso.provider import sub_of


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """An app sends the person here to sign out. Without proof that this session is meant, the person is asked."""
    if request.method == "POST" and "jawaban" not in request.POST:  # from another site it comes without our cookie
        return ask_by_get(request, request.path)
    given: dict[str, str] = {}
    try:
        given = single(request.GET)
    except Refused as refused:
        return refuse(request, refused, given)
    client, hint = _meant(given)
    back = given.get("post_logout_redirect_uri", "")
    if client is None or back not in client.get_post_logout_redirect_uris():
        back = ""
    user = request.user
    if isinstance(user, User):
        sure = client is not None and hint is not None and hint.get("sid") == request.session.get(SID)
        sure = sure and client is not None and hint is not None and hint.get("sub") == sub_of(client, user)
        if sure:
            login_hooks().logout(request)
        elif request.POST.get("jawaban") == "keluar":
            return _confirmed(request, back, given)
        else:
            with translation.override(page_language(given)):
                return _ask(request, client, back)
    return _back(back, given)


def _back(uri: str, given: dict[str, str]) -> HttpResponse:
    """To the app's registered address, if it gave one, else home."""
    if not uri:
        return redirect("home")
    response = HttpResponse(status=302)
    response["Location"] = redirect_with(uri, {"state": given.get("state", "")})
    return response


@csrf_protect
def _confirmed(request: HttpRequest, back: str, given: dict[str, str]) -> HttpResponse:
    """The person's own answer to our question, not a form of another site."""
    login_hooks().logout(request)
    return _back(back, given)


def _ask(request: HttpRequest, client: Client | None, back: str) -> HttpResponse:
    response = render(request, "sso/logout.html", {"client": client, "nav": "akun"})
    if back:  # where the form leads in the end: browsers hold `form-action` also against redirects
        response._csp_update = {"form-action": [origin_of(back)]}  # type: ignore[attr-defined]
    return response


def _meant(given: dict[str, str]) -> tuple[Client | None, dict[str, Any] | None]:
    """The app that asks, and what its id_token says, if it is one of ours for this app."""
    hint = given.get("id_token_hint", "")
    name = given.get("client_id", "")
    if hint and not name:
        try:
            name = jwt.decode(hint, options={"verify_signature": False}).get("aud", "")
        except jwt.PyJWTError:
            return None, None
    client = clients.client_of(name)
    if client is None or not hint:
        return client, None
    claims = keys.read_own(hint, audience=client.pk, issuer=clients.issuer())
    return (client, claims) if claims is not None else (None, None)
