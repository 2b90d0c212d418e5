"""Signing in and up with a one-time code, a new password by one, and the phone number of the account."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter as login_hooks
from allauth.account.decorators import reauthentication_required
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import EmailAddress, Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import (
    INTERNAL_RESET_SESSION_KEY,
    ConfirmEmailView,
    PasswordResetFromKeyView,
    PasswordResetView,
    SignupView,
)
from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.codes import issuing, numbers
from accounts.codes.confirming import Confirmation
from accounts.codes.forms import AskCode, NewNumber, WriteCode, channel_for
from accounts.codes.identifiers import is_number, shown
from accounts.codes.issuing import Judged, Purpose, TooManyError
from accounts.codes.models import OneTimeCode
from accounts.guard import claims
from accounts.models import User
from accounts.requests import SignedInRequest
from portal.lib import crypto
from portal.lib.channels import offered
from portal.lib.languages import active
from portal.lib.posted import posted

_NEXT = "code_next"  # in a session: the page that waits for the sign-in
_WARNED = "number_of_an_older_account"  # in a session: what is lost was said once
_NEWCOMER = "newcomer"  # in a session, encrypted: what was written at sign-up, until the number is proved
KEPT_SECONDS = 900  # ... and so long it is shown again in the form, but for the password


def _too_many() -> str:
    return _("Terlalu banyak kode diminta. Tunggu sebentar, lalu coba lagi")


def _with_next(route: str, target: str) -> str:
    return f"{reverse(route)}?{urlencode({'next': target})}" if target else reverse(route)


def _answer_to(request: HttpRequest, purpose: Purpose, form: WriteCode) -> OneTimeCode | None:
    """The row of a right code; else the form knows what to tell."""
    verdict = issuing.judge(request, purpose, form.cleaned_data["code"])
    said = {
        Judged.WRONG: _("Kode tidak cocok. Periksa lagi pesan yang terakhir"),
        Judged.OVER: _("Kode tidak cocok dan tidak berlaku lagi. Minta kode baru"),
        Judged.HELD: _("Terlalu banyak kode salah. Tunggu 5 menit, lalu minta kode baru"),
    }
    if verdict.judged in said:
        form.add_error("code", said[verdict.judged])
        return None
    return verdict.row


def _write(
    request: HttpRequest,
    purpose: Purpose,
    *,
    again: str,
    title: str,
    then: Callable[[OneTimeCode], HttpResponse],
    back: str = "",
) -> HttpResponse:
    """The page on which a code is written. Without a code that waits it leads to where one is asked for."""
    row = issuing.waiting(request, purpose)
    if row is None:
        if request.method == "POST":
            messages.warning(request, _("Kode itu tidak berlaku lagi. Minta kode baru"))
        return redirect(again)
    form = WriteCode(request.POST or None)
    if request.method == "POST" and form.is_valid():
        proved = _answer_to(request, purpose, form)
        if proved is not None:
            return then(proved)
    way = shown(row.address) if is_number(row.address) else row.address
    context = {"form": form, "way": way, "by_phone": is_number(row.address), "again": again, "title": title, "nav": back}
    context["newcomer"] = purpose in (Purpose.SIGN_UP, Purpose.NUMBER)  # to them a code is sent in any case
    return render(request, "account/write_code.html", context)


# --- signing in ---


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Whether or not somebody has an account with it: the same answer after the same work."""
    if request.user.is_authenticated:
        return redirect(get_next_redirect_url(request) or settings.LOGIN_REDIRECT_URL)
    form = AskCode(request.POST or None)
    if request.method == "POST" and form.is_valid():
        way = form.cleaned_data["login"]
        try:
            if not ratelimit.consume(request, action="request_login_code"):
                raise TooManyError
            issuing.issue(request, Purpose.SIGN_IN, way, channel_for(form, way), issuing.person_of(way))
        except TooManyError:
            form.add_error(None, _too_many())
        else:
            request.session[_NEXT] = get_next_redirect_url(request) or ""
            return redirect("account_confirm_login_code")
    return render(request, "account/ask_code.html", {"form": form, "next": get_next_redirect_url(request) or ""})


@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    target = request.session.get(_NEXT, "")
    again = _with_next("account_request_login_code", target)
    return _write(
        request, Purpose.SIGN_IN, again=again, title=_("Tulis kodenya"), then=lambda row: _sign_in(request, row, target)
    )


