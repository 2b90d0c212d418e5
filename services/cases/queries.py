"""What is read of cases. Every query starts from who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.access_log import record_access
from accounts.models import AccessEntry, User
from portal.lib.references import read_case_reference
from services.adapters.circuit import FAILURES_TO_OPEN, is_down
from services.adapters.models import Connection
from services.cases.constants import TAG, Act, DeliveryState, Phase, Status
from services.cases.models import Case, CaseEvent, Delivery, Draft
from services.catalogue.models import Department, DepartmentRole


def _with_deliveries() -> Prefetch[str]:
    """Deliveries in their order, without the frozen bodies that no page shows."""
    return Prefetch("deliveries", queryset=Delivery.objects.select_related("connection").defer("body").order_by("number"))


def cases_of(resident: User) -> QuerySet[Case]:
    """A resident's cases, newest first, with what a list shows."""
    return (
        Case.objects.filter(resident=resident)
        .select_related("department", "service", "poll")
        .prefetch_related(_with_deliveries())
        .order_by("-created_at")
    )


def case_of(resident: User, typed_reference: str) -> Case | None:
    """This resident's case with that number, or None (a foreign one is as absent as none)."""
    reference = read_case_reference(settings.CASE_NUMBER_PREFIX, typed_reference)
    return cases_of(resident).filter(reference=reference).first() if reference else None


def open_drafts_of(resident: User) -> QuerySet[Draft]:
    return (
        Draft.objects.filter(owner=resident, open=True, expires_at__gt=timezone.now())
        .select_related("service", "service__department")
        .prefetch_related("service__texts")
        .order_by("-updated_at")
    )


def clerk_departments(user: User) -> list[int]:
    """Ids of the departments whose cases this person may see and decide."""
    roles = (DepartmentRole.CLERK, DepartmentRole.MANAGER)
    return list(user.memberships.filter(role__in=roles).values_list("department_id", flat=True).distinct())


def first_department(user: User) -> Department | None:
    """The department whose name heads a clerk's pages."""
    return Department.objects.filter(pk__in=clerk_departments(user)).order_by("pk").first()


def record_staff_view(case: Case, clerk: User) -> None:
    """A clerk has opened a resident's answers: one entry a clerk, case and day."""
    action = f"viewed:{timezone.localdate():%Y%m%d}"
    seen = AccessEntry.objects.filter(case_reference=case.reference, action=action, actor=clerk.get_full_name())
    if case.resident and not seen.exists():
        record_access(
            case.resident,
            actor=clerk.get_full_name(),
            actor_department=case.department.code,
            action=action,
            data=gettext_noop("Isian dan berkas permohonan"),
            purpose=case.title,
            case_reference=case.reference,
            legal_basis="UU 25/2009",
        )


def work_list(user: User) -> QuerySet[Case]:
    """The cases of a clerk's departments, nearest promise first."""
    return (
        Case.objects.filter(department_id__in=clerk_departments(user))
        .select_related("department", "service", "resident", "clerk", "poll")
        .prefetch_related(_with_deliveries())
        .order_by("due_at", "created_at")
    )


def running_cases(service_code: str) -> int:
    """How many applications for this service are not closed yet, of all departments that decide them."""
    return Case.objects.filter(service__code=service_code).exclude(phase=Phase.CLOSED).count()


def work_counts(user: User) -> dict[str, int]:
    """Figures of the work list's tabs."""
    trouble = Q(deliveries__state__in=(DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION))
    return Case.objects.filter(department_id__in=clerk_departments(user)).aggregate(
        open=Count("pk", filter=Q(phase=Phase.OPEN), distinct=True),
        waiting=Count("pk", filter=Q(phase=Phase.WAITING), distinct=True),
        closed=Count("pk", filter=Q(phase=Phase.CLOSED), distinct=True),
        trouble=Count("pk", filter=trouble, distinct=True),
    )


def backend_of(case: Case) -> Connection:
    """The connection that has the case: every later act goes where the submission went."""
    return min(case.deliveries.all(), key=lambda delivery: delivery.number).connection


def open_withdrawal(case: Case) -> Delivery | None:
    """The resident's wish to withdraw, until the department has granted or refused it."""
    if case.phase == Phase.CLOSED:
        return None
    wishes = [d for d in case.deliveries.all() if d.act == Act.WITHDRAW]
    last = max(wishes, key=lambda d: d.number, default=None)
    return None if last is None or last.state == DeliveryState.CANCELLED or last.problem else last


