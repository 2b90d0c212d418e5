"""Work on a clock: messages that are due."""

from celery import shared_task
from django.utils import timezone

from portal.lib.waking import wake
from services.notifications.models import Message


@shared_task(name="services.notifications.timetable.send_due_messages")
def send_due_messages() -> int:
    due = Message.objects.filter(state=Message.State.PENDING, next_try__lte=timezone.now()).order_by("next_try")
    ids = list(due.values_list("pk", flat=True)[:100])
    for message_id in ids:
        wake("services.notifications.tasks.send_message", message_id)
    return len(ids)