def _sign_in(request: HttpRequest, row: OneTimeCode, target: str) -> HttpResponse:
    user = row.user
    assert user is not None, "nobody's code is never right"
    if is_number(row.address):
        if not numbers.speaks_alone(user, row.address, request):
            messages.warning(
                request,
                _(
                    "Nomor ini lama tidak dibuktikan dengan kode. Masuk dengan kata sandi, lalu buktikan lagi di halaman Nomor HP. "
                    "Nomor ini baru bagi Anda? Buat akun."
                ),
            )
            return redirect(_with_next("account_login", target))
        numbers.proved(user, row.address)
    record_authentication(request, user, method="code", channel=row.channel)
    email = None if is_number(row.address) else row.address
    if email:
        address, _made = EmailAddress.objects.get_or_create(user=user, email=email, defaults={"primary": True})
        if not address.verified:
            login_hooks(request).confirm_email(request, address)
            user.refresh_from_db()
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=target or None, email=email))
    return answer


# --- signing up with a number ---


def begin_sign_up(request: HttpRequest, form: forms.Form) -> HttpResponse:
    """Nothing is looked up and no account is made before the number is proved. Raises TooManyError."""
    number, person = form.cleaned_data["email"], User(name=form.cleaned_data["name"].strip())
    person.set_password(form.cleaned_data["password1"])
    issuing.issue(request, Purpose.SIGN_UP, number, channel_for(form, number), None)
    request.session[_NEXT] = get_next_redirect_url(request) or ""
    kept = {"name": person.name, "password": person.password, "email": number, "until": time.time() + KEPT_SECONDS}
    request.session[_NEWCOMER] = crypto.encrypt(json.dumps(kept).encode())
    return redirect("signup-code")


class SignUpPage(SignupView):
    """What was written stays, but for the password: also when no code can be sent, or another is asked for."""

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_initial()
        kept = _newcomer(self.request)
        if kept.get("until", 0) > time.time():
            initial |= {"name": kept["name"], "email": kept["email"]}
        return initial

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().form_valid(form)
        except TooManyError:
            form.add_error(None, _too_many())
            answer = self.form_invalid(form)
        return answer


def _newcomer(request: HttpRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(crypto.decrypt(request.session[_NEWCOMER])) if _NEWCOMER in request.session else {}
    return found


@never_cache
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if _NEWCOMER not in request.session:
        return redirect("account_signup")
    return _write(
        request,
        Purpose.SIGN_UP,
        again=_with_next("account_signup", request.session.get(_NEXT, "")),
        title=_("Tulis kodenya"),
        then=lambda row: _make_account(request, row.address, row.channel),
    )


def _make_account(request: HttpRequest, number: str, channel: str) -> HttpResponse:
    """Whoever proves a number that an account uses now is that account's person; an account that has not used it for long
    loses it to the newcomer."""
    kept = _newcomer(request)
    target = request.session.get(_NEXT, "")
    if numbers.would_strand(number) and request.session.pop(_WARNED, "") != numbers.index_of(number):
        request.session[_WARNED] = numbers.index_of(number)
        messages.warning(
            request,
            _(
                "Nomor ini dipakai akun lama yang hanya bisa dimasuki dengan nomor ini. Kalau itu akun Anda, masuk dengan kata "
                "sandinya, lalu buktikan lagi nomornya di halaman Nomor HP. Kalau nomor ini baru bagi Anda, daftar sekali lagi: "
                "akun lama itu tidak bisa lagi dimasuki dengan nomor ini."
            ),
        )
        return redirect("account_signup")
    del request.session[_NEWCOMER]

    @transaction.atomic
    def find_or_make() -> tuple[User, bool]:
        found = numbers.used_now_by(number)
        if found is not None:
            return found, False
        user = User.objects.create(name=kept["name"], password=kept["password"], language=active())
        numbers.proved(user, number)
        return user, True

    user, made = numbers.once_more(find_or_make)
    if not made:
        numbers.proved(user, number)
        messages.info(request, _("Nomor ini sudah punya akun, dan Anda masuk ke akun itu. Kata sandinya tetap yang lama."))
    record_authentication(request, user, method="code", channel=channel)
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=target or None, signup=made))
    return answer


# --- a new password ---


class LostPassword(PasswordResetView):
    """By a link to an address, or by a code to a number."""

    def form_valid(self, form: Any) -> HttpResponse:
        way = form.cleaned_data["email"]
        owner = issuing.person_of(way)
        counted = issuing.counted_as(self.request, Purpose.PASSWORD, way, owner)
        try:
            if not ratelimit.consume(self.request, action="reset_password", key=counted):
                raise TooManyError
            if not is_number(way):
                form.save(self.request)
                return redirect(self.get_success_url())
            issuing.issue(self.request, Purpose.PASSWORD, way, channel_for(form, way), owner)
        except TooManyError:
            form.add_error(None, _too_many())
            refused: HttpResponse = self.form_invalid(form)
            return refused
        return redirect("password-code")


