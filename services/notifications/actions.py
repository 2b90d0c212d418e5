"""Writing and sending messages. Writing is part of the caller's transaction; sending is safe to repeat."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction

from portal.lib.waking import wake
from services.notifications.models import Message

_log = logging.getLogger(__name__)


def notify(recipient_id: int, *, template: str, key: str, context: dict[str, Any], case_reference: str = "") -> None:
    """Put one message into the outbox; the same key again adds nothing. The context never holds answers."""
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={"recipient_id": recipient_id, "template": template, "context": context, "case_reference": case_reference},
    )
    if created:
        message_id = message.pk
        transaction.on_commit(lambda: wake("services.notifications.tasks.send_message", message_id))


def hold_unsent(reason: str) -> int:
    """After a restore: waiting messages are kept for the operator and not mailed, since most were mailed after the backup."""
    waiting = Message.objects.filter(state=Message.State.PENDING)
    return waiting.update(state=Message.State.FAILED, last_error=reason[:200])
