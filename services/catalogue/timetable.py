"""Work on a clock: invitations whose mail is due, notices whose time has come or is over, counts of searches that are old."""

from celery import shared_task
from django.utils import timezone

from portal.lib.waking import wake
from services.catalogue import counting, notices
from services.catalogue.models import Invitation


@shared_task(name="services.catalogue.timetable.send_due_invitations")
def send_due_invitations() -> int:
    due = Invitation.objects.filter(next_try__lte=timezone.now()).order_by("next_try")
    ids = list(due.values_list("pk", flat=True)[:100])
    for invitation in ids:
        wake("services.catalogue.tasks.send_invitation", invitation)
    return len(ids)


@shared_task(name="services.catalogue.timetable.turn_notices")
def turn_notices() -> int:
    return notices.turn()


@shared_task(name="services.catalogue.timetable.forget_searches")
def forget_searches() -> int:
    return counting.forget()