@never_cache
def password_code(request: HttpRequest) -> HttpResponse:
    return _write(
        request,
        Purpose.PASSWORD,
        again=reverse("account_reset_password"),
        title=_("Tulis kodenya"),
        then=lambda row: _new_password(request, row),
    )


def _new_password(request: HttpRequest, row: OneTimeCode) -> HttpResponse:
    user = row.user
    assert user is not None, "nobody's code is never right"
    if not numbers.speaks_alone(user, row.address, request):
        messages.warning(request, _("Nomor ini lama tidak dipakai masuk. Minta tautan lewat email, atau datang ke loket."))
        return redirect("account_reset_password")
    numbers.proved(user, row.address)
    return _choose_password(request, user)


def _choose_password(request: HttpRequest, user: User) -> HttpResponse:
    """Whoever has just proved an address or a number chooses a new password, in this session."""
    request.session[INTERNAL_RESET_SESSION_KEY] = default_token_generator.make_token(user)
    return redirect("account_reset_password_from_key", uidb36=user.public_id, key=PasswordResetFromKeyView.reset_url_key)


# --- the link that confirms an address ---


class ConfirmAddress(ConfirmEmailView):
    """Of a new account: in another browser than the one that made it, the password is chosen anew. Of an account in use: by
    whoever is signed in to it."""

    template_name = "account/email_confirm.html"

    def get_object(self, queryset: Any = None) -> Confirmation:
        found = Confirmation.from_key(self.kwargs["key"])
        if found is None:
            raise Http404
        return found

    def logout_other_user(self, confirmation: Any) -> None:
        if claims.may_confirm(self.request, confirmation.email_address):
            super().logout_other_user(confirmation)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().get_context_data(**kwargs)
        here = self.object and claims.may_confirm(self.request, self.object.email_address)
        return {**found, "elsewhere": bool(self.object) and not here, "here": self.request.path}

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        address = self.get_object().email_address
        if not claims.may_confirm(self.request, address):
            return redirect(self.request.path)
        answer: HttpResponse = super().post(*args, **kwargs)
        user = User.objects.get(pk=address.user_id)
        if not user.has_usable_password() and not self.request.user.is_authenticated:
            return _choose_password(self.request, user)
        return answer


# --- the number of the account ---


@never_cache
@login_required
@reauthentication_required(allow_get=True)
def number(request: SignedInRequest) -> HttpResponse:
    """A new number is proved first; who changes it shows again who they are."""
    if not offered():
        raise Http404
    form = NewNumber(request.POST or None)
    if request.method == "POST" and form.is_valid():
        way = form.cleaned_data["number"]
        try:
            issuing.issue(request, Purpose.NUMBER, way, channel_for(form, way), request.user)
        except TooManyError:
            form.add_error(None, _too_many())
        else:
            return redirect("number-code")
    own = numbers.number_of(request.user)
    context = {"form": form, "own": shown(own) if own else "", "removable": bool(own and request.user.email), "nav": "akun"}
    return render(request, "account/number.html", context)


@never_cache
@login_required
def number_code(request: SignedInRequest) -> HttpResponse:
    return _write(
        request,
        Purpose.NUMBER,
        again=reverse("number"),
        title=_("Buktikan nomor HP"),
        then=lambda row: _new_number(request, row),
        back="akun",
    )


def _new_number(request: SignedInRequest, row: OneTimeCode) -> HttpResponse:
    if row.user != request.user:
        return redirect("number")
    try:
        numbers.once_more(lambda: numbers.proved(request.user, row.address, request))
    except numbers.OnlyWayError:
        messages.error(
            request, _("Nomor ini satu-satunya cara masuk sebuah akun lain. Masuk ke akun itu dulu, lalu ganti nomornya.")
        )
        return redirect("number")
    messages.success(request, _("Nomor HP tersimpan. Anda bisa masuk dengan nomor ini."))
    return redirect("number")


@login_required
@posted("number")
@reauthentication_required
def remove_number(request: SignedInRequest) -> HttpResponse:
    if numbers.remove(request.user, request):
        messages.success(request, _("Nomor HP dihapus."))
    else:
        messages.error(request, _("Tambah dan konfirmasi alamat email dulu, supaya Anda tetap bisa masuk."))
    return redirect("number")


confirm_address = ConfirmAddress.as_view()
lost_password = LostPassword.as_view()
sign_up_page = SignUpPage.as_view()
