"""`/petugas/pengguna/`: accounts and city roles, for operators. No case, no NIK and no phone number is shown here."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access_log import record_access
from accounts.models import User
from accounts.permissions import city_roles_of
from accounts.requests import SignedInRequest
from accounts.roles import people
from accounts.roles.city import set_city_roles
from accounts.roles.record import RefusedError
from portal.staff.doors import operators_only, sure_who_it_is
from portal.staff.forms import AccountForm, CityRolesForm
from portal.staff.history import history_of_person, roles_in_words
from services.cases.typing_kept import keeps_what_was_typed, take_typed

SHORTEST = 3
_DO = {
    "nonaktif": people.deactivate,
    "aktif": people.activate,
    "sesi": people.end_sessions,
    "langkah-kedua": people.reset_second_factor,
}


@operators_only
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    """Staff; or whoever is searched for, by a part of name or address."""
    words = request.GET.get("cari", "").replace("\0", "").strip()[:100]
    short = 0 < len(words) < SHORTEST
    found = _staff() if not words or short else User.objects.filter(Q(email__icontains=words) | Q(name__icontains=words))
    page = Paginator(found.order_by("name", "email"), 25).get_page(request.GET.get("hal"))
    rows = [(person, roles_in_words(person)) for person in page.object_list]
    return render(
        request, "staff/people.html", {"page": page, "rows": rows, "words": words, "short": short, "nav": "pengguna"}
    )


def _staff() -> QuerySet[User]:
    return User.objects.filter(
        Q(is_superuser=True)
        | Q(pk__in=User.groups.through._default_manager.values("user"))
        | Q(pk__in=User.objects.filter(memberships__isnull=False).values("pk"))
    )


@operators_only
@require_safe
def person(request: SignedInRequest, public_id: str) -> HttpResponse:
    found = _person(public_id)
    if found != request.user:
        record_access(
            found,
            actor=request.user.get_full_name(),
            action="ACCOUNT_VIEWED",
            data="nama, email, peran",
            purpose="mengelola akun",
        )
    return _page(request, found)


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def city_roles(request: SignedInRequest, public_id: str) -> HttpResponse:
    found = _person(public_id)
    typed = request.POST if request.method == "POST" else take_typed(request)
    if typed is None:
        return redirect("staff-person", public_id=public_id)
    form = CityRolesForm(typed, auto_id="kota_%s")
    if request.method == "POST" and form.is_valid():
        try:
            set_city_roles(found, roles=form.cleaned_data["peran"], by=request.user, reason=form.cleaned_data["alasan"])
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Tersimpan. Orang itu dikabari."))
            return redirect("staff-person", public_id=public_id)
    return _page(request, found, roles_form=form)


@keeps_what_was_typed
@operators_only
@sure_who_it_is
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Close, open, end the sessions, take the second factor away."""
    found = _person(public_id)
    typed = request.POST if request.method == "POST" else take_typed(request)
    if typed is None:
        return redirect("staff-person", public_id=public_id)
    form = AccountForm(typed, auto_id="akun_%s")
    if request.method == "POST" and form.is_valid():
        try:
            _DO[form.cleaned_data["tindakan"]](found, by=request.user, reason=form.cleaned_data["alasan"])
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Tersimpan. Orang itu dikabari."))
            return redirect("staff-person", public_id=public_id)
    return _page(request, found, account_form=form)


def _person(public_id: str) -> User:
    found = User.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: SignedInRequest,
    found: User,
    *,
    roles_form: CityRolesForm | None = None,
    account_form: AccountForm | None = None,
) -> HttpResponse:
    found.refresh_from_db(fields=["is_active"])
    context = {
        "person": found,
        "roles": roles_in_words(found),
        "roles_form": roles_form or CityRolesForm(initial={"peran": sorted(city_roles_of(found))}, auto_id="kota_%s"),
        "account_form": account_form or AccountForm(auto_id="akun_%s"),
        "problems": wrong.problems if (wrong := roles_form or account_form) else [],
        "may_change": found != request.user and (request.user.is_superuser or not found.is_superuser),
        "is_self": found == request.user,
        "sessions": UserSession.objects.filter(user=found).count(),
        "factors": Authenticator.objects.filter(user=found).exclude(type=Authenticator.Type.RECOVERY_CODES).count(),
        "history": history_of_person(found),
        "nav": "pengguna",
    }
    return render(request, "staff/person.html", context)
