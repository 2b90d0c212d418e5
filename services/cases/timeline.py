"""The one writer of a case's status and of its timeline."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation

from portal.lib import languages
from portal.lib.redaction import redact_text
from services.adapters.values import Receipt, StatusUpdate
from services.cases.constants import NEXT, PHASE_OF, Act, DeliveryState, Phase, Status
from services.cases.models import Case, CaseEvent, Delivery
from services.cases.queries import asked_since
from services.cases.sentences import Sentence, say
from services.notifications.actions import notify

_log = logging.getLogger(__name__)

# The turns that matter enough for a message, and its template.
MESSAGE_FOR: dict[str, str] = {
    Status.SUBMITTED: "case_submitted",
    Status.RECEIVED: "case_received",
    Status.WAITING_FOR_RESIDENT: "case_question",
    Status.COMPLETED: "case_completed",
    Status.REFUSED: "case_refused",
    Status.WITHDRAWN: "case_withdrawn",
}


def lock_case(case_id: int) -> Case:
    """The case, locked until the transaction ends."""
    return Case.objects.select_for_update(no_key=True).select_related(None).get(pk=case_id)


def open_timeline(case: Case) -> None:
    """The first line of a new case and the resident's first receipt. In the transaction that made the case."""
    CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.STATUS,
        status=Status.SUBMITTED,
        actor="resident",
        text="",
        key=f"{case.reference}:submitted",
        at=case.created_at,
    )
    _tell(case, Status.SUBMITTED, f"{case.reference}:submitted", "")


def set_status(
    case: Case,
    status: str,
    *,
    actor: str,
    text: str | Sentence = "",
    key: str | None = None,
    version: str = "",
    at: datetime | None = None,
) -> bool:
    """Move a locked case along its table. False (and nothing written) when the table does not allow the step."""
    if status not in NEXT[case.status]:
        return False
    moment = at or timezone.now()
    case.status = status
    case.phase = PHASE_OF[status]
    case.status_at = moment
    case.status_version = version or case.status_version
    case.closed_at = moment if case.phase == Phase.CLOSED else None
    case.save(update_fields=["status", "phase", "status_at", "status_version", "closed_at"])
    CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.STATUS, status=status, actor=actor, key=key, at=moment, **_written(text)
    )
    if case.phase == Phase.CLOSED:
        _settle_withdrawal(case, status)
    _tell(case, status, key or f"{case.reference}:{status}:{moment.timestamp():.6f}", text)
    return True


def _settle_withdrawal(case: Case, status: str) -> None:
    """The case is closed: a wish to withdraw it that has not left yet is over; what is being sent ends by itself."""
    wishes = Delivery.objects.filter(case=case, act=Act.WITHDRAW)
    if status == Status.WITHDRAWN:  # the department knows of it
        doubtful = wishes.filter(state__in=(DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION))
        doubtful.update(state=DeliveryState.SENT, sent_at=timezone.now())
    waiting = (DeliveryState.PENDING, DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION)
    wishes.filter(state__in=waiting).update(state=DeliveryState.CANCELLED)


def record_act(case: Case, delivery: Delivery, text: str) -> None:
    """What the resident did later, as a line of its own; its state is shown from its delivery. Locked case."""
    CaseEvent.objects.create(
        case=case,
        kind=CaseEvent.Kind.ACT,
        status=delivery.act,
        actor="resident",
        text=text,
        key=f"act:{delivery.key}",
        at=delivery.created_at,
    )


def record_receipt(case: Case, receipt: Receipt, delivery: Delivery) -> None:
    """The backend has an act of the case. Locked case."""
    if delivery.act == Act.SUBMIT:
        _record_submission(case, receipt, key=delivery.key)
    else:
        _record_later_act(case, receipt, delivery)


