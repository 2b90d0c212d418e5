"""Work on a clock: apps that are to be told of a sign-out, and forgetting what has expired."""

from celery import shared_task
from django.utils import timezone

from accounts.codes import issuing
from accounts.codes.models import OneTimeCode
from accounts.guard import guessing, notices
from accounts.guard.models import AccountNotice
from accounts.sso import endings, grants
from accounts.sso.models import LogoutNotice, UsedAssertion
from portal.lib.waking import wake


@shared_task(name="accounts.timetable.tell_due_logouts")
def tell_due_logouts() -> int:
    ids = list(
        LogoutNotice.objects.filter(next_try__lte=timezone.now()).order_by("next_try").values_list("pk", flat=True)[:100]
    )
    for notice in ids:
        wake("accounts.tasks.tell_logout", notice)
    return len(ids)


@shared_task(name="accounts.timetable.end_gone_sessions")
def end_gone_sessions() -> int:
    """Apps hear also of sessions that nobody signed out of."""
    return endings.end_gone(timezone.now())


@shared_task(name="accounts.timetable.forget_old_grants")
def forget_old_grants() -> int:
    """Families by age, never a spent refresh token of a living one: it is the memory of reuse."""
    now = timezone.now()
    UsedAssertion.objects.filter(expires_at__lt=now).delete()
    return grants.forget_old(now)


@shared_task(name="accounts.timetable.send_due_notices")
def send_due_notices() -> int:
    due = AccountNotice.objects.filter(next_try__lte=timezone.now()).order_by("next_try")
    ids = list(due.values_list("pk", flat=True)[:100])
    for notice in ids:
        wake("accounts.tasks.send_account_notice", notice)
    return len(ids)


@shared_task(name="accounts.timetable.send_due_codes")
def send_due_codes() -> int:
    """And erase those whose time is over."""
    issuing.erase_over()
    due = OneTimeCode.objects.filter(next_try__lte=timezone.now()).order_by("next_try")
    ids = list(due.values_list("pk", flat=True)[:100])
    for code in ids:
        wake("accounts.tasks.send_code", code)
    return len(ids)


@shared_task(name="accounts.timetable.forget_old_guesses")
def forget_old_guesses() -> int:
    """And the mails about accounts that were sent long ago."""
    AccountNotice.objects.filter(next_try=None, made_at__lt=timezone.now() - notices.KEPT).delete()
    return guessing.forget_old()
