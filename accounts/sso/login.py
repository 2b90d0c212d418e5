"""Our hooks into allauth's own sign-in (allauth calls these classes adapters; that word is taken here)."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.account.utils import url_str_to_user_pk
from allauth.core import context
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.codes import numbers
from accounts.codes.confirming import Confirmation
from accounts.codes.identifiers import NumberField, clean_email
from accounts.codes.issuing import person_of
from accounts.factors.rules import proof_page
from accounts.guard import claims, devices, guessing
from accounts.guard.models import Event
from accounts.guard.notices import EVENTS, tell
from accounts.models import User
from accounts.sso.constants import SID
from accounts.sso.endings import end_session


class LoginHooks(DefaultAccountAdapter):
    """Links in mails come from the setting PUBLIC_URL, never from the request."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("Nama masuk atau kata sandi tidak cocok. Periksa lagi keduanya"),
        "phone_password_mismatch": gettext_lazy("Nama masuk atau kata sandi tidak cocok. Periksa lagi keduanya"),
        "invalid_login": gettext_lazy("Nama masuk atau kata sandi tidak cocok. Periksa lagi keduanya"),
    }

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """With the person's public name: the key of their row, which would tell how many there are, is nobody's business."""
        return settings.PUBLIC_URL + reverse(
            "account_confirm_email", args=[Confirmation(emailconfirmation.email_address).key]
        )

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Every way in which an address is proved ends here."""
        with transaction.atomic():
            elsewhere = email_address.can_set_verified() and claims.first_proof(request, email_address.user)
            email_address.user.refresh_from_db()
            done = bool(super().confirm_email(request, email_address))
            if done:
                claims.forget_claims_on(email_address)
        if elsewhere:
            messages.warning(
                request,
                _(
                    "Akun ini dibuat di browser lain, dan alamatnya baru sekarang dibuktikan. Kata sandi yang dipilih di sana "
                    "tidak berlaku lagi: pilih yang baru. Bukan Anda yang membuatnya? Periksa nama di akun."
                ),
            )
        return done

    def get_reset_password_from_key_url(self, key: str) -> str:
        """With the person's public name: the key of their row is nobody's business."""
        uid, _dash, token = key.partition("-")
        name = User.objects.values_list("public_id", flat=True).get(pk=url_str_to_user_pk(uid))
        return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": name, "key": token})

    def logout(self, request: HttpRequest) -> None:
        """Signing out here signs out of every app of this session."""
        end_session(request.session.get(SID, ""))
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Few guesses from one address (allauth) and few at one account from all addresses together (ours)."""
        super().pre_authenticate(request, **credentials)
        way = _way_of(credentials)
        key = _where_known(request, way) or guessing.password_of(way)
        if not guessing.may_guess(key):
            guessing.tell_owner(key, person_of(way))
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """An account has two names at most. Guesses with both are counted together; held back there they are answered like
        wrong ones, or the answer would tell that both names are of one account."""
        way = _way_of(credentials)
        if _where_known(request, way):  # counted there, and apart: strangers' guesses keep no owner out
            return super().authenticate(request, **credentials)
        owner = person_of(way)
        of_account = guessing.password_of_account(owner) if owner else guessing.password_of(f"nobody:{way}")
        if not guessing.may_guess(of_account):
            self.pre_authenticate(request, **credentials)
            guessing.tell_owner(of_account, owner)
            User().set_password(credentials.get("password", ""))
            return None
        user = super().authenticate(request, **credentials)
        if user is not None:
            guessing.forget(guessing.password_of(way), of_account)
        return user

    def get_login_stages(self) -> list[str]:
        """A person with a proved number need not have an address that is confirmed."""
        ours = {"allauth.account.stages.EmailVerificationStage": "accounts.codes.stages.EmailStage"}
        return [ours.get(path, path) for path in super().get_login_stages() if not path.endswith("PhoneVerificationStage")]

    def get_user_by_phone(self, phone: str) -> Any:
        return numbers.owner_of(phone)

    def get_phone(self, user: Any) -> tuple[str, bool] | None:
        number = numbers.number_of(user)
        return (number, True) if number else None

    def phone_form_field(self, **kwargs: Any) -> Any:
        return NumberField(**kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        request.signed_in_before = user.last_login is not None  # type: ignore[attr-defined]
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> Any:
        """The owner hears of a browser in which nobody signed in to this account before."""
        response = super().post_login(request, user, **kwargs)
        guessing.forget_all_of(user)
        if getattr(request, "signed_in_before", False) and not devices.is_known(request, user):
            tell(user, Event.NEW_DEVICE, request)
        devices.remember(request, response, user)
        return response

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Sent by a worker, in our words."""
        if template_prefix in EVENTS:
            tell(user, EVENTS[template_prefix], self.request, email or "")
        else:
            super().send_notification_mail(template_prefix, user, context, email)

    def send_account_already_exists_mail(self, email: str) -> None:
        """As much work as for an address that is new: how long it takes tells nothing."""
        User().set_password(email)
        super().send_account_already_exists_mail(email)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not again right after signing in: the newest proof of this session counts."""
        records = get_authentication_records(context.request, context.request.user)
        if records and time.time() - float(records[-1]["at"]) < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor shows it again: whoever only knows the password changes nothing here. Without an
        authenticator app the passkey comes first, and the code is a recovery code."""
        page = proof_page(user)
        words = {
            "reauthenticate": _("Pakai kata sandi"),
            "mfa_reauthenticate": _("Pakai kode dari aplikasi autentikator")
            if page == "mfa_reauthenticate"
            else _("Pakai kode cadangan"),
            "mfa_reauthenticate:webauthn": _("Pakai kunci sandi"),
        }
        found = [{**method, "description": words[method["id"]]} for method in super().get_reauthentication_methods(user)]
        found.sort(key=lambda method: method["url"] != (reverse(page) if page else ""))
        return [method for method in found if method["id"] != "reauthenticate"] or found

    def clean_email(self, email: str) -> str:
        return clean_email(super().clean_email(email))


def _where_known(request: HttpRequest, way: str) -> str:
    """The count of guesses in a browser that knows this account; "" anywhere else."""
    owner = person_of(way)
    return guessing.password_where_known(owner) if owner is not None and devices.is_known(request, owner) else ""


def _way_of(credentials: dict[str, Any]) -> str:
    """The name that was typed; of somebody who signs in again, the address before the number."""
    return credentials.get("email") or credentials.get("phone") or credentials.get("username") or ""
