"""`/petugas/dinas/`, `/petugas/libur/`, `/petugas/pengumuman/`: the city's own data, for operators."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import SignedInRequest
from accounts.roles.record import RefusedError
from portal.lib.clocks import today
from portal.lib.posted import posted
from portal.staff.city_forms import DepartmentForm, HolidayForm, MergeForm, NoticeForm
from portal.staff.doors import operators_only, sure_who_it_is
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.catalogue import departments, holidays, notices
from services.catalogue.models import Department, Notice


@operators_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    """Every department that is or was, but for the unit templates."""
    words = request.GET.get("cari", "").replace("\0", "").strip()[:60]
    rows = Department.objects.filter(is_template=False).select_related("merged_into")
    if words:
        rows = rows.filter(Q(code__icontains=words) | Q(name__icontains=words) | Q(short_name__icontains=words))
    rows = rows.annotate(n=Count("services", filter=Q(services__is_public=True))).order_by("name")
    page = Paginator(rows, 25).get_page(request.GET.get("hal"))
    return render(request, "staff/city_departments.html", {"page": page, "words": words, "nav": "dinas"})


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    typed = request.POST if request.method == "POST" else take_typed(request)
    form = DepartmentForm(typed or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = departments.open_department(
                code=values["code"], facts=form.facts, by=request.user, reason=values["alasan"]
            )
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Dinas dibuka. Beri kepala lewat Anggota, supaya bisa mulai bekerja."))
            return redirect("staff-department", code=made.code)
    return _form(request, form)


@operators_only
@require_safe
def department(request: SignedInRequest, code: str) -> HttpResponse:
    found = _department(code)
    context = {
        "department": found,
        "estate": departments.estate_of(found),
        "history": departments.history_of(found)[:50],
        "may_merge": _may_merge(found),
        "nav": "dinas",
    }
    return render(request, "staff/city_department.html", context)


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, code: str) -> HttpResponse:
    found = _department(code)
    typed = request.POST if request.method == "POST" else take_typed(request)
    form = DepartmentForm(typed or None, department=found)
    if request.method == "POST" and form.is_valid():
        try:
            changed = departments.change_department(
                found, facts=form.facts, by=request.user, reason=form.cleaned_data["alasan"]
            )
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Tersimpan.") if changed else _("Tidak ada yang berubah."))
            return redirect("staff-department", code=found.code)
    return _form(request, form)


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: SignedInRequest, code: str) -> HttpResponse:
    """What passes to the other department is counted before anybody presses the button."""
    found = _department(code)
    if not _may_merge(found):
        raise Http404
    typed = request.POST if request.method == "POST" else take_typed(request)
    form = MergeForm(typed or None, department=found)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            departments.merge_departments(found, values["into"], by=request.user, reason=values["alasan"])
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Digabung. Kode dan alamat lama tetap berlaku."))
            return redirect("staff-department", code=values["into"].code)
    context = {"department": found, "estate": departments.estate_of(found), "form": form, "nav": "dinas"}
    return render(request, "staff/city_merge.html", {**context, "problems": form.problems if form.is_bound else []})


def _department(code: str) -> Department:
    found = Department.objects.select_related("merged_into").filter(code=code, is_template=False).first()
    if found is None:
        raise Http404
    return found


def _may_merge(department: Department) -> bool:
    return department.merged_into is None and department.kind not in ("kelurahan", "kecamatan")


def _form(request: SignedInRequest, form: DepartmentForm) -> HttpResponse:
    context = {"form": form, "department": form.department, "problems": form.problems if form.is_bound else []}
    return render(request, "staff/city_department_form.html", {**context, "nav": "dinas"})


@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def holiday_list(request: SignedInRequest) -> HttpResponse:
    """The days on which promises do not run. A change counts for what is sent from then on."""
    form = HolidayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if holidays.add(form.cleaned_data["day"], form.cleaned_data["name"]):
            messages.success(request, _("Tersimpan. Berlaku untuk permohonan yang dikirim mulai sekarang."))
            return redirect("staff-holidays")
        form.add_error("day", _("Tanggal itu sudah ada di daftar"))
    year = request.GET.get("tahun", "")
    chosen = int(year) if year.isascii() and year.isdigit() and len(year) == 4 and year > "1000" else today().year
    context = {"form": form, "days": holidays.of_year(chosen), "year": chosen, "years": holidays.years(), "nav": "libur"}
    return render(request, "staff/holidays.html", context)


@operators_only
@posted("staff-holidays")
def holiday_gone(request: SignedInRequest, day: str) -> HttpResponse:
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    if holidays.remove(wanted):
        messages.success(request, _("Dihapus. Tanggal itu hari kerja lagi untuk permohonan yang dikirim mulai sekarang."))
    return redirect("staff-holidays")


@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def notice_list(request: SignedInRequest) -> HttpResponse:
    form = NoticeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = notices.announce(**form.cleaned_data, by=request.user)
        shown = made.state == Notice.State.SHOWING
        messages.success(
            request, _("Pengumuman tampil sekarang.") if shown else _("Pengumuman tersimpan dan menunggu waktunya.")
        )
        return redirect("staff-notices")
    showing = Notice.objects.filter(state=Notice.State.SHOWING).select_related("department", "made_by")
    context = {"form": form, "showing": showing, "planned": notices.planned(), "past": notices.kept(20), "nav": "pengumuman"}
    return render(request, "staff/notices.html", context)


@operators_only
@posted("staff-notices")
def notice_gone(request: SignedInRequest, pk: int) -> HttpResponse:
    found = Notice.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    if notices.take_back(found):
        messages.success(request, _("Pengumuman ditarik."))
    else:
        messages.info(request, _("Pengumuman itu sudah lewat."))
    return redirect("staff-notices")
