"""What integrators and their programs do with subscriptions."""

from __future__ import annotations

import base64
import logging
import secrets as random_secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portal.lib.references import new_token
from portal.lib.waking import wake
from services.catalogue.models import Department
from services.subscriptions.constants import TEST, EventState, OffReason
from services.subscriptions.events import event_of
from services.subscriptions.models import EventDelivery, Subscription
from services.subscriptions.reading import cursor, newest_line, read_timelines
from services.subscriptions.targets import check_target

OVERLAP_HOURS = 24
MOST_OVERLAP_HOURS = 7 * 24
MOST_OLD_SECRETS = 3
MOST_OF_A_DEPARTMENT = 50
TEST_TRIES_FOR = timedelta(minutes=5)
_log = logging.getLogger(__name__)


class TooManyError(Exception):
    """The department has as many subscriptions as it may have."""


def new_secret() -> str:
    return "whsec_" + base64.b64encode(random_secrets.token_bytes(32)).decode()


def create_subscription(
    department: Department, *, label: str, url: str, event_types: Sequence[str], by: User | None, ceiling: int = 2
) -> tuple[Subscription, str]:
    """From now on these events go there. Returns the secret too, which is shown this once.

    Raises TargetRefusedError, TooManyError.
    """
    check_target(url)
    secret = new_secret()
    with transaction.atomic():
        Department.objects.select_for_update().get(pk=department.pk)
        if department.subscriptions.count() >= MOST_OF_A_DEPARTMENT:
            raise TooManyError
        cursor()  # reading waits: a line is either before this subscription or told to it
        made = Subscription.objects.create(
            department=department,
            label=label,
            url=url,
            event_types=sorted(set(event_types)),
            secrets=[{"value": secret, "until": None}],
            first_event=newest_line(),
            ceiling=ceiling,
            created_by=by,
        )
    _note(made, "created", by)
    return made, secret


def change_subscription(subscription: Subscription, *, by: User | None, **changed: Any) -> Subscription:
    """Raises TargetRefusedError. Keys: label, url, event_types, is_active. Events that wait go to the new address."""
    if "url" in changed and changed["url"] != subscription.url:
        check_target(changed["url"])
    with transaction.atomic():
        mine = Subscription.objects.select_for_update().get(pk=subscription.pk)
        if "event_types" in changed:
            changed["event_types"] = sorted(set(changed["event_types"]))
        if "is_active" in changed:
            changed["off_reason"] = "" if changed["is_active"] else mine.off_reason or OffReason.PERSON
        fresh_start = changed.get("url", mine.url) != mine.url or (changed.get("is_active") and not mine.is_active)
        if fresh_start:
            changed |= {"failures": 0, "quiet_until": None}
            waiting = mine.deliveries.filter(state=EventState.WAITING)
            waiting.update(next_try=timezone.now(), woken_until=None)
        for name, value in changed.items():
            setattr(mine, name, value)
        mine.save(update_fields=list(changed))
    _note(mine, "changed " + " ".join(sorted(changed)), by)
    return mine


def delete_subscription(subscription: Subscription, *, by: User | None) -> None:
    """Nothing is told there any more; what was waiting for it is gone too."""
    _note(subscription, "deleted", by)
    subscription.delete()


def rotate_secret(subscription: Subscription, *, overlap_hours: int = OVERLAP_HOURS, by: User | None) -> str:
    """A new secret. Until the overlap is over each event is signed with the old one as well."""
    secret = new_secret()
    with transaction.atomic():
        mine = Subscription.objects.select_for_update().get(pk=subscription.pk)
        now = timezone.now()
        end = now + timedelta(hours=overlap_hours)
        old = [{**row, "until": _sooner(row["until"], end)} for row in valid_secrets(mine, now)]
        mine.secrets = [{"value": secret, "until": None}, *(old[:MOST_OLD_SECRETS] if overlap_hours else [])]
        mine.save(update_fields=["secrets"])
    _note(mine, "secret rotated", by)
    return secret


def _sooner(until: str | None, end: datetime) -> str:
    return min(datetime.fromisoformat(until), end).isoformat() if until else end.isoformat()


def valid_secrets(subscription: Subscription, now: datetime) -> list[dict[str, Any]]:
    """Those that events are signed with at this moment, the newest first."""
    return [row for row in subscription.secrets if row["until"] is None or datetime.fromisoformat(row["until"]) > now]


def send_test(subscription: Subscription) -> EventDelivery:
    """An event that says nothing, to try the address with: tried for five minutes, beside everything else."""
    now, event_id = timezone.now(), f"test.{new_token()}"
    data = {"subscription": subscription.ref, "department": subscription.department.code}
    with transaction.atomic():
        made = EventDelivery.objects.create(
            subscription=subscription,
            event_id=event_id,
            event_type=TEST,
            body=event_of(event_id=event_id, event_type=TEST, at=now, data=data),
            next_try=now,
            gives_up_at=now + TEST_TRIES_FOR,
        )
        # Whoever asks wants to know now, not when the address is tried again.
        Subscription.objects.filter(pk=subscription.pk).update(quiet_until=None)
        transaction.on_commit(lambda: wake("services.subscriptions.tasks.send_event", made.pk))
    return made


def redeliver(subscription: Subscription, *, delivery: EventDelivery | None = None) -> int:
    """Send an event again, or all those that were given up: with the same id, for the usual 72 hours. How many."""
    now = timezone.now()
    rows = subscription.deliveries.exclude(state=EventState.WAITING)
    rows = rows.filter(state=EventState.DEAD) if delivery is None else rows.filter(pk=delivery.pk)
    with transaction.atomic():
        count = rows.update(
            state=EventState.WAITING,
            attempts=0,
            next_try=now,
            gives_up_at=now + timedelta(seconds=settings.EVENT_GIVE_UP_SECONDS),
            woken_until=None,
            sent_at=None,
        )
        Subscription.objects.filter(pk=subscription.pk).update(quiet_until=None)
    return count


def hold_unsent() -> int:
    """After a restore: what waited was mostly told since the backup, so it is kept as given up until somebody sends it again."""
    while read_timelines()[1]:
        pass
    waiting = EventDelivery.objects.filter(state=EventState.WAITING)
    return waiting.update(state=EventState.DEAD, lease_until=None, woken_until=None, last_cause="restored")


def _note(subscription: Subscription, act: str, by: User | None) -> None:
    extra = {"subscription": subscription.ref, "act": act, "by": by.public_id if by else "program"}
    _log.info("subscription managed", extra=extra)
