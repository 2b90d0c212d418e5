"""`/petugas/sistem/`: how the portal runs, for operators. No case and no personal data is shown here."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import SignedInRequest
from portal import __version__
from portal.health import own_checks
from portal.lib.posted import posted
from portal.lib.waking import wake
from portal.overview import OPEN_STATES, overview
from portal.staff.doors import operators_only
from services.adapters.actions import switch_connection as switch
from services.adapters.models import Connection


@operators_only
@require_safe
def system(request: SignedInRequest) -> HttpResponse:
    seen = overview()
    context = {
        "seen": seen,
        "checks": own_checks(),
        **{state.value.lower().removeprefix("needs_"): seen.deliveries(state) for state in OPEN_STATES},
        "version": __version__,
        "nav": "sistem",
    }
    return render(request, "staff/system.html", context)


@operators_only
@posted("staff-system")
def check_catalogue(request: SignedInRequest) -> HttpResponse:
    if wake("cms.timetable.check_catalogue"):
        messages.success(request, _("Pemeriksaan katalog dimulai. Muat ulang halaman ini sebentar lagi."))
    else:
        messages.error(request, _("Antrean pekerja tidak bisa dihubungi. Coba lagi sebentar lagi."))
    return redirect("staff-system")


@operators_only
@posted("staff-system")
def switch_connection(request: SignedInRequest, code: str) -> HttpResponse:
    wanted = request.POST.get("keadaan")
    try:
        if wanted not in ("jalan", "jeda"):
            messages.error(request, _("Pilih Jeda atau Jalankan."))
        elif switch(code, active=wanted == "jalan", operator=request.user):
            messages.success(request, _("Tersimpan."))
        else:
            messages.success(request, _("Sambungan itu sudah dalam keadaan yang dipilih."))
    except Connection.DoesNotExist:
        raise Http404 from None
    return redirect("staff-system")
