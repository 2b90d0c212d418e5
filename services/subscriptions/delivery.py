"""One attempt at telling one event: lease, signed call, record. At least once: a process killed between the two tells it again.

An address that fails is left alone for growing waits and then asked with one event; what waits for others is not delayed.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from portal.lib.faults import reach
from portal.lib.http import Answer, CallError, Request, call
from portal.lib.standard_webhooks import sign
from services.adapters.wire import policy, refuse_open_transaction
from services.cases.leases import database_now
from services.catalogue.models import DepartmentRole
from services.notifications.actions import notify
from services.subscriptions.constants import EventState, OffReason
from services.subscriptions.events import CONTENT_TYPE
from services.subscriptions.models import EventDelivery, Subscription
from services.subscriptions.queries import due, in_turn, leased

LEASE_SLACK_SECONDS = 20.0
FIRST_WAIT_SECONDS = 5.0
LONGEST_QUIET_SECONDS = 900.0
RUN_SECONDS = 10.0
WAS_DOWN = 3  # failures in a row after which a success brings what waited back at once
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    delivery: EventDelivery
    subscription: Subscription
    token: str
    ends: float  # monotonic clock


def run(delivery_id: int) -> str:
    """Tell this event, and while that goes well, for ten seconds those of the same subscription that are due as well."""
    end = time.monotonic() + RUN_SECONDS
    outcome = deliver(delivery_id)
    while outcome == "sent" and time.monotonic() < end:
        following = _next_of_the_subscription(delivery_id)
        if following is None:
            break
        outcome = deliver(following)
    return outcome


def _next_of_the_subscription(delivery_id: int) -> int | None:
    same = EventDelivery.objects.filter(pk=delivery_id).values("subscription")
    rows = EventDelivery.objects.filter(due(database_now()), in_turn(), subscription__in=same)
    return rows.order_by("next_try", "sequence").values_list("pk", flat=True).first()


def deliver(delivery_id: int) -> str:
    """Tell it if it is its turn. Returns what became of it, for the log of tasks."""
    refuse_open_transaction()
    lease = claim(delivery_id)
    if lease is None:
        return "not now"
    try:
        answer = _send(lease)
    except CallError as error:
        return _failed(lease, error.cause.value)
    reach("event_sent")
    if 200 <= answer.status < 300:
        return _told(lease, answer)
    if answer.status == 410:
        return _gone(lease)
    slow_down = answer.status >= 500 or answer.status == 429
    return _failed(lease, f"http_{answer.status}", answer=answer, counts=slow_down)


def claim(delivery_id: int) -> Lease | None:
    """Take the lease in one short transaction; the subscription's row is locked, so its ceiling is exact."""
    with transaction.atomic():
        now = database_now()
        wanted = EventDelivery.objects.filter(pk=delivery_id, state=EventState.WAITING)
        of = wanted.values_list("subscription_id", flat=True).first()
        if of is None:
            return None
        subscription = Subscription.objects.select_for_update(no_key=True).get(pk=of)
        if not subscription.is_active or (subscription.quiet_until and subscription.quiet_until > now):
            wanted.update(woken_until=None)
            return None
        row = wanted.filter(due(now), in_turn(), gives_up_at__gt=now).first()
        if row is None:
            wanted.update(woken_until=None)
            return None
        if not _has_room(subscription, now):
            wanted.update(next_try=now + timedelta(seconds=1), woken_until=None)
            return None
        token = uuid.uuid4().hex
        until = now + timedelta(seconds=settings.EVENT_CALL_SECONDS + LEASE_SLACK_SECONDS)
        if not wanted.filter(token=row.token).update(
            token=token, lease_until=until, attempts=F("attempts") + 1, woken_until=None
        ):
            return None
        row.attempts += 1
        return Lease(row, subscription, token, time.monotonic() + settings.EVENT_CALL_SECONDS)


