"""Tasks: each takes an id, is safe to run twice and decides nothing itself."""

from __future__ import annotations

from celery import shared_task

from services.subscriptions import delivery


@shared_task(name="services.subscriptions.tasks.send_event", acks_late=True)
def send_event(delivery_id: int) -> str:
    return delivery.run(delivery_id)
