"""After a restore: what was on its way at the moment of the backup may have arrived since, so nothing goes out unasked."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from services.adapters import gateway
from services.adapters.models import Idempotency
from services.cases import timeline
from services.cases.attachments import is_stored
from services.cases.constants import DeliveryState
from services.cases.leases import database_now
from services.cases.models import Attachment, Delivery
from services.notifications.actions import hold_unsent

ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)


def distrust_unfinished() -> dict[str, int]:
    """Decide for every delivery on its way by what its backend can do; returns counts by what was decided.

    key: the same key goes again and has no second effect. lookup: asked first. none: UNCLEAR, a person decides.
    Mails that were waiting are held: most of them were sent after the backup.
    """
    now = database_now()
    found = {"again": 0, "asked": 0, "unclear": 0}
    with transaction.atomic():
        for delivery in Delivery.objects.filter(state__in=ON_THE_WAY).select_related("case", "connection"):
            delivery.phase, delivery.token, delivery.lease_until, delivery.woken_until = "", "", None, None
            delivery.state, delivery.next_try = DeliveryState.PENDING, now
            match delivery.idempotency:
                case _ if gateway.stays_here(delivery.connection):
                    found["again"] += 1  # nothing left the portal: the restored rows are the whole truth
                case Idempotency.KEY:
                    found["again"] += 1
                case Idempotency.LOOKUP:
                    delivery.ask, delivery.ask_after = True, None
                    found["asked"] += 1
                case _:
                    delivery.state, delivery.last_error = DeliveryState.UNCLEAR, "restored from a backup"
                    found["unclear"] += 1
            delivery.save()
            if delivery.state == DeliveryState.UNCLEAR:
                timeline.say_unclear(delivery)
    found["mails_held"] = hold_unsent(_("Dipulihkan dari cadangan; mungkin sudah terkirim."))
    return found


def missing_files() -> list[str]:
    """References of attachments whose file did not come along. A good backup has none."""
    return [attachment.ref for attachment in Attachment.objects.order_by("id") if not is_stored(attachment)]