def _has_room(subscription: Subscription, now: datetime) -> bool:
    """Its own ceiling (one while it fails); a second slot only while half of all are free, the last for none that fails."""
    live = EventDelivery.objects.filter(leased(now), state=EventState.WAITING)
    own, all_of_them = live.filter(subscription=subscription).count(), live.count()
    if own >= (1 if subscription.failures else subscription.ceiling):
        return False
    slots = settings.EVENT_SLOTS
    return all_of_them < (slots // 2 if own else slots - 1 if subscription.failures else slots)


def _send(lease: Lease) -> Answer:
    """Raises CallError."""
    body, stamp = lease.delivery.body.encode(), int(time.time())
    event_id = lease.delivery.event_id
    headers = {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "LayananKota/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(sign(secret, event_id, stamp, body) for secret in _secrets(lease.subscription)),
    }
    request = Request("POST", lease.subscription.url, headers, body)
    seconds = max(0.0, lease.ends - time.monotonic())
    return call(request, policy=policy(), fresh=True, deadline_seconds=seconds)


def _secrets(subscription: Subscription) -> list[str]:
    now = timezone.now()
    return [
        row["value"] for row in subscription.secrets if row["until"] is None or datetime.fromisoformat(row["until"]) > now
    ]


def _mine(lease: Lease) -> dict[str, object]:
    return {"pk": lease.delivery.pk, "token": lease.token, "state": EventState.WAITING}


def _told(lease: Lease, answer: Answer) -> str:
    now, subscription = timezone.now(), lease.subscription
    with transaction.atomic():
        mine = EventDelivery.objects.filter(**_mine(lease))
        mine.update(state=EventState.SENT, sent_at=now, lease_until=None, last_status=answer.status, last_cause="", token="")
        if subscription.failures >= WAS_DOWN:
            subscription.deliveries.filter(state=EventState.WAITING).update(next_try=now, woken_until=None)
        Subscription.objects.filter(pk=subscription.pk).update(
            failures=0, quiet_until=None, last_success_at=now, last_cause=""
        )
    return "sent"


def _failed(lease: Lease, cause: str, *, answer: Answer | None = None, counts: bool = True) -> str:
    """`counts`: the address itself is unwell (not only this event unwelcome), so the others wait a little too."""
    now, subscription = timezone.now(), lease.subscription
    asked = _retry_after(answer)
    wait = max(asked, waits_for(lease.delivery.attempts))
    with transaction.atomic():
        EventDelivery.objects.filter(**_mine(lease)).update(
            next_try=now + timedelta(seconds=wait),
            lease_until=None,
            last_status=answer.status if answer else None,
            last_cause=cause[:40],
        )
        changed: dict[str, object] = {"last_failure_at": now, "last_cause": cause[:40]}
        if counts:
            quiet = max(asked, min(LONGEST_QUIET_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(subscription.failures, 10)))
            changed |= {"failures": F("failures") + 1, "quiet_until": now + timedelta(seconds=quiet)}
        Subscription.objects.filter(pk=subscription.pk).update(**changed)
    _log.info(
        "event not taken", extra={"subscription": subscription.ref, "cause": cause, "attempt": lease.delivery.attempts}
    )
    return cause


def waits_for(attempts: int) -> float:
    """Seconds until the next try: 5, 15, 45 ... up to the cap, with a fifth of jitter."""
    wait = min(settings.EVENT_BACKOFF_CAP_SECONDS, FIRST_WAIT_SECONDS * 3 ** min(max(attempts, 1) - 1, 10))
    return float(wait) * random.uniform(0.8, 1.2)


def _retry_after(answer: Answer | None) -> float:
    """Seconds that the receiver asks for, at most 15 minutes; a date counts as nothing."""
    asked = answer.headers.get("retry-after", "") if answer else ""
    return min(LONGEST_QUIET_SECONDS, float(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0.0


def _gone(lease: Lease) -> str:
    """410: the receiver wants nothing more. Switched off, and the department's integrators are told."""
    with transaction.atomic():
        EventDelivery.objects.filter(**_mine(lease)).update(lease_until=None, last_status=410, last_cause="http_410")
        changed = Subscription.objects.filter(pk=lease.subscription.pk, is_active=True).update(
            is_active=False, off_reason=OffReason.GONE, last_failure_at=timezone.now(), last_cause="http_410"
        )
        if changed:
            _tell_integrators(lease.subscription, "subscription_off", f"{lease.delivery.pk}:{lease.delivery.attempts}")
    return "gone"


def give_up(subscription: Subscription, now: datetime) -> int:
    """Events whose 72 hours are over become DEAD and wait in a list; the integrators hear of it once a day."""
    rows = subscription.deliveries.filter(state=EventState.WAITING, gives_up_at__lte=now).exclude(leased(now))
    with transaction.atomic():
        lost = rows.exclude(case_reference="").exists()
        count = rows.update(state=EventState.DEAD, woken_until=None)
        if lost:
            _log.error("events given up", extra={"subscription": subscription.ref, "count": count})
            _tell_integrators(subscription, "subscription_dead", f"{timezone.localdate(now):%Y%m%d}")
    return count


def _tell_integrators(subscription: Subscription, template: str, key: str) -> None:
    department = subscription.department
    members = department.members.filter(role=DepartmentRole.INTEGRATOR, user__is_active=True)
    for user_id in members.values_list("user_id", flat=True).distinct():
        notify(
            user_id,
            template=template,
            key=f"{template}:{subscription.ref}:{key}:{user_id}"[:120],
            context={"label": subscription.label, "department": department.short_name, "ref": subscription.ref},
        )
