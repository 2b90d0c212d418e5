"""The work list of a department's clerks at /petugas/: only the own department's cases exist here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import SignedInRequest
from portal.lib.posted import posted
from services.cases import actions, queries
from services.cases.constants import Phase
from services.cases.models import Case
from services.cases.presentation import TROUBLED, listed, staff_page
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.forms.cleaning import clean

MAX_REASON = 2000
View = Callable[..., HttpResponse]


def clerks_only(view: View) -> View:
    """Signed in: else to sign-in. Not a clerk anywhere: 403, for this is an area, not an object."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not queries.clerk_departments(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


_TABS = {"": (Phase.OPEN,), "menunggu": (Phase.WAITING,), "selesai": (Phase.CLOSED,)}


@clerks_only
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    tab = request.GET.get("antrean", "")
    cases = queries.work_list(request.user)
    if tab == "pengiriman":
        cases = cases.filter(deliveries__state__in=TROUBLED).distinct()
    else:
        tab = tab if tab in _TABS else ""
        cases = cases.filter(phase__in=_TABS[tab])
    if words := request.GET.get("cari", "").replace("\0", "").strip()[:60]:
        cases = cases.filter(reference__icontains=words) | cases.filter(title__icontains=words)
    page = Paginator(cases, 25).get_page(request.GET.get("hal"))
    return render(
        request,
        "staff/inbox.html",
        {
            "page": page,
            "rows": [listed(case) for case in page.object_list],
            "counts": queries.work_counts(request.user),
            "silent": queries.silent_systems(request.user),
            "tab": tab,
            "words": words,
            "staff_department": queries.first_department(request.user),
            "nav": "petugas",
        },
    )


@clerks_only
@require_GET
def case(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    queries.record_staff_view(found, request.user)
    return _page(request, found)


def _page(request: SignedInRequest, found: Case, typed: str = "", problem: str = "") -> HttpResponse:
    """The case as a clerk sees it. A reason that was not saved is still there, with what is wrong above it."""
    page = {**staff_page(found), "nav": "petugas", "staff_department": found.department, "typed": typed}
    if problem:
        page["problems"] = [{"anchor": "alasan", "text": problem}]
    return render(request, "staff/case.html", page)


def _reason_of(request: SignedInRequest) -> str:
    return request.POST.get("alasan", "").replace("\r\n", "\n").strip()


def _results_of(request: SignedInRequest, found: Case) -> dict[str, str]:
    """What the clerk names at the end, of what may be named."""
    typed = {name: clean(request.POST.get(f"hasil.{name}", "")[:120]) for name, _label in staff_page(found)["gifts"]}
    return {name: text for name, text in typed.items() if text}


def _kept(request: SignedInRequest, found: Case) -> HttpResponse:
    """The session had ended while a reason was written, and now it is there again."""
    typed = take_typed(request)
    return _page(request, found, typed.get("alasan", "")) if typed else redirect("staff-case", reference=found.reference)


@keeps_what_was_typed
@clerks_only
@require_http_methods(["GET", "POST"])
def decide(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    if request.method == "GET":
        return _kept(request, found)
    decision, reason = request.POST.get("keputusan", ""), _reason_of(request)
    if decision not in actions.DECISIONS or not staff_page(found)["may_decide"]:
        return _page(request, found, reason, _("Pilih satu keputusan."))
    if decision in actions.NEEDS_REASON and not reason:
        return _page(request, found, reason, _("Tulis alasan atau keterangan untuk warga. Keputusan belum disimpan."))
    if len(reason) > MAX_REASON:
        return _page(request, found, reason, _("Alasan terlalu panjang. Paling banyak 2.000 huruf."))
    try:
        actions.decide_case(found, clerk=request.user, decision=decision, reason=reason, results=_results_of(request, found))
    except actions.ConflictError as error:
        return _page(request, _ours(request, reference), reason, str(error))
    messages.success(request, _("Keputusan tersimpan. Warga dikabari."))
    return redirect("staff-case", reference=found.reference)


@keeps_what_was_typed
@clerks_only
@require_http_methods(["GET", "POST"])
def decide_withdrawal(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    if request.method == "GET":
        return _kept(request, found)
    decision, reason = request.POST.get("keputusan"), _reason_of(request)
    if not staff_page(found)["may_decide_withdrawal"]:
        return _page(request, found, reason, _("Tidak ada permintaan pembatalan yang menunggu. Muat ulang halaman."))
    if decision not in ("setuju", "tolak"):
        return _page(request, found, reason, _("Pilih satu keputusan."))
    if decision == "tolak" and not reason:
        return _page(request, found, reason, _("Tulis mengapa permohonan tidak dapat dibatalkan. Keputusan belum disimpan."))
    if len(reason) > MAX_REASON:
        return _page(request, found, reason, _("Alasan terlalu panjang. Paling banyak 2.000 huruf."))
    try:
        actions.decide_withdrawal(found, clerk=request.user, granted=decision == "setuju", reason=reason)
    except actions.ConflictError as error:
        return _page(request, _ours(request, reference), reason, str(error))
    messages.success(request, _("Keputusan tersimpan. Warga dikabari."))
    return redirect("staff-case", reference=found.reference)


@clerks_only
@posted("staff-case", "reference")
def settle_delivery(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    troubled = found.deliveries.filter(state__in=TROUBLED).order_by("number")
    number = request.POST.get("kiriman", "")
    delivery = (troubled.filter(number=int(number)) if number.isdecimal() and len(number) < 6 else troubled).first()
    try:
        if delivery is None:
            raise actions.ConflictError(_("Pengiriman ini sudah ditangani. Muat ulang halaman."))
        match request.POST.get("tindakan"):
            case "sampai":
                reference_there = request.POST.get("nomor_dinas", "").strip()
                actions.mark_arrived(delivery, clerk=request.user, backend_reference=reference_there)
            case "kesampingkan":
                actions.set_aside(delivery, clerk=request.user)
            case "ulang":
                actions.send_again(delivery, clerk=request.user)
            case _unknown:
                raise actions.ConflictError(_("Pilih apa yang harus dilakukan dengan pengiriman ini."))
        messages.success(request, _("Tersimpan."))
    except actions.ConflictError as error:
        messages.error(request, str(error))
    return redirect("staff-case", reference=found.reference)


def _ours(request: SignedInRequest, reference: str) -> Case:
    found = queries.work_list(request.user).filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found
