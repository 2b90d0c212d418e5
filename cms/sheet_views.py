"""Doors of the spreadsheet of services: take it out, send it in, see the dry run, write it as drafts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from cms.departments import of_reader, readers_only, writers_only, writes_in
from cms.models import ServiceImport
from cms.sheets import drafting, reading, writing

_SHOWN = 500  # mistakes on one page


@readers_only
@require_safe
def take_out(request: SignedInRequest) -> HttpResponse:
    """`?bentuk=csv` or xlsx (the rule); `?kosong=1` without services, to be filled in."""
    departments = of_reader(request.user)
    if request.GET.get("bentuk") == "csv":
        response = HttpResponse(writing.as_csv(departments), content_type="text/csv; charset=utf-8")
        name = "layanan.csv"
    else:
        empty = request.GET.get("kosong") == "1"
        response = HttpResponse(writing.as_xlsx(departments, empty), content_type=writing.XLSX)
        name = "contoh-layanan.xlsx" if empty else "layanan.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def send_in(request: SignedInRequest) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("berkas")
        if file is None:
            problem = _("Pilih berkas .xlsx atau .csv.")
        elif (file.size or 0) > reading.MAX_BYTES:
            problem = _("Berkas lebih dari 5 MB. Bagi menjadi beberapa berkas.")
        else:
            try:
                kept = drafting.keep(request.user, file.name or "", reading.read(file.read()))
                return redirect("service-import", token=kept.token)
            except reading.Unreadable as wrong:
                problem = str(wrong)
    sent = ServiceImport.objects.filter(user=request.user)[:10]
    context = {
        "problem": problem,
        "problems": [{"anchor": "berkas", "text": problem}] if problem else [],
        "sent": sent,
        "departments": writes_in(request.user),
        "nav": "layanan",
    }
    return render(request, "staff/services_in.html", context)


@writers_only
@require_http_methods(["GET", "HEAD", "POST"])
def dry_run(request: SignedInRequest, token: str) -> HttpResponse:
    """What the file would do; POST does it. Somebody else's file is as absent as none."""
    kept = get_object_or_404(ServiceImport.objects.select_related("user"), token=token, user=request.user)
    if request.method == "POST":
        try:
            drafting.write(kept)
        except drafting.NotWritten as reason:
            messages.error(request, str(reason))
        return redirect("service-import", token=token)
    plan = None if kept.written_at else drafting.plan_of(kept)
    mistakes = plan.mistakes if plan else []
    context = {"kept": kept, "plan": plan, "mistakes": mistakes[:_SHOWN], "more": len(mistakes) > _SHOWN, "nav": "layanan"}
    return render(request, "staff/services_dry_run.html", context)
