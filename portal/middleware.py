"""Middleware of the shell: correlation, measuring, language, content security policy, private pages."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from accounts.api_limits import tell_limits
from accounts.models import User
from accounts.sso.constants import TARGET
from portal.lib.languages import DEFAULT, language_of, path_in
from portal.lib.logs import correlated
from portal.lib.measuring import counter, histogram
from portal.lib.problems import problem_page
from portal.lib.tracing import span

_HEX = re.compile(r"[0-9a-f]{32}")
MACHINES = ("/api/", "/webhooks/")  # doors that no person reads
_INSIDE = frozenset({"/healthz", "/readyz", "/metrics"})
_PERMISSIONS = ", ".join(
    [
        *(
            f"{name}=()"
            for name in "accelerometer autoplay browsing-topics camera display-capture "
            "encrypted-media fullscreen geolocation gyroscope magnetometer microphone midi payment usb xr-spatial-tracking".split()
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)
# Of answers that no browser shows as a page: nothing in them may run, load or be framed.
_MACHINE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_REQUESTS = counter("portal_requests", "Requests answered", ["route", "method", "status"])
_REQUEST_SECONDS = histogram("portal_request_seconds", "From a request to its answer", ["route"])


class CorrelationMiddleware:
    """One id for a request, its log lines, its tasks and its calls to backends; shown as `X-Request-ID`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        with correlated(given if _HEX.fullmatch(given) else "") as value:
            request.correlation_id = value  # type: ignore[attr-defined]
            response = self.get_response(request)
            response["X-Request-ID"] = value
            return response


class InsideDoorsMiddleware:
    """Probes and the scrape come from inside, by whatever name a machine has there: these doors build no address from it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in _INSIDE:
            request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc
        return self.get_response(request)


class MeasuringMiddleware:
    """Counts and traces each request by the name of its route: never an address, so no reference and no personal data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        method = request.method if request.method in _METHODS else "OTHER"
        began = time.perf_counter()
        with span(method, "server", **{"http.request.method": method}) as current:
            response = self.get_response(request)
            route = _route(request)
            current.note(**{"http.route": route})
            current.note(**{"http.response.status_code": response.status_code})
            current.finish(f"{method} {route}", error=response.status_code >= 500)
        _REQUESTS.labels(route, method, f"{response.status_code // 100}xx").inc()
        _REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


def _route(request: HttpRequest) -> str:
    """The route's name; "-" for what is answered before an address is looked at (kept pages, static files) or is none."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match else "-"


class TrustedProxyMiddleware:
    """Behind TRUSTED_PROXIES proxies of ours, the visitor's address is that entry of X-Forwarded-For, counted from the end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = settings.TRUSTED_PROXIES
        if count:
            entries = [entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",") if entry.strip()]
            if len(entries) >= count:
                request.META["REMOTE_ADDR"] = entries[-count][:45]
        return self.get_response(request)


class LanguageMiddleware:
    """The path alone decides the language: not a header, a cookie or an account, so a kept page is right for everybody.

    What machines read is English; sentences for the person behind a consumer of the API follow `?lang=` (portal.lib.readers).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override("en" if request.path_info.startswith(MACHINES) else language_of(request.path_info)):
            return self.get_response(request)


class BodyLimitMiddleware:
    """Refuse a body that nobody here can want before any of it is read (nginx has the same limit in front)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.headers.get("Content-Length", "")
        if length and (not length.isdigit() or int(length) > settings.REQUEST_MAX_BYTES):
            if request.path.startswith(MACHINES):
                return problem_page(413, "too_large", "The body is larger than the portal accepts.")
            return render(request, "400.html", status=413)
        return self.get_response(request)


class ApiLimitsMiddleware:
    """What a consumer of the API has left, in every answer that was counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if standings := getattr(request, "api_standings", None):
            tell_limits(response, standings)
        return response


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The strict policy everywhere; Wagtail's admin gets the one it can live with, machines one that allows nothing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if getattr(request, "is_dummy", False):  # a page of ours in the frame of the back office's preview
            response._csp_replace = {"frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
        elif request.path.startswith("/kelola/"):
            response._csp_replace = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
            response["X-Frame-Options"] = "SAMEORIGIN"
        elif request.path.startswith("/api/v1/docs/"):
            response._csp_update = settings.API_DOCS_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        elif request.path.startswith(MACHINES):
            response["Content-Security-Policy"] = _MACHINE_POLICY
            return response
        elif path_in(DEFAULT, request.path).startswith("/akun/") and (target := _sign_on_target(request)):
            response._csp_update = {"form-action": [target]}  # type: ignore[attr-defined]
        return super().process_response(request, response)


def _sign_on_target(request: HttpRequest) -> str:
    """The registered origin of the app that waits for this person, or "": a browser holds `form-action` also against the
    redirects after a form, and signing in ends there."""
    session = getattr(request, "session", None)
    return str(session.get(TARGET, "")) if session is not None and settings.SESSION_COOKIE_NAME in request.COOKIES else ""


class BrowserPolicyMiddleware:
    """What a browser may do with our pages: no sensor, no payment, no embedding by others; passkeys are ours alone.

    Open data and what machines look up by themselves may be read from anywhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = _PERMISSIONS
        open_to_all = request.path.startswith(("/api/", "/.well-known/", "/oidc/jwks.json"))
        response["Cross-Origin-Resource-Policy"] = "cross-origin" if open_to_all else "same-origin"
        return response


class MachinePolicyMiddleware:
    """What the two above say of `/api/`, without working it out anew for each answer (the short way of lookups)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = _PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Content-Security-Policy"] = _MACHINE_POLICY
        return response


class PrivatePagesMiddleware:
    """What is shown to a signed-in person, and every page about an account, is never kept by any cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        known = settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies
        # A token is a person or a department too.
        known = known or ("Authorization" in request.headers and "no-store" not in response.get("Cache-Control", ""))
        if known or path_in(DEFAULT, request.path).startswith("/akun/"):
            add_never_cache_headers(response)
        return response


class SpokenLanguageMiddleware:
    """Mails are written in the language in which a person last did something here (a POST to one of our pages)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and not request.path.startswith(("/api/", "/kelola/", "/webhooks/")):
            language, user = language_of(request.path_info), request.user
            if isinstance(user, User) and user.language != language:
                User.objects.filter(pk=user.pk).update(language=language)
        return response
