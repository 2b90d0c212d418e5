"""The doors of the provider: authorization, token, revocation, introspection, userinfo, discovery (OpenID Connect Core 1.0,
RFC 6749, 7009, 7662, 8414, 9207, 9700)."""

from __future__ import annotations

import json
import secrets
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client as App
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import assurance
from accounts.access_log import record_access
from accounts.models import User
from accounts.sso import clients, grants, keys
from accounts.sso.constants import SID, TARGET
from accounts.sso.endings import note_sign_on
from accounts.sso.models import Consent
from accounts.sso.protocol import PROMPTS, Asked, Refused, answer, check_authorization, redirect_with
from accounts.sso.provider import claims_of, sub_of
from portal.lib import languages

LONGEST_VALUE = 4_000
MOST_PARAMETERS = 50


def single(given: QueryDict) -> dict[str, str]:
    """The parameters, each once. Raises Refused for a doubled one, or for what no app sends."""
    found: dict[str, str] = {}
    for name, values in given.lists():
        if len(values) > 1 and name != "resource":
            raise Refused("invalid_request", "A parameter is given twice.")
        value = str(values[0])
        if len(name) > 100 or len(value) > LONGEST_VALUE or "\0" in name + value or len(found) >= MOST_PARAMETERS:
            raise Refused("invalid_request", "A parameter is too long or holds a sign that cannot be read.")
        found[name] = value
    return found


def address_of(query: dict[str, str]) -> str:
    """Where this authorization request is asked again."""
    return f"{reverse('oidc-authorize')}?{urlencode(query)}"


def page_language(query: dict[str, str]) -> str:
    wanted = query.get("ui_locales", "").split()
    return next((tag[:2].lower() for tag in wanted if tag[:2].lower() in languages.CODES), languages.DEFAULT)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The person is sent here by an app. Ends at the app's registered address, or, when that is in doubt, on a page."""
    if request.method == "POST":  # from another site it comes without our cookie: ask again by GET
        return ask_by_get(request, reverse("oidc-authorize"))
    query: dict[str, str] = {}
    try:
        query = single(request.GET)
        asked = check_authorization(clients.issuer() + address_of(query), query)
    except Refused as refused:
        return refuse(request, refused, query)
    return decide(request, asked, query)


def ask_by_get(request: HttpRequest, path: str) -> HttpResponse:
    """The same parameters by GET; what no app sends is not led on."""
    try:
        return redirect(f"{path}?{urlencode(single(request.POST))}")
    except Refused as refused:
        return refuse(request, refused, {})


def refuse(request: HttpRequest, refused: Refused, query: dict[str, str]) -> HttpResponse:
    if refused.redirect_uri:
        parameters = {"error": refused.code, "error_description": refused.text, "state": refused.state}
        return _to_app(refused.redirect_uri, parameters)
    with translation.override(page_language(query)):
        return render(request, "sso/refused.html", {"code": refused.code, "text": refused.text}, status=400)


def tell(asked: Asked, error: str, text: str = "") -> HttpResponse:
    return _to_app(asked.redirect_uri, {"error": error, "error_description": text, "state": asked.state})


def _to_app(redirect_uri: str, parameters: dict[str, str]) -> HttpResponse:
    """302 to an address that is registered, of whatever scheme. With `iss` (RFC 9207), in errors too."""
    response = HttpResponse(status=302)
    response["Location"] = redirect_with(redirect_uri, {**parameters, "iss": clients.issuer()})
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def decide(request: HttpRequest, asked: Asked, query: dict[str, str], *, agreed: bool = False) -> HttpResponse:
    """Everything that stands between a valid request and a code: who is here, how surely, and do they agree."""
    back, user, silent = address_of(query), request.user, "none" in asked.prompt
    if silent and len(asked.prompt) > 1:
        return tell(asked, "invalid_request", "prompt=none stands alone.")
    if not isinstance(user, User):
        if silent:
            return tell(asked, "login_required")
        _remember_target(request, asked)
        assurance.sent_away(request, back)  # the sign-in that follows is the fresh one that `prompt` or `max_age` may want
        login = languages.path_in(page_language(query), reverse("account_login"))
        return redirect(f"{login}?{urlencode({'next': back})}")
    if asked.id_token_hint:
        hint = keys.read_own(asked.id_token_hint, audience=asked.client.pk, issuer=clients.issuer())
        if hint is None or hint.get("sub") != sub_of(asked.client, user):
            return tell(asked, "login_required", "Somebody else is signed in.")
    level = assurance.wanted_level(asked.acr_values, asked.client.profile.min_level)
    if silent and not assurance.suffices(request, user, level=level, max_age=asked.max_age):
        return tell(asked, "login_required")
    if not assurance.reachable(user, level):
        upstream = "" if silent or level > 2 else assurance.national_sign_in(back)
        if upstream:
            _remember_target(request, asked)
            return redirect(upstream)
        assurance.arrived(request)
        return tell(asked, "unmet_authentication_requirements", "The account does not reach this level.")
    if not silent:
        away = assurance.step_up(request, user, back, level=level, max_age=asked.max_age, force="login" in asked.prompt)
        if away:
            _remember_target(request, asked)
            return redirect(away)
    allowed = Consent.objects.filter(user=user, client=asked.client).first()
    covered = allowed is not None and set(asked.scopes) <= allowed.scope_set() and _is_assured(asked)
    if not agreed and (not covered or asked.prompt & {"consent", "select_account"}):
        if silent:
            return tell(asked, "consent_required")
        _remember_target(request, asked)
        page = languages.path_in(page_language(query), reverse("sso-consent"))
        return redirect(f"{page}?{urlencode(query)}")
    return _with_code(request, user, asked)