def _record_later_act(case: Case, receipt: Receipt, delivery: Delivery) -> None:
    """An answer that has arrived is being checked, unless the department has asked anew; a withdrawal may be granted."""
    values = {"case": case, "kind": CaseEvent.Kind.DELIVERY, "actor": "portal", "status": "SENT", "public": False}
    CaseEvent.objects.get_or_create(key=f"sent:{delivery.key}", defaults=values)
    status = ""
    if delivery.act == Act.WITHDRAW and receipt.status == Status.WITHDRAWN:
        status = Status.WITHDRAWN
    elif delivery.act == Act.ANSWER and receipt.accepted and case.status == Status.WAITING_FOR_RESIDENT:
        status = "" if asked_since(case, delivery) else Status.RECEIVED
    if status and not set_status(case, status, actor="department", key=f"{delivery.key}:{status.lower()}"):
        words = say("Perubahan dari %(old)s ke %(new)s tidak dikenal.", old=case.status, new=status)
        note(case, words, key=f"{delivery.key}:{status.lower()}")


def record_rejection(case: Case, delivery: Delivery, words: str, *, final: bool) -> None:
    """The department does not take an act: the resident hears what to correct, with its own sentences. Locked case."""
    if final:
        _log.warning("act refused by the department", extra={"delivery": delivery.key})
        status = "NOT_WITHDRAWN" if delivery.act == Act.WITHDRAW else "NOT_TAKEN"
        note(case, words, key=f"refused:{delivery.key}", public=True, actor="department", status=status)
        if delivery.act == Act.WITHDRAW and case.phase != Phase.CLOSED:
            _send(case, "case_not_withdrawn", f"refused:{delivery.key}", words)
        return
    say_needs_attention(delivery, say("Dinas meminta perbaikan isian."), public=True)
    tell_correction(case, words, key=delivery.key)


def _record_submission(case: Case, receipt: Receipt, *, key: str) -> None:
    """The second receipt, when the department itself accepted the case."""
    now = timezone.now()
    case.backend_reference = receipt.backend_reference[:120]
    if receipt.accepted and case.accepted_at is None:
        case.accepted_at = now
    case.save(update_fields=["backend_reference", "accepted_at"])
    CaseEvent.objects.get_or_create(
        key=f"sent:{key}",
        defaults={"case": case, "kind": CaseEvent.Kind.DELIVERY, "actor": "portal", "text": "", "status": "SENT", "at": now},
    )
    if receipt.accepted:
        set_status(case, Status.RECEIVED, actor="department", key=f"{key}:received", at=now)


def _written(text: str | Sentence) -> dict[str, Any]:
    """How a line keeps its words: somebody's own as they are, the portal's as template and facts."""
    return {"text": text.template, "facts": text.facts} if isinstance(text, Sentence) else {"text": text, "facts": None}


def note(
    case: Case,
    text: str | Sentence,
    *,
    key: str | None = None,
    public: bool = False,
    actor: str = "portal",
    status: str = "",
) -> None:
    """A line that changes nothing: trouble of a delivery, an unknown word. `key` makes it the only one of its kind.

    The portal's own sentences are written `say("...", fact=...)`, so that each reader meets them in their language.
    """
    values = {
        "case": case,
        "kind": CaseEvent.Kind.DELIVERY if public else CaseEvent.Kind.NOTE,
        **_written(text),
        "actor": actor,
        "public": public,
        "status": status,
    }
    if key:
        CaseEvent.objects.get_or_create(key=key, defaults=values)
    else:
        CaseEvent.objects.create(**values)


