"""`/integrasi/langganan/`: which systems of a department are told of its cases; for its integrators."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.catalogue.integrators import integrated_departments
from services.subscriptions import actions
from services.subscriptions.constants import EventState
from services.subscriptions.forms import SubscriptionForm
from services.subscriptions.models import Subscription
from services.subscriptions.queries import subscriptions_in

View = Callable[..., HttpResponse]
NAV = "langganan"
_sure: Callable[[View], View] = reauthentication_required(allow_get=True)


def integrators_only(view: View) -> View:
    """Signed in: else to sign-in. Nobody's integrator: 403."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not integrated_departments(request.user).exists():
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@integrators_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    dead = Count("deliveries", filter=Q(deliveries__state=EventState.DEAD))
    waiting = Count("deliveries", filter=Q(deliveries__state=EventState.WAITING))
    rows = (
        subscriptions_in(integrated_departments(request.user)).annotate(dead=dead, waiting=waiting).order_by("label", "pk")
    )
    page = Paginator(rows, 25).get_page(request.GET.get("hal"))
    return render(request, "staff/subscriptions.html", {"page": page, "nav": NAV})


@keeps_what_was_typed
@integrators_only
@_sure
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The secret is shown this once."""
    mine = integrated_departments(request.user)
    if request.method != "POST":
        return _form(request, SubscriptionForm(take_typed(request) or None, departments=mine))
    form = SubscriptionForm(request.POST, departments=mine)
    if not form.is_valid():
        return _form(request, form)
    given = dict(form.cleaned_data)
    try:
        made, secret = actions.create_subscription(given.pop("dinas"), by=request.user, **given)
    except actions.TooManyError:
        form.add_error("label", _("Dinas ini sudah punya 50 langganan. Hapus dulu yang tidak dipakai"))
        return _form(request, form)
    return _shown_once(request, made, secret)


@integrators_only
@require_safe
def subscription(request: SignedInRequest, ref: str) -> HttpResponse:
    found = _mine(request, ref)
    wanted = request.GET.get("keadaan", "")
    rows = found.deliveries.order_by("-pk").defer("body")
    if wanted in EventState.values:
        rows = rows.filter(state=wanted)
    facts = {
        "subscription": found,
        "staff_department": found.department,
        "page": Paginator(rows, 25).get_page(request.GET.get("hal")),
        "wanted": wanted,
        "states": EventState.choices,
        "dead": found.deliveries.filter(state=EventState.DEAD).count(),
        "old_secrets": len(found.secrets) - 1,
        "nav": NAV,
    }
    return render(request, "staff/subscription.html", facts)


@keeps_what_was_typed
@integrators_only
@_sure
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, ref: str) -> HttpResponse:
    found = _mine(request, ref)
    now = {"label": found.label, "url": found.url, "event_types": found.event_types}
    if request.method != "POST":
        typed = take_typed(request) or None
        return _form(request, SubscriptionForm(typed, departments=None, initial=now, old_url=found.url), found)
    form = SubscriptionForm(request.POST, departments=None, old_url=found.url)
    if not form.is_valid():
        return _form(request, form, found)
    actions.change_subscription(found, by=request.user, **form.cleaned_data)
    messages.success(request, _("Tersimpan."))
    return redirect("subscription", ref=ref)


@integrators_only
@_sure
@posted("subscription", "ref")
def act(request: SignedInRequest, ref: str) -> HttpResponse:
    """Test, new secret, off and on, send again what was given up, delete."""
    found = _mine(request, ref)
    match request.POST.get("tindakan"):
        case "uji":
            actions.send_test(found)
            messages.success(
                request, _("Kejadian uji dikirim. Muat ulang halaman ini sebentar lagi untuk melihat hasilnya.")
            )
        case "rahasia":
            secret = actions.rotate_secret(found, by=request.user)
            return _shown_once(request, found, secret)
        case "matikan" | "hidupkan" as wish:
            actions.change_subscription(found, by=request.user, is_active=wish == "hidupkan")
            messages.success(request, _("Tersimpan."))
        case "ulang":
            count = actions.redeliver(found)
            messages.success(request, _("%(count)d kejadian dikirim ulang.") % {"count": count})
        case "hapus":
            actions.delete_subscription(found, by=request.user)
            messages.success(request, _("Langganan dihapus."))
            return redirect("subscriptions")
        case _unknown:
            messages.error(request, _("Pilih satu tindakan"))
    return redirect("subscription", ref=ref)


@integrators_only
@_sure
@posted("subscription", "ref")
def redeliver(request: SignedInRequest, ref: str, event_id: str) -> HttpResponse:
    found = _mine(request, ref)
    row = found.deliveries.filter(event_id=event_id).first()
    if row is None:
        raise Http404
    if actions.redeliver(found, delivery=row):
        messages.success(request, _("Kejadian itu dikirim ulang."))
    else:
        messages.error(request, _("Kejadian itu masih menunggu dikirim."))
    return redirect("subscription", ref=ref)


def _mine(request: SignedInRequest, ref: str) -> Subscription:
    found = subscriptions_in(integrated_departments(request.user)).filter(ref=ref).first()
    if found is None:
        raise Http404
    return found


def _form(request: SignedInRequest, form: SubscriptionForm, found: Subscription | None = None) -> HttpResponse:
    facts = {"form": form, "subscription": found, "problems": form.problems if form.is_bound else [], "nav": NAV}
    return render(request, "staff/subscription_form.html", facts)


def _shown_once(request: SignedInRequest, found: Subscription, secret: str) -> HttpResponse:
    return render(request, "staff/subscription_secret.html", {"subscription": found, "secret": secret, "nav": NAV})
