"""Pages of the second factor: allauth's views with what it lacks (the way back, recovery codes as a file once)."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.base.views import AuthenticateView, IndexView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal import flows
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.factors import rules
from accounts.factors.hooks import FactorHooks
from accounts.requests import SignedInRequest

_SHOWN = "recovery_codes_shown"  # in a session: since when the codes may be kept as a file
DOWNLOAD_SECONDS = 900


class Index(IndexView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ret: dict[str, Any] = super().get_context_data(**kwargs)
        user = authenticated_user(self.request)
        ret["required"] = rules.is_staff(user)
        ret["waiting"] = self.request.session.get(rules.NEXT, "") if not rules.second_factors(user) else ""
        return ret


@method_decorator(never_cache, name="dispatch")
class RecoveryCodes(ViewRecoveryCodesView):
    """Seen once; right after it they may be kept as a file."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ret: dict[str, Any] = super().get_context_data(**kwargs)
        if ret["can_view_codes"]:
            self.request.session[_SHOWN] = int(time.time())
        ret["waiting"] = self.request.session.get(rules.NEXT, "")
        return ret


@login_required
@never_cache
def download(request: SignedInRequest) -> HttpResponse:
    """The unused recovery codes as a text file, within minutes of their only showing."""
    found = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    if found is None or time.time() - request.session.get(_SHOWN, 0) > DOWNLOAD_SECONDS:
        raise Http404
    response = render(
        request,
        "mfa/recovery_codes/download.txt",
        {"codes": found.wrap().get_unused_codes()},
        content_type="text/plain; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="kode-cadangan.txt"'
    return response


class _Kinds:
    """Tells the page which codes this person can write at all: a passkey is not written."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ret: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        kinds = set(Authenticator.objects.filter(user=ret["form"].user).values_list("type", flat=True))
        ret["with_app"], ret["with_passkey"] = Authenticator.Type.TOTP in kinds, Authenticator.Type.WEBAUTHN in kinds
        ret["with_codes"] = Authenticator.Type.RECOVERY_CODES in kinds
        return ret


class WriteCode(_Kinds, AuthenticateView):
    """After the password. Without an authenticator app the passkey comes first."""


class WriteCodeAgain(_Kinds, ReauthenticateView):
    """Of somebody who is signed in."""


class PasskeySignIn(LoginWebAuthnView):
    """As allauth's, and afterwards to the page that asked for the sign-in."""

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        answer: HttpResponse = flows.perform_passwordless_login(self.request, authenticator, login)
        return answer


def _was_shown(request: HttpRequest, kind: Authenticator.Type) -> None:
    """Setting one up shows it: this session need not be asked again."""
    user = authenticated_user(request)
    made = Authenticator.objects.filter(user_id=user.pk, type=kind).latest("pk")
    record_authentication(request, user, "mfa", id=made.pk, type=made.type)


class ActivateApp(ActivateTOTPView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        _was_shown(self.request, Authenticator.Type.TOTP)
        return answer


class AddPasskey(AddWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        _was_shown(self.request, Authenticator.Type.WEBAUTHN)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A failed form keeps its errors (allauth's view drops them)."""
        ret: dict[str, Any] = super().get_context_data(**kwargs)
        ret.update(kwargs)
        return ret


class RemovePasskey(RemoveWebAuthnView):
    def form_valid(self, form: Any) -> HttpResponse:
        if not FactorHooks().can_delete_authenticator(self.object):
            messages.error(self.request, str(FactorHooks.error_messages["cannot_delete_authenticator"]))
            return HttpResponseRedirect(self.get_success_url())
        answer: HttpResponse = super().form_valid(form)
        return answer


activate_app = ActivateApp.as_view()
index = Index.as_view()
recovery_codes = RecoveryCodes.as_view()
write_code = WriteCode.as_view()
write_code_again = WriteCodeAgain.as_view()
passkey_sign_in = PasskeySignIn.as_view()
add_passkey = AddPasskey.as_view()
remove_passkey = RemovePasskey.as_view()
