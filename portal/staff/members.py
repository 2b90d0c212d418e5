"""`/petugas/anggota/`: who has which role in a department, for its managers and for operators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import is_operator
from accounts.requests import SignedInRequest
from accounts.roles.record import RefusedError
from portal.lib.languages import active
from portal.lib.posted import posted
from portal.staff.doors import managers_only, of_own_department, sure_who_it_is
from portal.staff.forms import AddMemberForm, MemberRolesForm
from portal.staff.history import history_of_department
from services.cases.typing_kept import keeps_what_was_typed, take_typed
from services.catalogue import invitations, members
from services.catalogue.models import Department, DepartmentRole


@managers_only
@require_safe
def departments(request: SignedInRequest) -> HttpResponse:
    """An operator chooses; who manages one department is led there."""
    mine = members.managed_departments(request.user)
    if not is_operator(request.user) and mine.count() == 1:
        return redirect("staff-members-of", code=mine.get().code)
    words = request.GET.get("cari", "").replace("\0", "").strip()[:60]
    if words:
        mine = mine.filter(Q(code__icontains=words) | Q(name__icontains=words) | Q(short_name__icontains=words))
    rows = mine.annotate(people=Count("members__user", distinct=True)).order_by("name")
    page = Paginator(rows, 25).get_page(request.GET.get("hal"))
    return render(request, "staff/departments.html", {"page": page, "words": words, "nav": "anggota"})


@keeps_what_was_typed
@of_own_department
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def department(request: SignedInRequest, department: Department) -> HttpResponse:
    """The members; a POST adds somebody by address."""
    if request.method != "POST":
        typed = take_typed(request)
        return _page(request, department, AddMemberForm(typed) if typed else AddMemberForm())
    form = AddMemberForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            invitations.add(
                department,
                email=values["email"],
                roles=values["peran"],
                by=request.user,
                reason=values["alasan"],
                language=active(),
            )
        except RefusedError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("Tersimpan. Orang itu dikabari."))
            return redirect("staff-members-of", code=department.code)
    return _page(request, department, form)


def _page(request: SignedInRequest, department: Department, form: AddMemberForm) -> HttpResponse:
    people: dict[User, list[DepartmentRole]] = {}
    for row in department.members.select_related("user").order_by("user__name", "user__email", "role"):
        people.setdefault(row.user, []).append(DepartmentRole(row.role))
    open_ones = department.invitations.filter(invitations.OPEN).select_related("invited_by").order_by("-made_at")
    context = {
        "department": department,
        "staff_department": department,
        "people": [(person, ", ".join(str(role.label) for role in roles)) for person, roles in people.items()],
        "invited": [(invitation, invitations.is_worth_something(invitation)) for invitation in open_ones[:100]],
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "history": history_of_department(department),
        "nav": "anggota",
    }
    return render(request, "staff/members.html", context)


@keeps_what_was_typed
@of_own_department
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: SignedInRequest, department: Department, public_id: str) -> HttpResponse:
    """One member's roles here. Whoever has none here is as absent as nobody."""
    person = User.objects.filter(public_id=public_id, memberships__department=department).distinct().first()
    if person is None:
        raise Http404
    have = members.roles_of(person, department)
    if request.method != "POST":
        typed = take_typed(request)
        form = MemberRolesForm(typed, have=have) if typed else MemberRolesForm(have=have, initial={"peran": sorted(have)})
        return _member_page(request, department, person, form)
    form = MemberRolesForm(request.POST, have=have, leave=request.POST.get("tindakan") == "keluarkan")
    if form.is_valid():
        try:
            members.set_roles(
                person,
                department=department,
                roles=form.cleaned_data["peran"],
                by=request.user,
                reason=form.cleaned_data["alasan"],
            )
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Tersimpan. Orang itu dikabari."))
            return redirect("staff-members-of", code=department.code)
    return _member_page(request, department, person, form)


def _member_page(request: SignedInRequest, department: Department, person: User, form: Any) -> HttpResponse:
    context = {
        "department": department,
        "staff_department": department,
        "person": person,
        "form": form,
        "problems": form.problems if form.is_bound else [],
        "is_self": person == request.user,
        "nav": "anggota",
    }
    return render(request, "staff/member.html", context)


@of_own_department
@sure_who_it_is
@posted("staff-members")
def take_back(request: SignedInRequest, department: Department, pk: int) -> HttpResponse:
    invitation = department.invitations.filter(pk=pk).first() if pk < 2**63 else None
    if invitation is None:
        raise Http404
    try:
        if invitations.take_back(invitation, by=request.user):
            messages.success(request, _("Undangan ditarik. Tautannya tidak berlaku lagi."))
        else:
            messages.error(request, _("Undangan ini sudah diterima atau ditarik."))
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("staff-members-of", code=department.code)
