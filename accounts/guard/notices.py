"""Telling the owner of an account by mail or short message: written with the change, sent by a worker."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.codes.models import SignInNumber
from accounts.guard.models import AccountNotice, Event
from accounts.models import User
from portal.lib.languages import active
from portal.lib.waking import wake

KEPT = timedelta(days=90)
GIVE_UP = timedelta(hours=72)
# The first that is found names it; Chrome stands in what others call themselves.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
EVENTS = {
    "account/email/password_changed": Event.PASSWORD_CHANGED,
    "account/email/password_set": Event.PASSWORD_CHANGED,
    "account/email/password_reset": Event.PASSWORD_CHANGED,
    "account/email/email_confirm": Event.EMAIL_ADDED,
    "account/email/email_changed": Event.EMAIL_CHANGED,
    "account/email/email_deleted": Event.EMAIL_DELETED,
    "mfa/email/totp_activated": Event.APP_SET_UP,
    "mfa/email/totp_deactivated": Event.APP_REMOVED,
    "mfa/email/recovery_codes_generated": Event.CODES_MADE,
    "mfa/email/webauthn_added": Event.PASSKEY_ADDED,
    "mfa/email/webauthn_removed": Event.PASSKEY_REMOVED,
}


def shortened(address: str) -> str:
    """An IP address without its last part: enough to recognise one's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return str(found).rpartition(".")[0] + ".x"
    return str(ipaddress.ip_network(f"{found}/48", strict=False).network_address) + "/48"


def browser_name(agent: str) -> str:
    """Chrome (Android)"""
    name = next((word for mark, word in _BROWSERS if mark in agent), "")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    if name and system:
        return f"{name} ({system})"
    return name or system or re.sub(r"[^\w./-].*", "", agent)[:40] or _("Browser tidak dikenal")


def tell(
    user: User,
    event: Event,
    request: HttpRequest | None = None,
    address: str = "",
    *,
    number: str = "",
    detail: str = "",
) -> None:
    """One mail, in the language in which the person last acted here; to who has no address, one short message."""
    if not number and not (address := address or user.email or ""):
        row = SignInNumber.objects.filter(user=user).first()
        number = row.number if row else ""
    notice = AccountNotice.objects.create(
        user=user,
        event=event,
        address=address,
        number=number,
        where=shortened(request.META.get("REMOTE_ADDR", "")) if request else "",
        browser=browser_name(request.headers.get("User-Agent", "")) if request else "",
        detail=detail[:600],
        language=user.language or active(),
        next_try=timezone.now(),
    )
    transaction.on_commit(lambda: wake("accounts.tasks.send_account_notice", notice.pk))
