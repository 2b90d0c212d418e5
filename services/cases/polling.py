"""Asking departments that do not tell us by themselves where a case stands: one worker a case, never too often.

A poll's answer ends in the same `timeline.apply_status_update` as a webhook. Rules: docs/explanation/delivery.md.
"""

from __future__ import annotations

import hashlib
import logging
import random
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.lib.logs import correlated
from portal.lib.redaction import redact_text
from services.adapters import circuit, gateway
from services.adapters.models import Connection
from services.adapters.values import Misconfigured, StatusUpdate, Unavailable
from services.cases import timeline
from services.cases.constants import Phase
from services.cases.disturbance import is_awaited, tell_down
from services.cases.leases import MAX_CLOCK_JUMP, database_now, live_calls
from services.cases.models import Case, Poll
from services.cases.sentences import say

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turn:
    """This process may ask about this case; `token` fences what it writes afterwards."""

    poll: Poll
    token: str


def watch(case: Case, connection: Connection, *, now: datetime) -> None:
    """The case has moved on our side: when its department has to be asked, ask soon. In the caller's transaction."""
    if case.phase == Phase.CLOSED or not case.backend_reference or not gateway.is_polled(connection):
        return
    values = {"since": now, "next_at": now + timedelta(seconds=next_wait(0, failures=0)), "woken_until": None}
    Poll.objects.update_or_create(case=case, defaults={**values, "connection": connection})


def due(now: datetime) -> Q:
    """Filter: polls that a worker should look at (also those whose times lie absurdly far ahead after a clock jump)."""
    far = now + 2 * timedelta(seconds=settings.POLL_LONGEST_SECONDS) + MAX_CLOCK_JUMP
    free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=far)
    return free & (Q(next_at__lte=now) | Q(next_at__gt=far))


def ask(poll_id: int) -> str:
    """Ask about one case. Returns what became of it (for the log and for tests)."""
    turn = _claim(poll_id)
    if turn is None:
        return "not now"
    case = turn.poll.case
    with correlated(case.correlation_id):
        try:
            update = gateway.fetch_status(
                turn.poll.connection_id, case.backend_reference, deadline_seconds=settings.POLL_CALL_SECONDS
            )
            if update.reference and update.reference != case.reference:
                raise Unavailable("shape", maybe_sent=False, alert=True, detail="the answer is about another case")
        except Unavailable as error:
            return _settle_failure(turn, error)
        except Misconfigured as error:
            return _settle_failure(turn, Unavailable(error.cause, maybe_sent=False, counts=False, alert=True, slow=True))
        except Exception as error:
            _log.exception("poll failed in our own code", extra={"reference": case.reference})
            return _settle_failure(turn, Unavailable(type(error).__name__, maybe_sent=False, counts=False, slow=True))
        return _settle_answer(turn, update)


def _claim(poll_id: int) -> Turn | None:
    """Take the lease of a poll in one short transaction, or decide that nothing is asked now."""
    with transaction.atomic():
        found = Poll.objects.filter(pk=poll_id).values_list("connection_id", flat=True).first()
        if found is None:
            return None
        backend = Connection.objects.select_for_update(no_key=True).get(pk=found)
        now = database_now()
        poll = Poll.objects.select_related("case").filter(due(now), pk=poll_id).first()
        if poll is None:
            return None
        if poll.case.phase == Phase.CLOSED or not poll.case.backend_reference or not gateway.is_polled(backend):
            poll.delete()
            return None
        mine = Poll.objects.filter(pk=poll_id, token=poll.token)
        # Half of the ceiling is kept for deliveries; while the breaker is open only they (or the health question) probe.
        busy = live_calls(backend, now) >= max(1, backend.ceiling // 2)
        if busy or not backend.is_active or circuit.is_down(backend) or circuit.maintenance_ends(backend, now):
            mine.update(next_at=now + timedelta(seconds=random.uniform(2, 15)), woken_until=None)
            return None
        token = uuid.uuid4().hex
        lease_until = now + timedelta(seconds=settings.POLL_CALL_SECONDS + 15)
        return Turn(poll, token) if mine.update(token=token, lease_until=lease_until, woken_until=None) else None


def _settle_answer(turn: Turn, update: StatusUpdate) -> str:
    """Apply what was said, once: whoever lost the lease meanwhile writes nothing."""
    now = database_now()
    settled = not is_awaited(turn.poll.connection_id)
    circuit.record_read_success(turn.poll.connection_id, now=now, settled=settled)
    with transaction.atomic():
        case = timeline.lock_case(turn.poll.case_id)
        poll = Poll.objects.filter(pk=turn.poll.pk, token=turn.token).first()
        if poll is None:
            return "fenced"
        named = [f"{name}={text}" for name, text in sorted(update.results.items())]
        digest = hashlib.sha256("\0".join((update.word, update.version, update.message, *named)).encode()).hexdigest()
        reason = "nothing new"
        if digest != poll.seen:
            poll.seen, poll.turn = digest, poll.turn + 1
            told = replace(update, reference=case.reference, event_id=f"poll:{poll.turn}")
            reason = timeline.apply_status_update(told, case_id=case.pk)
            if not reason:
                poll.since = now
        poll.answered_at, poll.failures, poll.last_error, poll.lease_until = now, 0, "", None
        poll.next_at = now + timedelta(seconds=next_wait((now - poll.since).total_seconds(), failures=0))
        poll.save()
        return reason or "applied"


def _settle_failure(turn: Turn, error: Unavailable) -> str:
    if error.alert:
        _log.error("a status cannot be read", extra={"reference": turn.poll.case.reference, "cause": error.cause})
    with transaction.atomic():
        backend = Connection.objects.select_for_update(no_key=True).get(pk=turn.poll.connection_id)
        poll = Poll.objects.filter(pk=turn.poll.pk, token=turn.token).first()
        if poll is None:
            return "fenced"
        now = database_now()
        wait = next_wait((now - poll.since).total_seconds(), failures=poll.failures + 1)
        if error.slow:
            wait = max(wait, settings.POLL_LONGEST_SECONDS * random.uniform(0.5, 1))
        wait = max(wait, min(error.retry_after or 0.0, settings.POLL_LONGEST_SECONDS))
        poll.failures, poll.lease_until = poll.failures + 1, None
        poll.last_error = redact_text(f"{error.cause} {error.detail}".strip(), 200)
        poll.next_at = now + timedelta(seconds=wait)
        poll.save()
        if error.cause == "not_found":
            timeline.note(
                turn.poll.case,
                say(
                    "Sistem dinas tidak lagi mengenal nomor %(number)s. Status tidak diubah; periksa di sistem dinas.",
                    number=turn.poll.case.backend_reference,
                ),
                key=f"gone:{turn.poll.case.reference}:{turn.poll.case.backend_reference}",
            )
        if error.counts and circuit.record_failure(backend, now=now):
            tell_down(backend, now)
        return "again"


def next_wait(age_seconds: float, *, failures: int) -> float:
    """Seconds to the next question: a share of the time since the case last moved, longer after failures, with jitter."""
    wait = max(settings.POLL_SHORTEST_SECONDS, age_seconds * settings.POLL_AGE_SHARE)
    if failures:
        wait = max(wait, settings.POLL_SHORTEST_SECONDS * 2.0 ** min(failures, 20))
    return min(wait, settings.POLL_LONGEST_SECONDS) * random.uniform(0.8, 1.2)
