"""What changes a case. Each action is one transaction; what can fail outside happens after commit, in a task."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portal.lib.clocks import add_working_days
from portal.lib.clocks import today as today_in_city
from portal.lib.faults import reach
from portal.lib.logs import correlation_id
from portal.lib.references import new_case_reference
from portal.lib.waking import wake
from services.adapters import gateway
from services.adapters.values import Misconfigured, Prepared, Receipt, Submission
from services.cases import drafts, polling, queries, timeline
from services.cases.attachments import as_submitted
from services.cases.constants import Act, DeliveryState, Status
from services.cases.journeys import runs
from services.cases.leases import wake_following
from services.cases.models import Attachment, Case, Delivery, Draft
from services.cases.sentences import say
from services.catalogue.models import Availability, Department, Service
from services.catalogue.queries import department_for, holidays
from services.forms.models import FormVersion

_log = logging.getLogger(__name__)
_MAX_NUMBER_CLASHES = 20
MAX_PROMISE = 3_650  # whatever was written on the page, a submission is never refused for it


class KeyReusedError(Exception):
    """The same submission key came with another body."""


class NotAcceptingError(Exception):
    """The service has no live connection, so nothing may be promised."""


class PausedError(NotAcceptingError):
    """The service is paused: nobody can start or send just now."""


class WithdrawnError(NotAcceptingError):
    """The service is not public any more: who had begun cannot send."""


class ClosedError(NotAcceptingError):
    """This version of the form is not accepted any more."""


class UndeclaredError(Exception):
    """The declaration of truth was not ticked."""


class ChangedError(Exception):
    """The answers are not those that the check page showed."""


class UnfinishedError(Exception):
    """Some answers are missing or wrong."""


class ConflictError(Exception):
    """Somebody else was faster, or the step is not one of the table. The message is for the person."""


def submit_case(
    service: Service,
    *,
    resident: User,
    version: FormVersion,
    answers: dict[str, Any],
    attachments: Iterable[Attachment],
    submission_key: str,
    body_digest: str,
    today: date,
) -> Case:
    """Store a case with its files, first line and outbox row in one transaction, and wake a worker after commit.

    `answers` are effective and already judged. The same key and digest again gives the same case, at any moment and
    from any number of doors. Raises KeyReusedError, NotAcceptingError.
    """
    binding = gateway.binding_for(service)
    if binding is None:
        raise NotAcceptingError(service.code)
    with transaction.atomic():
        existing = case_with_key(submission_key, body_digest)
        if existing is not None:
            return existing
        if service.availability == Availability.PAUSED:
            raise PausedError(service.code)
        files = list(attachments)
        now = timezone.now()
        department = department_for(service, _kelurahan_of(version, answers))
        values = {
            "resident": resident,
            "service": service,
            "department": department,
            "version": version,
            **_titles_of(service),
            "answers": answers,
            "answered_on": today,
            "submission_key": submission_key,
            "body_digest": body_digest,
            "created_at": now,
            "status_at": now,
            "due_at": due_at(service, now),
            "correlation_id": correlation_id(),
        }
        case = _create_numbered(values, today)
        if case is None:
            other = case_with_key(submission_key, body_digest)
            assert other is not None, "the unique key was taken by a transaction that is visible now"
            return other
        for attachment in files:
            attachment.case = case
            attachment.save(update_fields=["case"])
        try:
            prepared = gateway.prepare(binding, _submission(case, service, department, files))
        except Misconfigured as error:
            _log.error(
                "submission cannot be prepared",
                extra={"service": service.code, "cause": error.cause, "detail": error.detail},
            )
            raise NotAcceptingError(service.code) from error
        delivery = _enqueue(case, prepared)
        timeline.open_timeline(case)
        _log.info("submission stored", extra={"reference": case.reference, "service": service.code, "files": len(files)})
        transaction.on_commit(lambda: _after_commit(delivery.pk))
        reach("web_before_commit")
    return case


def submit_draft(draft: Draft, *, confirmed: str, declared: bool) -> Case:
    """Send a draft: exactly what the check page showed (`confirmed` is its digest), once.

    Twelve presses, two tabs, a reload or Back give the same case. Raises ClosedError, UndeclaredError, ChangedError,
    UnfinishedError, NotAcceptingError.
    """
    day = today_in_city()
    with transaction.atomic():
        try:
            locked = drafts.lock(draft)
        except drafts.AlreadySentError as sent:
            return sent.case
        if drafts.is_closed(locked.version):
            raise ClosedError(locked.ref)
        walk = drafts.state_of(locked, day, declared=True)
        if walk.problems:
            raise UnfinishedError(locked.ref)
        digest = drafts.digest_of(locked.version, walk.answers)
        if confirmed != digest:
            raise ChangedError(locked.ref)
        if not declared:
            raise UndeclaredError(locked.ref)
        if not locked.service.is_public:
            raise WithdrawnError(locked.ref)
        case = submit_case(
            locked.service,
            resident=locked.owner,
            version=locked.version,
            answers=walk.answers,
            attachments=drafts.files_named(walk.answers, locked.attachments.all()),
            submission_key=f"draft:{locked.ref}",
            body_digest=digest,
            today=day,
        )
        locked.open = None
        locked.answers = {}
        locked.save(update_fields=["open", "answers", "updated_at"])
        runs.note_sent(locked, case, walk.answers)
    return case


def _after_commit(delivery_id: int) -> None:
    reach("web_after_commit")
    wake("services.cases.tasks.deliver_case", delivery_id)


def case_with_key(submission_key: str, body_digest: str) -> Case | None:
    """The case that this key has made before. Raises KeyReusedError when it was made of another body."""
    case = Case.objects.filter(submission_key=submission_key).first()
    if case is not None and case.body_digest != body_digest:
        raise KeyReusedError(submission_key)
    return case


def _create_numbered(values: dict[str, Any], today: date) -> Case | None:
    """A new case under a free number, or None when the submission key was taken meanwhile."""
    for _attempt in range(_MAX_NUMBER_CLASHES):
        try:
            with transaction.atomic():
                return Case.objects.create(reference=new_case_reference(settings.CASE_NUMBER_PREFIX, today), **values)
        except IntegrityError:
            if Case.objects.filter(submission_key=values["submission_key"]).exists():
                return None
    raise RuntimeError("no free case number found: this month's numbers are nearly used up")


def _kelurahan_of(version: FormVersion, answers: dict[str, Any]) -> str:
    for part in version.document["parts"]:
        for question in part["questions"]:
            if question["type"] == "kelurahan" and answers.get(question["key"]):
                return str(answers[question["key"]])
    return ""


def _titles_of(service: Service) -> dict[str, str]:
    """The service's names as a case keeps them."""
    names = dict(service.texts.values_list("language", "name"))
    return {"title": names.get("id", service.code), "title_en": names.get("en", "")}


