"""What a person allows apps to know: asking for it, showing it, taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from allauth.idp.oidc.models import Client
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import assurance
from accounts.models import User
from accounts.requests import SignedInRequest
from accounts.sso import clients, linking
from accounts.sso.authorize import address_of, decide, refuse, single, tell
from accounts.sso.endings import end_app
from accounts.sso.forward import callback_of
from accounts.sso.models import Consent, LinkedAccount
from accounts.sso.protocol import Refused, check_authorization
from accounts.sso.provider import TOLD
from portal.lib import languages
from portal.lib.posted import posted


def told(scopes: Iterable[str]) -> list[str]:
    """What these scopes tell, in words; each once, in our order."""
    given = set(scopes)
    return [str(words) for scope, words in TOLD.items() if scope in given]


def purpose_of(client: Client) -> str:
    profile = client.profile
    return profile.purpose_en if languages.active() == "en" and profile.purpose_en else profile.purpose


def allow(user: User, client: Client, scopes: Iterable[str]) -> None:
    """Remember what is allowed now beside what was allowed before."""
    with transaction.atomic():
        row, _made = Consent.objects.select_for_update().get_or_create(user=user, client=client, defaults={"scopes": ""})
        row.scopes = " ".join(sorted(row.scope_set() | set(scopes)))
        row.save()


def withdraw(user: User, client: Client) -> None:
    """Take back everything: the app's tokens are worth nothing from this moment on, and it is told to end its sessions."""
    with transaction.atomic():
        Consent.objects.filter(user=user, client=client).delete()
        end_app(user, client)


def after_withdrawal(client: Client) -> str:
    """What becomes of the person's session at the app: `ended`, `asked` (its back-channel logout) or `left`."""
    if callback_of(client):
        return "ended"
    return "asked" if client.profile.backchannel_logout_uri else "left"


@never_cache
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """The question, at the address of the same authorization request: it is judged again, also after the answer."""
    query: dict[str, str] = {}
    try:
        query = single(request.GET)
        asked = check_authorization(clients.issuer() + address_of(query), query)
    except Refused as refused:
        return refuse(request, refused, query)
    if not isinstance(request.user, User):
        return redirect(address_of(query))
    if request.method == "POST":
        if request.POST.get("jawaban") != "izinkan":
            assurance.arrived(request)
            return tell(asked, "access_denied")
        with transaction.atomic():
            answer = decide(request, asked, query, agreed=True)
            if "code" in parse_qs(urlsplit(answer.get("Location", "")).query):  # what came to nothing was not allowed either
                allow(request.user, asked.client, asked.scopes)
        return answer
    return render(
        request,
        "sso/consent.html",
        {
            "client": asked.client,
            "told": told(asked.scopes),
            "purpose": purpose_of(asked.client),
            "again": address_of(query),
            "nav": "akun",
        },
    )


@login_required
@require_safe
def connected(request: SignedInRequest) -> HttpResponse:
    rows: list[dict[str, Any]] = [
        {
            "consent": row,
            "told": told(row.scopes.split()),
            "purpose": purpose_of(row.client),
            "session": after_withdrawal(row.client),
        }
        for row in Consent.objects.filter(user=request.user).select_related("client__profile").order_by("client__name")
    ]
    linked = {row.client_id: row for row in LinkedAccount.objects.filter(user=request.user).select_related("client")}
    older = [{"client": client, "linked": linked.pop(client.pk, None)} for client in linking.linkable().order_by("name")]
    older += [{"client": row.client, "linked": row} for row in linked.values()]
    return render(request, "sso/connected.html", {"rows": rows, "older": older, "nav": "akun"})


@login_required
@posted("sso-connected")
def take_back(request: SignedInRequest) -> HttpResponse:
    row = (
        Consent.objects.filter(user=request.user, client=request.POST.get("aplikasi", "").replace("\0", ""))
        .select_related("client__profile")
        .first()
    )
    if row is not None:
        withdraw(request.user, row.client)
        said = {
            "ended": _("%(name)s tidak bisa lagi mengambil data Anda dari portal ini, dan sesi Anda di sana berakhir."),
            "asked": _(
                "%(name)s tidak bisa lagi mengambil data Anda dari portal ini, dan diminta mengakhiri sesi Anda di sana."
            ),
            "left": _(
                "%(name)s tidak bisa lagi mengambil data Anda dari portal ini. Kalau masih masuk di sana, keluarlah di sana."
            ),
        }[after_withdrawal(row.client)]
        messages.success(request, said % {"name": row.client.name})
    return redirect("sso-connected")