def answer_on_its_way(case: Case) -> Delivery | None:
    """The answer to the department's present question that is stored but not yet taken (or refused) by it."""
    if case.status != Status.WAITING_FOR_RESIDENT:
        return None
    answers = [
        d for d in case.deliveries.all() if d.act == Act.ANSWER and d.state != DeliveryState.CANCELLED and not d.problem
    ]
    last = max(answers, key=lambda d: d.number, default=None)
    return None if last is None or asked_since(case, last) else last


def asked_since(case: Case, act: Delivery) -> bool:
    """Has the department asked something after this act of the resident?"""
    done = case.events.filter(key=f"act:{act.key}").values_list("pk", flat=True).first() or 0
    return questions(case).filter(pk__gt=done).exists()


def questions(case: Case) -> QuerySet[CaseEvent]:
    """What a department has asked the resident, in the order of coming in."""
    asked = Q(kind=CaseEvent.Kind.STATUS, status=Status.WAITING_FOR_RESIDENT) | Q(kind=CaseEvent.Kind.MESSAGE)
    return case.events.filter(asked).exclude(actor__in=("resident", "portal")).order_by("pk")


def silent_systems(user: User) -> QuerySet[Connection]:
    """Systems with cases of a clerk's departments that do not answer: the breaker is open, or cases cannot be asked about."""
    mine = Connection.objects.filter(bindings__service__department_id__in=clerk_departments(user)).annotate(
        unread=Count("polls", filter=Q(polls__failures__gt=0), distinct=True)
    )
    return mine.filter(Q(failures__gte=FAILURES_TO_OPEN) | Q(unread__gt=0)).distinct()


@dataclass(frozen=True)
class DisplayTag:
    """The status word a person reads, with its style and icon."""

    word: str
    style: str
    icon: str


def display_tag(case: Case) -> DisplayTag:
    """The word for a case: trouble of its delivery is shown in place of "Terkirim", never as a status."""
    if case.status == Status.SUBMITTED:
        first = next(iter(case.deliveries.all()), None)
        if first is not None and is_waiting_for_department(first):
            return DisplayTag(_("Menunggu sistem dinas"), "warn", "cloud")
        if first is not None and first.state == DeliveryState.UNCLEAR:
            return DisplayTag(_("Sedang dikonfirmasi"), "warn", "clock")
        if first is not None and first.state == DeliveryState.NEEDS_ATTENTION:
            return DisplayTag(_("Sedang ditangani petugas"), "warn", "user")
    if open_withdrawal(case) is not None:
        return DisplayTag(_("Pembatalan diminta"), "warn", "clock")
    if answer_on_its_way(case) is not None:
        return DisplayTag(_("Jawaban sedang diteruskan"), "info", "send")
    style, icon = TAG[case.status]
    return DisplayTag(str(Status(case.status).label), style, icon)


def is_waiting_for_department(delivery: Delivery) -> bool:
    """True when the next try is still to come and one has failed, or nothing goes out to this system at the moment."""
    return delivery.state in (DeliveryState.PENDING, DeliveryState.SENDING) and (
        delivery.tries > 1
        or (delivery.tries == 1 and bool(delivery.last_error))
        or is_down(delivery.connection)
        or not delivery.connection.is_active
    )


@dataclass(frozen=True)
class Clock:
    """The promise's clock: text first, the bar is decoration. `percent` is 0 to 100."""

    text: str
    style: str
    percent: int


def promise_clock(case: Case, now: datetime | None = None) -> Clock | None:
    """How the promise stands: ok, warn from 80 %, err when past. None for a closed case or one without a promise."""
    if case.due_at is None or case.phase == Phase.CLOSED:
        return None
    now = now or timezone.now()
    total = max(1.0, (case.due_at - case.created_at).total_seconds())
    left = (case.due_at - now).total_seconds()
    percent = min(100, max(0, round(100 * (1 - left / total))))
    words = _span(abs(left))
    if left < 0:
        return Clock(_("Lewat %(span)s") % {"span": words}, "err", 100)
    return Clock(_("Sisa %(span)s") % {"span": words}, "warn" if percent >= 80 else "ok", percent)


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{_days(days)} {_hours(hours)}"
    return _hours(hours) if hours else ngettext("%(n)d menit", "%(n)d menit", minutes % 60) % {"n": minutes % 60}


def _days(n: int) -> str:
    return ngettext("%(n)d hari", "%(n)d hari", n) % {"n": n}


def _hours(n: int) -> str:
    return ngettext("%(n)d jam", "%(n)d jam", n) % {"n": n}


def public_events(case: Case) -> QuerySet[CaseEvent]:
    return case.events.filter(public=True).order_by("at", "id")