def _submission(case: Case, service: Service, department: Department, files: list[Attachment]) -> Submission:
    return Submission(
        reference=case.reference,
        service_code=service.code,
        department_code=department.code,
        submitted_at=case.created_at,
        answers=case.answers,
        files=tuple(as_submitted(attachment) for attachment in files),
    )


def _enqueue(case: Case, prepared: Prepared) -> Delivery:
    return Delivery.objects.create(
        case=case,
        key=case.reference,
        connection_id=prepared.connection_id,
        operation_id=prepared.operation_id,
        body=prepared.body,
        idempotency=prepared.idempotency,
        correlation_id=case.correlation_id,
    )


def due_at(service: Service, start: datetime) -> datetime | None:
    """The end of the promise in the service's own unit, or None when it makes none."""
    if not service.time_value:
        return None
    amount = min(service.time_value, MAX_PROMISE)
    match service.time_unit:
        case "hari_kerja":
            return add_working_days(start, amount, holidays())
        case "hari_kalender":
            return start + timedelta(days=amount)
        case "jam":
            return start + timedelta(hours=amount)
        case "menit":
            return start + timedelta(minutes=amount)
    return None


DECISIONS: dict[str, str] = {
    "terima": Status.RECEIVED,
    "proses": Status.IN_PROGRESS,
    "tanya": Status.WAITING_FOR_RESIDENT,
    "tolak": Status.REFUSED,
    "selesai": Status.COMPLETED,
}
NEEDS_REASON = frozenset({"tanya", "tolak", "selesai"})