def apply_status_update(update: StatusUpdate, *, case_id: int) -> str:
    """What a backend said about a case, once. Returns "" when applied, else why it changed nothing.

    An older update is written into the history but never moves the status back; an unknown word changes nothing
    and is kept for staff; the same event twice is one line.
    """
    with transaction.atomic():
        case = lock_case(case_id)
        key = f"event:{case.reference}:{update.event_id}:{update.version}:{update.word}"[:160]
        if CaseEvent.objects.filter(key=key).exists():
            return "already applied"
        if not update.status:
            note(case, say("Kata status tidak dikenal: %(word)s", word=redact_text(update.word, 60)), key=key)
            return "unknown word"
        order = _order(update, case)
        if order < 0:
            earlier = case.status_at - timedelta(microseconds=1)  # history never comes after the present status
            CaseEvent.objects.create(
                case=case,
                kind=CaseEvent.Kind.STATUS,
                status=update.status,
                actor="department",
                text=update.message,
                key=key,
                at=min(update.at or earlier, earlier),
            )
            return "older than the present status"
        if order == 0 and update.status != case.status:
            note(case, say("Dua status berbeda dengan nomor urut yang sama: %(word)s", word=update.status), key=key)
            return "another status under the same version"
        if update.status == case.status:
            case.status_version = update.version or case.status_version
            case.save(update_fields=["status_version"])
            keep_results(case, update.results)
            if update.message:
                CaseEvent.objects.create(
                    case=case, kind=CaseEvent.Kind.MESSAGE, text=update.message, actor="department", key=key
                )
            return "" if update.message else "the status was already there"
        moved = set_status(
            case,
            update.status,
            actor="department",
            text=update.message,
            key=key,
            version=update.version,
            at=_between(update.at, case),
        )
        if not moved:
            note(
                case,
                say("Perubahan dari %(old)s ke %(new)s tidak dikenal.", old=case.status, new=update.status),
                key=key,
            )
            return "not a step of the table"
        keep_results(case, update.results)
        if case.accepted_at is None and update.status != Status.REFUSED:
            case.accepted_at = timezone.now()
            case.save(update_fields=["accepted_at"])
        return ""


def keep_results(case: Case, results: Mapping[str, str]) -> None:
    """What the department names besides a status, such as the number of a certificate. Locked case."""
    if results:
        case.results = {**case.results, **results}
        case.save(update_fields=["results"])


def _between(at: datetime | None, case: Case) -> datetime:
    """The event's own time, not after now and not before the present status: a department's clock may be wrong."""
    now = timezone.now()
    return now if at is None else max(min(at, now), case.status_at)


def _order(update: StatusUpdate, case: Case) -> int:
    """-1, 0, 1: the update's version against the present one. 1 when either has none: then our receiving orders them."""
    new, old = update.version, case.status_version
    if not new or not old:
        return 1
    if new.isdigit() and old.isdigit():
        return (int(new) > int(old)) - (int(new) < int(old))
    return (new > old) - (new < old)


def say_unclear(delivery: Delivery) -> None:
    """Bytes may have left, no valid answer came, and nobody but the department knows: it must confirm."""
    _log.error("delivery unclear, the department must confirm", extra={"delivery": delivery.key})
    note(
        Case.objects.get(pk=delivery.case_id),
        say("Permohonan sudah diterima portal dan sedang dikonfirmasi oleh dinas. Anda tidak perlu melakukan apa pun."),
        key=f"unclear:{delivery.key}",
        public=True,
        status="UNCLEAR",
    )


def say_needs_attention(delivery: Delivery, text: str | Sentence, *, public: bool = False) -> None:
    """A person has to decide; it stands in the department's work list."""
    _log.error("delivery needs attention", extra={"delivery": delivery.key})
    note(
        Case.objects.get(pk=delivery.case_id),
        text,
        key=f"attention:{delivery.key}:{delivery.tries}",
        public=public,
        status="NEEDS_ATTENTION" if public else "",
    )


def tell_correction(case: Case, text: str, *, key: str) -> None:
    """The department's system refuses the content: the resident hears it at once, with the department's own sentences."""
    _send(case, "case_correction", f"correction:{key}", text)


def _tell(case: Case, status: str, key: str, text: str | Sentence) -> None:
    template = MESSAGE_FOR.get(status)
    if template:
        _send(case, template, f"{key}:{template}", text)


def _spoken(text: str | Sentence, language: str) -> str:
    with translation.override(language):
        return str(text)[:500]


def _send(case: Case, template: str, key: str, text: str | Sentence) -> None:
    """The message carries each of its words in every language; it is sent in the recipient's."""
    if case.resident_id:
        notify(
            case.resident_id,
            template=template,
            key=key[:120],
            case_reference=case.reference,
            context={
                "reference": case.reference,
                "title": case.title,
                "title_en": case.title_en,
                "department": case.department.short_name,
                **{f"text_{code}" if code != languages.DEFAULT else "text": _spoken(text, code) for code in languages.CODES},
            },
        )
