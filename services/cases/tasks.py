"""Tasks: each takes an id, is safe to run twice and decides nothing itself."""

from __future__ import annotations

from celery import shared_task

from services.cases import delivery, inbound, polling


@shared_task(name="services.cases.tasks.deliver_case", acks_late=True)
def deliver_case(delivery_id: int) -> str:
    return delivery.deliver(delivery_id)


@shared_task(name="services.cases.tasks.ask_status", acks_late=True)
def ask_status(poll_id: int) -> str:
    return polling.ask(poll_id)


@shared_task(name="services.cases.tasks.apply_inbound_event", acks_late=True)
def apply_inbound_event(event_id: int) -> str:
    return inbound.apply_event(event_id)
