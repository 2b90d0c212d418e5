"""What an operator does with a connection."""

from __future__ import annotations

import logging

from django.db import transaction

from accounts.models import User
from services.adapters import standing
from services.adapters.models import Connection

_log = logging.getLogger(__name__)


def switch_connection(code: str, *, active: bool, operator: User) -> bool:
    """Pause a connection or let it go on; its services say at once that applications queue. Returns whether it changed.

    Nothing is lost: deliveries wait while it is paused. Raises Connection.DoesNotExist.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(code=code)
        if connection.is_active == active:
            return False
        connection.is_active = active
        connection.save(update_fields=["is_active"])
        standing.settle(connection)
    _log.warning(
        "connection resumed" if active else "connection paused",
        extra={"connection": code, "operator": operator.public_id},
    )
    return True
