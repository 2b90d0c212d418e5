"""An older account at a department's app and the account here belong to one person: proved by that person, both in one sitting.

1. Here, freshly signed in, the person chooses the app: it gets a one-time ticket with them.
2. The app signs them in to the older account its own way, and tells us by its own proof (`POST /oidc/link`) which account that
   is. We answer with an address that only this browser receives.
3. The browser that comes back must be the one that began, and must carry what the app handed to the browser that signed in
   there. So nobody can send a stranger through step 2 and take the stranger's account: the one who began lacks the proof, and
   the stranger's browser did not begin.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from allauth.idp.oidc.models import Client
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oauthlib.common import add_params_to_uri

from accounts import assurance
from accounts.guard.models import Event
from accounts.guard.notices import tell
from accounts.requests import SignedInRequest
from accounts.sso import clients
from accounts.sso.authorize import single
from accounts.sso.grants import digest_of
from accounts.sso.models import LinkedAccount, LinkRequest
from accounts.sso.protocol import Refused
from portal.lib.crypto import blind_index
from portal.lib.posted import posted

LIVES = timedelta(minutes=10)
FRESH_SECONDS = 15 * 60
LONGEST_ACCOUNT = 200
_BEGUN = "link_begun"  # in a session: the digest of its newest ticket


def linkable() -> QuerySet[Client]:
    """Apps at which people may have an older account."""
    return Client.objects.filter(profile__is_approved=True).exclude(profile__link_uri="").select_related("profile")


def index_of(client: Client, account: str) -> str:
    return blind_index(f"{client.pk}\n{account}", purpose="linked-account")


@never_cache
@login_required
@require_safe
def begin(request: SignedInRequest) -> HttpResponse:
    """A page that says what will happen; its link leads to the app with a ticket. A browser left open is asked who is there.

    A link and not a form: browsers hold `form-action` also against the redirects after a form.
    """
    client = linkable().filter(pk=request.GET.get("aplikasi", "").replace("\0", "")).first()
    if client is None:
        messages.error(request, _("Aplikasi itu tidak ada, atau tidak punya akun lama untuk ditautkan."))
        return redirect("sso-connected")
    here = f"{request.path}?{urlencode({'aplikasi': client.pk})}"
    if away := assurance.step_up(request, request.user, here, max_age=FRESH_SECONDS):
        return redirect(away)
    if "lanjut" not in request.GET:
        return render(request, "sso/link_begin.html", {"client": client, "onward": f"{here}&lanjut=1", "nav": "akun"})
    assurance.arrived(request)
    ticket = secrets.token_urlsafe(32)
    LinkRequest.objects.create(digest=digest_of(ticket), user=request.user, client=client, expires_at=timezone.now() + LIVES)
    request.session[_BEGUN] = digest_of(ticket)
    response = HttpResponse(status=302)
    response["Location"] = str(add_params_to_uri(client.profile.link_uri, [("ticket", ticket)]))
    response["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt
@never_cache
@require_POST
def claim(request: HttpRequest) -> HttpResponse:
    """The app says which of its accounts the person with this ticket has just signed in to."""
    try:
        form = single(request.POST)
    except Refused as refused:
        return _problem(400, "invalid_request", refused.text)
    headers = {"Authorization": request.headers.get("Authorization", "")}
    client = clients.authenticate(headers, form, audiences=[clients.issuer(), clients.issuer() + request.path])
    if client is None:
        response = _problem(401, "invalid_client", "Prove which app this is.")
        response["WWW-Authenticate"] = 'Basic realm="oidc", charset="UTF-8"'
        return response
    account = form.get("account", "").strip()
    if not account.isprintable() or not 1 <= len(account) <= LONGEST_ACCOUNT:
        return _problem(400, "invalid_request", f"account: 1 to {LONGEST_ACCOUNT} printable signs, as this app names it.")
    now = timezone.now()
    found = LinkRequest.objects.filter(digest=digest_of(form.get("ticket", "")), client=client, expires_at__gt=now).first()
    if found is None or found.proof_digest is not None:
        return _problem(400, "invalid_ticket", "Unknown, expired or used. The person begins again in the portal.")
    taken = LinkedAccount.objects.filter(client=client, account_index=index_of(client, account))
    if taken.exclude(user=found.user_id).exists():
        found.delete()
        return _problem(409, "account_taken", "Another person has linked this account. They can take the link off.")
    proof = secrets.token_urlsafe(32)
    mine = LinkRequest.objects.filter(pk=found.pk, proof_digest=None)
    if not mine.update(proof_digest=digest_of(proof), account=account):
        return _problem(400, "invalid_ticket", "Unknown, expired or used. The person begins again in the portal.")
    address = clients.issuer() + reverse("sso-link-confirm")
    return JsonResponse({"return_to": str(add_params_to_uri(address, [("bukti", proof)]))})


def _problem(status: int, error: str, text: str) -> HttpResponse:
    return JsonResponse({"error": error, "error_description": text}, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def confirm(request: SignedInRequest) -> HttpResponse:
    """The browser comes back from the older account: a last look before the two are one."""
    found = (
        LinkRequest.objects.filter(proof_digest=digest_of(request.GET.get("bukti", "")), expires_at__gt=timezone.now())
        .select_related("client__profile")
        .first()
    )
    if found is None or found.user_id != request.user.pk or found.digest != request.session.get(_BEGUN):
        if found is not None:  # somebody else began this: it is over for both
            found.delete()
        return render(request, "sso/link_failed.html", {"nav": "akun"}, status=400)
    if request.method != "POST":
        return render(request, "sso/link_confirm.html", {"found": found, "nav": "akun"})
    request.session.pop(_BEGUN, None)
    if request.POST.get("jawaban") == "tautkan":
        _link(request, found)
    else:
        messages.info(request, _("Akun lama tidak ditautkan."))
    found.delete()
    return redirect("sso-connected")


def _link(request: SignedInRequest, found: LinkRequest) -> None:
    facts = {"account": found.account, "account_index": index_of(found.client, found.account)}
    try:
        with transaction.atomic():
            LinkedAccount.objects.update_or_create(user=request.user, client=found.client, defaults=facts)
    except IntegrityError:  # somebody was faster with the same account
        messages.error(request, _("Akun lama itu sudah ditautkan ke akun portal lain. Tanyakan kepada dinasnya."))
        return
    tell(request.user, Event.ACCOUNT_LINKED, request)
    messages.success(request, _("Akun lama Anda di %(name)s sudah ditautkan.") % {"name": found.client.name})


@login_required
@posted("sso-connected")
def unlink(request: SignedInRequest) -> HttpResponse:
    found = LinkedAccount.objects.filter(
        user=request.user, client=request.POST.get("aplikasi", "").replace("\0", "")
    ).select_related("client")
    for row in found:
        row.delete()
        tell(request.user, Event.ACCOUNT_UNLINKED, request)
        messages.success(request, _("Tautan ke akun lama di %(name)s dilepas.") % {"name": row.client.name})
    return redirect("sso-connected")
