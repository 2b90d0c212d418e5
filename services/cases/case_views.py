"""Doors for a resident's own cases: account, detail, tracking by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import SignedInRequest
from portal.lib.references import new_token, read_case_reference
from portal.lib.throttle import too_many
from services.cases import actions, acts, queries
from services.cases.attachments import JudgedFile, RefusedFileError, judge
from services.cases.constants import Phase
from services.cases.journeys.pages import place_of, run_rows
from services.cases.models import Case, Delivery
from services.cases.presentation import case_page, listed
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.cases.views import see_other
from services.notifications.models import Message


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
            "needs_action": [row for row in cases if row.needs_you],
            "drafts": queries.open_drafts_of(request.user)[:20],
            "walks": run_rows(request.user),
            "recent": Message.objects.filter(recipient=request.user).exclude(case_reference="").order_by("-created_at")[:5],
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
    return render(request, "cases/detail.html", {**case_page(case), "place": place_of(case)})


@keeps_what_was_typed
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: SignedInRequest, reference: str) -> HttpResponse:
    return _act(request, reference, "jawaban", _("Jawaban tersimpan dan diteruskan ke dinas."), acts.answer_question)


@keeps_what_was_typed
@never_cache
@require_http_methods(["GET", "POST"])
def add_files(request: SignedInRequest, reference: str) -> HttpResponse:
    return _act(request, reference, "berkas", _("Berkas tersimpan dan diteruskan ke dinas."), acts.add_files)


def _act(request: SignedInRequest, reference: str, form: str, done: str, action: Callable[..., Delivery]) -> HttpResponse:
    """One form of a case's page. What was typed is shown again with what is wrong; files have to be chosen again."""
    case = _mine(request, reference)
    if request.method == "GET":  # the session had ended, and now it is there again
        typed = take_typed(request)
        return _page(request, case, form, typed.get("pesan", "")) if typed else see_other("case-detail", case.reference)
    text = request.POST.get("pesan", "").replace("\r\n", "\n").strip()
    uploads = request.FILES.getlist("berkas")
    files, problems = _judged(uploads)
    if len(text) > acts.MOST_LETTERS:
        problems.append(_("Tulisan terlalu panjang. Paling banyak 2.000 huruf"))
    elif not text and not uploads:
        problems.append(_("Tulis jawaban Anda dulu") if form == "jawaban" else _("Pilih berkas dulu"))
    elif not uploads and form == "berkas":
        problems.append(_("Pilih berkas dulu"))
    if not problems:
        try:
            action(case, text=text, files=files, request_key=_press(request, case))
            messages.success(request, done)
            return see_other("case-detail", case.reference)
        except actions.ConflictError as error:
            messages.error(request, str(error))
            return see_other("case-detail", case.reference)
        except actions.KeyReusedError:
            problems.append(_("Formulir ini sudah dipakai. Tulisan Anda masih ada; periksa lalu kirim lagi"))
        except RefusedFileError as error:
            problems.append(str(error))
    return _page(request, case, form, text[: acts.MOST_LETTERS * 2], problems)


def _judged(uploads: list[UploadedFile[bytes]]) -> tuple[list[JudgedFile], list[str]]:
    """(files that can be taken, sentences about those that cannot)."""
    files, problems = [], []
    for upload in uploads[: acts.MOST_FILES + 1]:
        try:
            files.append(judge(upload))
        except RefusedFileError as error:
            problems.append(str(error))
    return files, problems


def _press(request: SignedInRequest, case: Case) -> str:
    """One shown form is one act, however often it is sent."""
    return f"page:{case.pk}:{request.POST.get('kunci', '')[:40] or new_token()}"


def _page(request: SignedInRequest, case: Case, form: str, text: str, problems: Sequence[str] = ()) -> HttpResponse:
    page = {**case_page(case), "form": form, "typed": text}
    anchor = "pesan" if form == "jawaban" else "berkas"
    page["problems"] = [{"anchor": anchor, "text": problem} for problem in problems]
    return render(request, "cases/detail.html", page)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def withdraw(request: SignedInRequest, reference: str) -> HttpResponse:
    case = _mine(request, reference)
    page = case_page(case)
    if request.method == "GET":
        if not page["may_withdraw"]:
            return see_other("case-detail", case.reference)
        return render(request, "cases/withdraw.html", page)
    reason = request.POST.get("pesan", "").replace("\r\n", "\n").strip()
    if len(reason) > acts.MOST_LETTERS:
        page["problems"] = [{"anchor": "pesan", "text": _("Tulisan terlalu panjang. Paling banyak 2.000 huruf")}]
        return render(request, "cases/withdraw.html", {**page, "typed": reason[: acts.MOST_LETTERS * 2]})
    try:
        acts.withdraw_case(case, reason=reason, request_key=_press(request, case))
        messages.success(request, _("Permintaan pembatalan tersimpan."))
    except actions.ConflictError as error:
        messages.error(request, str(error))
    except actions.KeyReusedError:
        messages.error(request, _("Formulir ini sudah dipakai. Lihat keadaan permohonan di bawah."))
    return see_other("case-detail", case.reference)


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
