"""The way to the national identity provider and back."""

from __future__ import annotations

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from accounts.models import User
from accounts.sso.national import NationalProvider, failed, public_keys


def _provider(request: HttpRequest) -> NationalProvider:
    if not settings.NATIONAL_ID_ISSUER:
        raise Http404
    found: NationalProvider = get_adapter().get_provider(request, settings.NATIONAL_ID_PROVIDER)
    return found


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Whoever is signed in goes to have the NIK verified and comes back to `next`; a stranger signs in.

    First a page that says so: its link also ends the chain of redirects after a form, which `form-action` would stop.
    """
    provider, wanted = _provider(request), request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("account-home")
    person = request.user if isinstance(request.user, User) else None
    if "lanjut" not in request.GET:
        onward = f"{request.path}?{urlencode({'next': str(wanted), 'lanjut': '1'})}"
        facts = {"name": settings.NATIONAL_ID_NAME, "person": person, "onward": onward, "nav": "akun"}
        return render(request, "sso/national_start.html", {**facts, "back": wanted, "kept": wanted.startswith("/isian/")})
    process = AuthProcess.REDIRECT if person else AuthProcess.LOGIN
    try:
        return provider.redirect(request, process, next_url=wanted, data=person.public_id if person else None)
    except OAuth2Error:
        return failed(request, "error")


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    provider = _provider(request)
    if request.GET.get("iss", settings.NATIONAL_ID_ISSUER) != settings.NATIONAL_ID_ISSUER:  # RFC 9207: another one's answer
        return failed(request, "error")
    view = OAuth2CallbackView.adapter_view(provider.get_oauth2_adapter(request))
    response: HttpResponse = view(request)
    return response


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Our public key, for the provider: how it knows that it is we who ask."""
    return JsonResponse(public_keys())
