"""`/petugas/aplikasi/`: the apps that people sign in to with their account here, and programs of departments; for operators."""

from __future__ import annotations

import logging
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from accounts.sso import clients
from portal.lib.posted import posted
from portal.staff.app_form import AppForm
from portal.staff.doors import operators_only, sure_who_it_is
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.catalogue.models import Department

_log = logging.getLogger(__name__)


@operators_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    words = request.GET.get("cari", "").replace("\0", "").strip()[:100]
    found = Client.objects.filter(profile__isnull=False).select_related("profile").order_by("name", "pk")
    if words:
        found = found.filter(Q(name__icontains=words) | Q(pk__icontains=words) | Q(profile__department=words.lower()))
    page = Paginator(found, 25).get_page(request.GET.get("hal"))
    return render(request, "staff/apps.html", {"page": page, "words": words, "nav": "aplikasi"})


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """A department's app is written down; its secret is shown this once."""
    if request.method != "POST":
        return _form(request, AppForm(take_typed(request) or None, auto_id="app_%s"))
    form = AppForm(request.POST, auto_id="app_%s")
    if not form.is_valid():
        return _form(request, form)
    client, secret = form.register(approved=True)
    _note(request, client, "registered")
    return _shown_once(request, client, secret)


@operators_only
@require_safe
def app(request: SignedInRequest, client_id: str) -> HttpResponse:
    client = _client(client_id)
    profile = client.profile
    tokens = Token.objects.filter(client=client)
    facts = {
        "client": client,
        "profile": profile,
        "is_public": client.type == Client.Type.PUBLIC,
        "is_machine": client.get_grant_types() == ["client_credentials"],
        "department": Department.objects.filter(code=profile.department).first(),
        "last_token": tokens.aggregate(at=Max("created_at"))["at"],
        "people": client.consents.count(),
        "issuer": clients.issuer(),
        "nav": "aplikasi",
    }
    return render(request, "staff/app.html", facts)


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, client_id: str) -> HttpResponse:
    client = _client(client_id)
    if request.method != "POST":
        return _form(request, AppForm(take_typed(request) or None, client=client, auto_id="app_%s"))
    form = AppForm(request.POST, client=client, auto_id="app_%s")
    if not form.is_valid():
        return _form(request, form)
    client, secret = form.register(approved=client.profile.is_approved)
    _note(request, client, "changed")
    if secret:  # it had none before
        return _shown_once(request, client, secret)
    messages.success(request, _("Tersimpan."))
    return redirect("staff-app", client_id=client.pk)


@operators_only
@sure_who_it_is
@posted("staff-app", "client_id")
def act(request: SignedInRequest, client_id: str) -> HttpResponse:
    """Approve, take the approval back (every token is worth nothing at once), make a new secret."""
    client = _client(client_id)
    match request.POST.get("tindakan"):
        case "setujui":
            clients.approve(client)
            messages.success(request, _("Aplikasi disetujui. Orang bisa masuk sekarang."))
        case "cabut":
            clients.withdraw_approval(client)
            messages.success(request, _("Persetujuan dicabut. Semua yang dipegang aplikasi itu tidak berlaku lagi."))
        case "rahasia" if client.type != Client.Type.PUBLIC and not client.profile.jwks:
            secret = clients.new_secret(client)
            _note(request, client, "secret")
            return _shown_once(request, client, secret)
        case _unknown:
            messages.error(request, _("Pilih satu tindakan"))
            return redirect("staff-app", client_id=client.pk)
    _note(request, client, str(request.POST["tindakan"]))
    return redirect("staff-app", client_id=client.pk)


def _client(client_id: str) -> Client:
    found = Client.objects.filter(pk=client_id, profile__isnull=False).select_related("profile").first()
    if found is None:
        raise Http404
    return found


def _form(request: SignedInRequest, form: AppForm) -> HttpResponse:
    facts: dict[str, Any] = {"form": form, "client": form.client, "problems": form.problems if form.is_bound else []}
    return render(request, "staff/app_form.html", {**facts, "nav": "aplikasi"})


def _shown_once(request: SignedInRequest, client: Client, secret: str) -> HttpResponse:
    facts = {"client": client, "secret": secret, "issuer": clients.issuer(), "nav": "aplikasi"}
    return render(request, "staff/app_secret.html", facts)


def _note(request: SignedInRequest, client: Client, act: str) -> None:
    _log.info("app managed", extra={"client": client.pk, "act": act, "by": request.user.public_id})
