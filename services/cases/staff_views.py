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
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from services.cases import actions, queries
from services.cases.constants import Phase
from services.cases.models import Case
from services.cases.presentation import TROUBLED, listed, staff_page

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
    return render(request, "staff/case.html", {**staff_page(found), "nav": "petugas", "staff_department": found.department})


@clerks_only
@require_POST
def decide(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    decision, reason = request.POST.get("keputusan", ""), request.POST.get("alasan", "").strip()
    if decision not in actions.DECISIONS or not staff_page(found)["may_decide"]:
        messages.error(request, _("Pilih satu keputusan."))
    elif decision in actions.NEEDS_REASON and not reason:
        messages.error(request, _("Tulis alasan atau keterangan untuk warga. Keputusan belum disimpan."))
    elif len(reason) > MAX_REASON:
        messages.error(request, _("Alasan terlalu panjang. Paling banyak 2.000 huruf."))
    else:
        try:
            actions.decide_case(found, clerk=request.user, decision=decision, reason=reason)
            messages.success(request, _("Keputusan tersimpan. Warga dikabari lewat email."))
        except actions.ConflictError as error:
            messages.error(request, str(error))
    return redirect("staff-case", reference=found.reference)


@clerks_only
@require_POST
def decide_withdrawal(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    granted, reason = request.POST.get("keputusan") == "setuju", request.POST.get("alasan", "").strip()
    if not staff_page(found)["may_decide_withdrawal"]:
        messages.error(request, _("Tidak ada permintaan pembatalan yang menunggu. Muat ulang halaman."))
    elif not granted and not reason:
        messages.error(request, _("Tulis mengapa permohonan tidak dapat dibatalkan. Keputusan belum disimpan."))
    elif len(reason) > MAX_REASON:
        messages.error(request, _("Alasan terlalu panjang. Paling banyak 2.000 huruf."))
    else:
        try:
            actions.decide_withdrawal(found, clerk=request.user, granted=granted, reason=reason)
            messages.success(request, _("Keputusan tersimpan. Warga dikabari lewat email."))
        except actions.ConflictError as error:
            messages.error(request, str(error))
    return redirect("staff-case", reference=found.reference)


@clerks_only
@require_POST
def settle_delivery(request: SignedInRequest, reference: str) -> HttpResponse:
    found = _ours(request, reference)
    troubled = found.deliveries.filter(state__in=TROUBLED).order_by("number")
    number = request.POST.get("kiriman", "")
    delivery = (troubled.filter(number=int(number)) if number.isdecimal() and len(number) < 6 else troubled).first()
    try:
        if delivery is None:
            raise actions.ConflictError(_("Pengiriman ini sudah ditangani. Muat ulang halaman."))
        if request.POST.get("tindakan") == "sampai":
            actions.mark_arrived(delivery, clerk=request.user, backend_reference=request.POST.get("nomor_dinas", "").strip())
        elif request.POST.get("tindakan") == "kesampingkan":
            actions.set_aside(delivery, clerk=request.user)
        else:
            actions.send_again(delivery, clerk=request.user)
        messages.success(request, _("Tersimpan."))
    except actions.ConflictError as error:
        messages.error(request, str(error))
    return redirect("staff-case", reference=found.reference)


def _ours(request: SignedInRequest, reference: str) -> Case:
    found = queries.work_list(request.user).filter(reference=reference.upper()).first()
    if found is None:
        raise Http404
    return found
