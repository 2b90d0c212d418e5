"""Doors for a resident's own cases: account, detail, tracking by number."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from portal.lib.references import read_case_reference
from portal.lib.throttle import too_many
from services.cases import actions, queries
from services.cases.constants import Phase
from services.cases.models import Case
from services.cases.presentation import case_page, listed
from services.notifications.models import Message

MAX_MESSAGE = 2000


@login_required
@never_cache
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    cases = [listed(case) for case in queries.cases_of(request.user)[:200]]
    shown = request.GET.get("tampil", "")
    phases = {"berjalan": (Phase.OPEN, Phase.WAITING), "selesai": (Phase.CLOSED,)}
    return render(
        request,
        "cases/account.html",
        {
            "cases": [row for row in cases if shown not in phases or row.case.phase in phases[shown]],
            "needs_action": [row for row in cases if row.case.phase == Phase.WAITING],
            "drafts": queries.open_drafts_of(request.user)[:20],
            "recent": Message.objects.filter(recipient=request.user).order_by("-created_at")[:5],
            "is_clerk": bool(queries.clerk_departments(request.user)),
            "shown": shown if shown in phases else "",
            "totals": {
                "all": len(cases),
                "open": sum(row.case.phase != Phase.CLOSED for row in cases),
                "closed": sum(row.case.phase == Phase.CLOSED for row in cases),
            },
        },
    )


@login_required
@never_cache
@require_GET
def detail(request: SignedInRequest, reference: str) -> HttpResponse:
    case = _mine(request, reference)
    return render(request, "cases/detail.html", case_page(case))


@login_required
@require_POST
def answer(request: SignedInRequest, reference: str) -> HttpResponse:
    case = _mine(request, reference)
    text = request.POST.get("pesan", "").strip()[: MAX_MESSAGE * 2]
    if not text:
        messages.error(request, _("Tulis jawaban Anda dulu."))
    elif len(text) > MAX_MESSAGE:
        messages.error(request, _("Jawaban terlalu panjang. Paling banyak 2.000 huruf."))
    else:
        try:
            actions.answer_question(case, text=text)
            messages.success(request, _("Jawaban terkirim."))
        except actions.ConflictError as error:
            messages.error(request, str(error))
    return redirect("case-detail", reference=case.reference)


@never_cache
def track(request: HttpRequest) -> HttpResponse:
    """By number and the last four digits of the phone number: the status word only, never answers."""
    if request.method != "POST":
        return render(request, "cases/track.html", {"nav": "lacak"})
    typed, digits = request.POST.get("nomor", "")[:40], request.POST.get("hp", "").strip()[:10]
    context: dict[str, Any] = {"nav": "lacak", "typed": typed}
    if too_many(f"track:{request.META.get('REMOTE_ADDR')}", limit=20, seconds=600):
        return render(request, "cases/track.html", {**context, "busy": True}, status=429)
    reference = read_case_reference(settings.CASE_NUMBER_PREFIX, typed)
    if reference and too_many(f"track:{reference}", limit=10, seconds=3600):
        return render(request, "cases/track.html", {**context, "busy": True}, status=429)
    case = Case.objects.filter(reference=reference).select_related("department").first() if reference else None
    if reference is None:
        context["problems"] = [
            {"anchor": "nomor", "text": _("Nomor permohonan seperti MJK-2611-4KD7-Q. Periksa lagi angkanya")}
        ]
    elif case is None or not _phone_ends_with(case, digits):
        context["problems"] = [{"anchor": "nomor", "text": _("Nomor permohonan dan 4 angka terakhir HP tidak cocok")}]
    else:
        context["row"] = listed(case)
    return render(request, "cases/track.html", context)


def _phone_ends_with(case: Case, digits: str) -> bool:
    phone = str(case.answers.get("telepon", "")) or (case.resident.phone if case.resident else "")
    return len(digits) == 4 and digits.isdigit() and phone.endswith(digits)


def _mine(request: SignedInRequest, reference: str) -> Case:
    case = queries.case_of(request.user, reference)
    if case is None:
        raise Http404
    return case