def _is_assured(asked: Asked) -> bool:
    """Is it surely this app that gets the code? Any program on a device may listen on it or claim another's scheme, and a
    public app proves nothing afterwards: there the person agrees each time (RFC 8252, 8.6)."""
    return asked.client.type == App.Type.CONFIDENTIAL or urlsplit(asked.redirect_uri).scheme == "https"


def _with_code(request: HttpRequest, user: User, asked: Asked) -> HttpResponse:
    known = assurance.assurance_of(request, user)
    if SID not in request.session:
        request.session[SID] = secrets.token_urlsafe(24)
        note_sign_on(request)
    signed_in = grants.SignedIn(request.session[SID], known.acr, known.amr, known.auth_time)
    code = grants.issue_code(
        asked.client,
        user,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        nonce=asked.nonce,
        scopes=asked.scopes,
        signed_in=signed_in,
    )
    assurance.arrived(request)
    request.session.pop(TARGET, None)
    return _to_app(asked.redirect_uri, {"code": code, "state": asked.state})


def _remember_target(request: HttpRequest, asked: Asked) -> None:
    """Browsers hold `form-action` also against the redirects after a form: sign-in, second factor and consent end at the app."""
    request.session[TARGET] = origin_of(asked.redirect_uri)


def origin_of(uri: str) -> str:
    """As a content security policy names it."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


# --- for programs ---------------------------------------------------------------------------------------------------


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    return _engine(request, "token")


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    return _engine(request, "revocation")


@csrf_exempt
@require_POST
def introspect(request: HttpRequest) -> HttpResponse:
    return _engine(request, "introspect")


def _engine(request: HttpRequest, endpoint: str) -> HttpResponse:
    problem, headers = "", dict[str, str]()
    if request.content_type != "application/x-www-form-urlencoded":
        problem = "Send application/x-www-form-urlencoded."
    elif request.GET:
        problem = "Send the parameters in the body."
    else:
        try:
            form = single(request.POST)
        except Refused as refused:
            problem = refused.text
    if problem:
        body, status = json.dumps({"error": "invalid_request", "error_description": problem}), 400
    else:
        credentials = {"Authorization": request.headers.get("Authorization", "")}
        headers, body, status = answer(endpoint, clients.issuer() + request.path, credentials, list(form.items()))
    response = HttpResponse(body, status=status, content_type="application/json")
    for name, value in headers.items():
        if name.lower() not in ("content-type", "www-authenticate"):
            response[name] = value
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="oidc", charset="UTF-8"'
    response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
    return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """The claims that the person allowed. What is told is written down first, for the person to read."""
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    found = grants.access_token(value.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        return _unauthorized(401, "invalid_token" if scheme else "")
    if not isinstance(found.user, User) or "openid" not in found.get_scopes():
        return _unauthorized(403, "insufficient_scope", scope="openid")
    assert found.client is not None
    profile = found.client.profile
    with transaction.atomic():
        claims = claims_of(found.client, found.user, found.get_scopes())
        told = sorted(set(claims) - {"sub"})
        if told:
            record_access(
                found.user,
                actor=found.client.name,
                actor_department=profile.department,
                action="sso.userinfo",
                data=", ".join(told),
                purpose=profile.purpose,
            )
    response = JsonResponse(claims)
    response["Cache-Control"] = "no-store"
    return response


def _unauthorized(status: int, error: str, **facts: str) -> HttpResponse:
    response = JsonResponse({"error": error or "invalid_request"}, status=status)
    parts = [
        'realm="oidc"',
        *([f'error="{error}"'] if error else []),
        *(f'{name}="{value}"' for name, value in facts.items()),
    ]
    response["WWW-Authenticate"] = "Bearer " + ", ".join(parts)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def discovery(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 1.0: exactly what exists."""

    def at(name: str) -> str:
        return clients.issuer() + reverse(name)

    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    response = JsonResponse(
        {
            "issuer": clients.issuer(),
            "authorization_endpoint": at("oidc-authorize"),
            "token_endpoint": at("oidc-token"),
            "userinfo_endpoint": at("oidc-userinfo"),
            "jwks_uri": at("oidc-jwks"),
            "revocation_endpoint": at("oidc-revoke"),
            "introspection_endpoint": at("oidc-introspect"),
            "end_session_endpoint": at("oidc-logout"),
            "scopes_supported": [*clients.SCOPES, *clients.CLIENT_SCOPES],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "acr_values_supported": list(assurance.LEVELS),
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [keys.ALGORITHM],
            "token_endpoint_auth_methods_supported": [*methods, "none"],
            "token_endpoint_auth_signing_alg_values_supported": list(clients.ASSERTION_ALGORITHMS),
            "revocation_endpoint_auth_methods_supported": [*methods, "none"],
            "introspection_endpoint_auth_methods_supported": methods,
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": list(PROMPTS),
            "claims_supported": "sub iss aud exp iat auth_time nonce acr amr sid name given_name family_name locale email "
            "email_verified phone_number phone_number_verified nik assurance_level".split(),
            "ui_locales_supported": list(languages.CODES),
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }
    )
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=3600"
    return response
