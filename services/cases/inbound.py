"""Applying what departments told us by webhook: once, whatever the order and however often it comes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.lib.logs import correlated
from portal.lib.tracing import span
from services.adapters.values import Receipt, StatusUpdate
from services.cases import polling, timeline
from services.cases.constants import DeliveryState
from services.cases.leases import database_now, wake_following
from services.cases.models import Case, Delivery, InboundEvent

_log = logging.getLogger(__name__)

WAIT_FOR_CASE = timedelta(hours=1)


def pack(update: StatusUpdate) -> dict[str, Any]:
    """A StatusUpdate as JSON for the stored row."""
    return {
        "reference": update.reference,
        "word": update.word,
        "status": update.status,
        "backend_reference": update.backend_reference,
        "message": update.message,
        "version": update.version,
        "event_id": update.event_id,
        "at": update.at.isoformat() if update.at else None,
        "results": dict(update.results),
    }


def unpack(payload: dict[str, Any]) -> StatusUpdate:
    at = payload.get("at")
    return StatusUpdate(**{**payload, "at": datetime.fromisoformat(at) if at else None})


def apply_event(event_id: int) -> str:
    """Apply one stored event. Returns the reason why nothing changed, or "" when it did."""
    with transaction.atomic():
        event = InboundEvent.objects.select_for_update().get(pk=event_id)
        if event.state != InboundEvent.State.STORED:
            return "already done"
        with correlated(event.correlation_id), span("apply event", "consumer"):
            update = unpack(event.payload)
            case = _case_of(event.connection_id, update)
            if case is None:
                if timezone.now() - event.received_at < WAIT_FOR_CASE:
                    return "case not known yet"
                return _close(event, "unknown case")
            _close_unclear(event.connection_id, case, update)
            reason = timeline.apply_status_update(update, case_id=case.pk)
            return _close(event, reason)


def _case_of(connection_id: int, update: StatusUpdate) -> Case | None:
    """Only cases that were handed to this connection: one department cannot speak about another's."""
    mine = Case.objects.filter(deliveries__connection_id=connection_id).distinct()
    if update.reference:
        return mine.filter(reference=update.reference).first()
    return mine.filter(backend_reference=update.backend_reference).first() if update.backend_reference else None


def _close_unclear(connection_id: int, case: Case, update: StatusUpdate) -> None:
    """A verified event that carries our reference proves that an unclear delivery arrived."""
    locked = timeline.lock_case(case.pk)
    unclear = Delivery.objects.filter(case=case, connection_id=connection_id, number=0, state=DeliveryState.UNCLEAR)
    delivery = unclear.first()
    if delivery is None or not unclear.update(
        state=DeliveryState.SENT, sent_at=timezone.now(), backend_reference=update.backend_reference[:120], last_error=""
    ):
        return
    timeline.record_receipt(locked, Receipt(update.backend_reference or case.backend_reference), delivery)
    polling.watch(locked, delivery.connection, now=database_now())
    wake_following(delivery)


def _close(event: InboundEvent, reason: str) -> str:
    event.state = InboundEvent.State.IGNORED if reason else InboundEvent.State.APPLIED
    event.reason = reason
    event.save(update_fields=["state", "reason"])
    if reason:
        _log.info("event changed nothing", extra={"event": event.pk, "reason": reason})
    return reason
