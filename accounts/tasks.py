"""Telling an app that a session has ended, and an owner what happened to the account.

Claimed by a conditional update, so two workers never tell it together.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import urlencode

from celery import shared_task
from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation

from accounts.codes import texts
from accounts.codes.models import OneTimeCode
from accounts.guard import notices
from accounts.guard.models import BY_STAFF, AccountNotice, Event
from accounts.sso.endings import GIVE_UP, logout_token
from accounts.sso.models import LogoutNotice
from portal.lib.channels import send_mail_message, send_short_message
from portal.lib.crypto import blind_index
from portal.lib.http import CallError, Limits, NetworkPolicy, Request, call

_log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
CODE_LEASE = timedelta(seconds=20)
# An app that hangs holds a thread of a worker for no longer than this.
LIMITS = Limits(body_bytes=8_192, connect_seconds=2.0, dns_seconds=2.0)
DEADLINE_SECONDS = 5.0


def backoff(tries: int) -> timedelta:
    """10 s, 20 s, 40 s ... up to one hour."""
    return timedelta(seconds=min(3600, 10 * 2 ** min(tries, 9)))


@shared_task(name="accounts.tasks.tell_logout")
def tell_logout(notice_id: int) -> None:
    """Tell it, if it is due. An app that is away is tried again for 72 hours; one that says 400 has understood and refused."""
    now = timezone.now()
    due = LogoutNotice.objects.filter(pk=notice_id, next_try__lte=now)
    if not due.update(next_try=now + LEASE, tries=F("tries") + 1):
        return
    notice = LogoutNotice.objects.select_related("client__profile").get(pk=notice_id)
    error = _tell(notice)
    over = error == "400" or now - notice.made_at > GIVE_UP
    LogoutNotice.objects.filter(pk=notice_id).update(
        told_at=None if error else timezone.now(),
        next_try=None if not error or over else now + backoff(notice.tries),
        last_error=error,
    )
    if error:
        _log.warning("app not told of a sign-out", extra={"client": notice.client_id, "error": error, "over": over})


@shared_task(name="accounts.tasks.send_account_notice")
def send_account_notice(notice_id: int) -> None:
    """Mail it (or send a short message), if it is due; tried for 72 hours."""
    now = timezone.now()
    if not AccountNotice.objects.filter(pk=notice_id, next_try__lte=now).update(next_try=now + LEASE, tries=F("tries") + 1):
        return
    notice = AccountNotice.objects.select_related("user").get(pk=notice_id)
    context = {
        "event": Event(notice.event),
        "notice": notice,
        "name": notice.user.get_full_name(),
        "by_staff": notice.event in BY_STAFF,
    }
    try:
        with translation.override(notice.language):
            if notice.number:
                page = settings.PUBLIC_URL + reverse("usersessions_list")
                text = texts.of_event(str(Event(notice.event).label), page)
                send_short_message(notice.number, text, key=f"account-{notice.pk}")
            elif notice.address:
                send_mail_message(notice.address, template="account_event", context=context, key=f"account-{notice.pk}")
        sent: datetime | None = timezone.now()
    except Exception as error:  # a mail backend raises many kinds
        sent = None
        _log.warning("owner of an account not told", extra={"notice": notice.pk, "error": type(error).__name__})
    over = sent is not None or now - notice.made_at > notices.GIVE_UP
    AccountNotice.objects.filter(pk=notice_id).update(sent_at=sent, next_try=None if over else now + backoff(notice.tries))


@shared_task(name="accounts.tasks.send_code")
def send_code(code_id: int) -> None:
    """Send it, if it is due; tried as long as it is of use. Sent, its code is erased here: who asked writes it."""
    now = timezone.now()
    due = OneTimeCode.objects.filter(pk=code_id, next_try__lte=now, used_at=None, expires_at__gt=now)
    if not due.update(next_try=now + CODE_LEASE, tries=F("tries") + 1):
        return
    row = OneTimeCode.objects.select_related("user").get(pk=code_id)
    key = f"code-{blind_index(row.handle, purpose='message')[:24]}"
    try:
        with translation.override(row.language):
            if row.channel == "email":
                template = "one_time_code" if row.user else "unknown_account"
                send_mail_message(row.address, template=template, context={"code": row.code}, key=key)
            else:
                send_short_message(row.address, texts.of_code(row), key=key, name=row.channel)
    except Exception as error:  # mail backends and gateways fail in many ways
        _log.warning("code not sent", extra={"code_id": row.pk, "channel": row.channel, "error": type(error).__name__})
        OneTimeCode.objects.filter(pk=code_id).update(next_try=now + timedelta(seconds=5 * 2 ** min(row.tries, 4)))
        return
    OneTimeCode.objects.filter(pk=code_id).update(code=None, next_try=None, sent_at=timezone.now())


def _tell(notice: LogoutNotice) -> str:
    """What went wrong, "" when the app has it."""
    policy = NetworkPolicy.of(settings.ADAPTER_ALLOWED_NETWORKS, allow_http=settings.ADAPTER_ALLOW_HTTP)
    request = Request(
        "POST",
        notice.client.profile.backchannel_logout_uri,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode({"logout_token": logout_token(notice)}).encode(),
    )
    try:
        status = call(request, policy=policy, fresh=True, deadline_seconds=DEADLINE_SECONDS, limits=LIMITS).status
    except CallError as error:
        return str(error.cause)
    return "" if 200 <= status < 300 else str(status)