def decide_case(case: Case, *, clerk: User, decision: str, reason: str, results: Mapping[str, str] | None = None) -> None:
    """A clerk's decision on a case that is worked on here. Raises ConflictError when it cannot be taken any more.

    results: what the department names at the end, such as the number of a certificate; kept only when it completes the case.
    """
    with transaction.atomic():
        locked = timeline.lock_case(case.pk)
        if queries.open_withdrawal(locked) is not None:
            raise ConflictError(_("Warga meminta pembatalan. Setujui atau tolak pembatalan itu dulu. Muat ulang halaman."))
        moved = timeline.set_status(
            locked,
            DECISIONS[decision],
            actor=locked.department.short_name,
            text=reason,
            key=f"decision:{locked.reference}:{locked.events.count()}",
        )
        if not moved:
            raise _passed(locked)
        if locked.status == Status.COMPLETED:
            timeline.keep_results(locked, results or {})
        locked.clerk = clerk
        if locked.accepted_at is None and decision != "tolak":
            locked.accepted_at = timezone.now()
        locked.save(update_fields=["clerk", "accepted_at"])


def decide_withdrawal(case: Case, *, clerk: User, granted: bool, reason: str) -> None:
    """A clerk lets go of a case that is worked on here, or says why not. Raises ConflictError."""
    with transaction.atomic():
        locked = timeline.lock_case(case.pk)
        wish = queries.open_withdrawal(locked)
        if wish is None:
            raise _passed(locked)
        locked.clerk = clerk
        locked.save(update_fields=["clerk"])
        if granted:
            key = f"{wish.key}:withdrawn"
            timeline.set_status(locked, Status.WITHDRAWN, actor=locked.department.short_name, text=reason, key=key)
            return
        Delivery.objects.filter(pk=wish.pk).update(problem={"refused": True})
        timeline.record_rejection(locked, wish, reason, final=True)


def _passed(case: Case) -> ConflictError:
    return ConflictError(
        _("Permohonan ini sudah berstatus %(word)s. Muat ulang halaman.") % {"word": case.get_status_display()}
    )


def send_again(delivery: Delivery, *, clerk: User) -> None:
    """A person decides that an unclear or refused delivery goes again: same key, same body, and tries of its own."""
    with transaction.atomic():
        locked = timeline.lock_case(delivery.case_id)
        if delivery.number and delivery.operation_id is None and not gateway.can(delivery.connection, delivery.act):
            raise ConflictError(_("Sistem dinas tidak menerima ini. Sampaikan langsung, lalu tandai sudah sampai."))
        changed = _troubled(delivery).update(
            state=DeliveryState.PENDING, phase="", tries=0, problem={}, next_try=timezone.now(), woken_until=None
        )
        if not changed:
            raise _handled()
        timeline.note(locked, say("Dikirim ulang oleh petugas."), actor=clerk.get_full_name())
        transaction.on_commit(lambda: wake("services.cases.tasks.deliver_case", delivery.pk))


def mark_arrived(delivery: Delivery, *, clerk: User, backend_reference: str) -> None:
    """A person has seen it in the department's own system (or has told it there)."""
    with transaction.atomic():
        locked = timeline.lock_case(delivery.case_id)
        changed = _troubled(delivery).update(
            state=DeliveryState.SENT, phase="", sent_at=timezone.now(), backend_reference=backend_reference[:120]
        )
        if not changed:
            raise _handled()
        timeline.note(locked, say("Ditandai sudah sampai oleh petugas."), actor=clerk.get_full_name())
        timeline.record_receipt(locked, Receipt(backend_reference), delivery)
        polling.watch(locked, delivery.connection, now=timezone.now())
        wake_following(delivery)


def set_aside(delivery: Delivery, *, clerk: User) -> None:
    """A person decides that a later act is not to be sent any more; those after it may go."""
    with transaction.atomic():
        locked = timeline.lock_case(delivery.case_id)
        if not _troubled(delivery).filter(number__gt=0).update(state=DeliveryState.CANCELLED, phase=""):
            raise _handled()
        if delivery.act == Act.WITHDRAW:
            timeline.record_rejection(locked, delivery, "", final=True)
        timeline.note(locked, say("Dikesampingkan oleh petugas."), actor=clerk.get_full_name())
        wake_following(delivery)


def _troubled(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, state__in=(DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION))


def _handled() -> ConflictError:
    return ConflictError(_("Pengiriman ini sudah ditangani. Muat ulang halaman."))
