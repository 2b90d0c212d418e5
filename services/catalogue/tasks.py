"""Mailing an invitation. Claimed by a conditional update, so two workers never send it together."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation

from portal.lib.channels import send_mail_message
from services.catalogue.models import Invitation

_log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)


def backoff(tries: int) -> timedelta:
    """1 min, 2 min, 4 min ... up to one hour."""
    return timedelta(seconds=min(3600, 60 * 2 ** min(tries, 6)))


@shared_task(name="services.catalogue.tasks.send_invitation")
def send_invitation(invitation_id: int) -> None:
    """Mail it, if it is due; tried until it expires."""
    now = timezone.now()
    due = Invitation.objects.filter(pk=invitation_id, next_try__lte=now)
    if not due.update(next_try=now + LEASE, tries=F("tries") + 1):
        return
    invitation = Invitation.objects.select_related("department", "invited_by").get(pk=invitation_id)
    try:
        with translation.override(invitation.language):
            link = settings.PUBLIC_URL + reverse("invitation", args=[invitation.token])
            context = {"invitation": invitation, "department": invitation.department.label, "link": link}
            send_mail_message(invitation.email, template="invitation", context=context, key=f"invitation-{invitation.pk}")
    except Exception as error:  # a mail backend raises many kinds
        over = now + backoff(invitation.tries) > invitation.expires_at
        due = Invitation.objects.filter(pk=invitation_id, sent_at=None, taken_back_at=None, accepted_at=None)
        due.update(next_try=None if over else now + backoff(invitation.tries))
        _log.warning("invitation not sent", extra={"invitation": invitation.pk, "error": type(error).__name__})
        return
    Invitation.objects.filter(pk=invitation_id).update(sent_at=timezone.now(), next_try=None)
