"""Sending one message by e-mail, or by SMS or WhatsApp to who has no address.

Claimed by a conditional update, so two workers never send it together.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.codes.numbers import number_of
from portal.lib.channels import send_mail_message, send_short_message
from services.notifications.models import Message

_log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
GIVE_UP = timedelta(hours=72)


def backoff(tries: int) -> timedelta:
    """1 min, 2 min, 4 min ... up to one hour."""
    return timedelta(seconds=min(3600, 60 * 2 ** min(tries, 6)))


@shared_task(name="services.notifications.tasks.send_message")
def send_message(message_id: int) -> None:
    """Send it, in the recipient's language, if it is due. A mail server that is down is tried again for 72 hours."""
    now = timezone.now()
    claimed = Message.objects.filter(pk=message_id, state=Message.State.PENDING, next_try__lte=now).update(
        next_try=now + LEASE, tries=F("tries") + 1
    )
    if not claimed:
        return
    message = Message.objects.select_related("recipient").get(pk=message_id)
    try:
        language = message.recipient.language
        with translation.override(language):
            _send(message, language)
    except Exception as error:  # SMTP servers fail in many ways; the row keeps the message
        over = now - message.created_at > GIVE_UP
        Message.objects.filter(pk=message_id).update(
            state=Message.State.FAILED if over else Message.State.PENDING,
            next_try=now + backoff(message.tries),
            last_error=type(error).__name__,
        )
        _log.warning("mail not sent", extra={"message": message_id, "error": type(error).__name__})
        return
    Message.objects.filter(pk=message_id).update(state=Message.State.SENT, sent_at=timezone.now(), last_error="")


def _send(message: Message, language: str) -> None:
    """A short message says that there is news of which application, and where to read it; nothing of the news."""
    person = message.recipient
    if person.email:
        send_mail_message(person.email, template=message.template, context=message.words(language), key=message.key)
        return
    page = settings.PUBLIC_URL + (
        reverse("case-detail", args=[message.case_reference]) if message.case_reference else "/akun/"
    )
    words = {"portal": settings.PORTAL_NAME, "reference": message.case_reference, "page": page}
    text = _("%(portal)s: ada kabar tentang permohonan %(reference)s. Baca di %(page)s") % words
    send_short_message(number_of(person), text, key=message.key)
