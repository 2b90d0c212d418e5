"""Staff doors: nobody with staff duties passes without a second factor, and their sessions end early."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.factors import rules
from accounts.models import User
from portal.lib.languages import DEFAULT, path_in

# Case files are fetched at one address by residents and by clerks.
DOORS = ("/petugas/", "/kelola/", "/integrasi/", "/berkas/")
NOTE_SECONDS = 60  # a session's last use is written no oftener


class StaffDoors:
    """Leads staff without a second factor to where one is set up. Residents' pages stay open to them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self._keep_time(request)
            if path_in(DEFAULT, request.path_info).startswith(DOORS) and (elsewhere := self._led_to(request)):
                return redirect(elsewhere)
        return self.get_response(request)

    def _keep_time(self, request: HttpRequest) -> None:
        """Sign out what has lain idle too long or lasted too long; note the use of what goes on."""
        now, signed_in = int(time.time()), request.session.get(rules.BEGAN)
        if signed_in and now - signed_in > settings.SESSION_COOKIE_AGE:
            get_adapter(request).logout(request)
            messages.warning(request, _("Sesi Anda sudah berakhir. Masuk lagi untuk melanjutkan."))
            return
        mark = request.session.get(rules.STAFF)
        if not mark:
            return
        began, seen = mark
        if now - seen > settings.STAFF_IDLE_SECONDS:
            seen = max(seen, self._seen_in_apps(request))
        if now - seen > settings.STAFF_IDLE_SECONDS or now - began > settings.STAFF_SESSION_SECONDS:
            get_adapter(request).logout(request)
            messages.warning(request, _("Sesi petugas sudah berakhir. Masuk lagi untuk melanjutkan."))
        elif now - seen >= NOTE_SECONDS:
            request.session[rules.STAFF] = [began, now]

    def _seen_in_apps(self, request: HttpRequest) -> int:
        """When an app of this sign-on was last used: whoever works there is not idle (accounts.sso.endings.used)."""
        row = UserSession.objects.filter(session_key=request.session.session_key or "").first()
        return int(row.last_seen_at.timestamp()) if row else 0

    def _led_to(self, request: HttpRequest) -> str:
        """Where this person must go first, or "" when they may pass."""
        user = request.user
        if not isinstance(user, User):
            return ""
        if rules.STAFF not in request.session:
            if not rules.is_staff(user):
                return ""
            rules.begin_staff_session(request, user)  # became staff after signing in
        if rules.has_shown(request, user) or not rules.is_staff(user):
            return ""
        back = request.get_full_path() if request.method == "GET" else request.path
        if page := rules.proof_page(user):
            return f"{reverse(page)}?{urlencode({REDIRECT_FIELD_NAME: back})}"
        request.session[rules.NEXT] = back
        return reverse("mfa_index")
