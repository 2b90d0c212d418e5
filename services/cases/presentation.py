"""What the pages of a case show, put together from queries (no HTML here, no writing)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.references import new_token
from services.adapters import gateway
from services.adapters.circuit import is_down
from services.cases.constants import NEXT, Act, DeliveryState, Phase, Status
from services.cases.models import Attachment, Case, CaseEvent, Delivery, Poll
from services.cases.queries import (
    Clock,
    DisplayTag,
    answer_on_its_way,
    asked_since,
    backend_of,
    display_tag,
    is_waiting_for_department,
    open_withdrawal,
    promise_clock,
    public_events,
    questions,
)
from services.catalogue.regions import kelurahan_source
from services.forms import documents, engine
from services.forms.question_types import Context

TROUBLED = (DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION)


@dataclass(frozen=True)
class CaseRow:
    """One case in a list."""

    case: Case
    tag: DisplayTag
    clock: Clock | None
    needs_you: bool


@dataclass(frozen=True)
class Step:
    """One step of the timeline. `state`: d done, n now, w waiting on a system, x later."""

    state: str
    title: str
    text: str
    at: datetime | None = None
    now: bool = False
    note: str = ""
    files: tuple[Attachment, ...] = ()


def listed(case: Case) -> CaseRow:
    needs_you = case.phase == Phase.WAITING and answer_on_its_way(case) is None and open_withdrawal(case) is None
    return CaseRow(case, display_tag(case), promise_clock(case), needs_you)


_TITLES: dict[str, Any] = {
    Status.SUBMITTED: gettext_lazy("Terkirim"),
    Status.RECEIVED: gettext_lazy("Diterima dan diperiksa dinas"),
    Status.IN_PROGRESS: gettext_lazy("Diproses dinas"),
    Status.WAITING_FOR_RESIDENT: gettext_lazy("Dinas meminta perbaikan"),
    Status.COMPLETED: gettext_lazy("Selesai"),
    Status.REFUSED: gettext_lazy("Ditolak"),
    Status.WITHDRAWN: gettext_lazy("Dibatalkan"),
    Status.EXPIRED: gettext_lazy("Kedaluwarsa"),
}


def steps_of(case: Case, first: Delivery | None) -> list[Step]:
    """The journey: what has happened, what is happening, what comes next."""
    acts = {f"act:{delivery.key}": delivery for delivery in case.deliveries.all()}
    files: dict[int, list[Attachment]] = {}
    for attachment in case.attachments.exclude(delivery=None).order_by("id"):
        files.setdefault(attachment.delivery_id or 0, []).append(attachment)
    steps = []
    for event in public_events(case):
        if event.kind == CaseEvent.Kind.STATUS:
            steps.append(_step_of(event))
        elif event.kind == CaseEvent.Kind.ACT and (delivery := acts.get(event.key or "")):
            steps.append(_act_step(event, delivery, tuple(files.get(delivery.pk, ()))))
        elif event.status in _NOTED:
            steps.append(Step("d", str(_NOTED[event.status]), event.words, event.at))
    if case.phase == Phase.CLOSED:
        return steps
    if case.status == Status.SUBMITTED and first is not None:
        steps.append(_delivery_step(first, case))
        steps.append(Step("x", _("Diterima dan diperiksa dinas"), ""))
    else:
        steps[-1] = replace(steps[-1], state="n", now=True)
    steps.append(Step("x", _("Selesai"), ""))
    return steps


def _step_of(event: CaseEvent) -> Step:
    title = str(_TITLES.get(event.status, event.status))
    text = event.words
    if event.status == Status.SUBMITTED and not text:
        text = _("Anda mengirim permohonan. Kami menyimpannya.")
    return Step("d", title, text, event.at)


_ACTS: dict[str, Any] = {
    Act.ANSWER: gettext_lazy("Anda menjawab"),
    Act.ATTACHMENT: gettext_lazy("Anda menambah berkas"),
    Act.WITHDRAW: gettext_lazy("Anda meminta pembatalan"),
}
_NOTED: dict[str, Any] = {
    "NOT_WITHDRAWN": gettext_lazy("Dinas tidak dapat membatalkan"),
    "NOT_TAKEN": gettext_lazy("Dinas tidak menerima kiriman ini"),
    "HANDED_OVER": gettext_lazy("Ditangani dinas lain"),
}


def _act_step(event: CaseEvent, delivery: Delivery, files: tuple[Attachment, ...]) -> Step:
    return Step("d", str(_ACTS[delivery.act]), event.text, event.at, note=act_note(delivery), files=files)


def act_note(delivery: Delivery) -> str:
    """How far a later act has come, in words for everybody."""
    match delivery.state:
        case DeliveryState.SENT:
            return _("Sudah sampai di dinas")
        case DeliveryState.CANCELLED:
            return _("Tidak dikirim lagi")
        case DeliveryState.UNCLEAR:
            return _("Sedang dikonfirmasi oleh dinas")
        case DeliveryState.NEEDS_ATTENTION:
            return _("Perlu diperbaiki") if delivery.problem else _("Sedang ditangani petugas")
        case _:
            return _("Menunggu diteruskan ke dinas; Anda tidak perlu mengirim ulang")


def _delivery_step(first: Delivery, case: Case) -> Step:
    name = case.department.short_name
    if first.state == DeliveryState.SENT:
        return Step(
            "n",
            _("Menunggu diperiksa %(name)s") % {"name": name},
            _("Permohonan sudah di meja petugas."),
            first.sent_at,
            True,
        )
    if first.state == DeliveryState.UNCLEAR:
        text = _("Permohonan sudah diterima portal dan sedang dikonfirmasi oleh dinas.")
        return Step("w", _("Sedang dikonfirmasi"), text, None, True)
    if first.state == DeliveryState.NEEDS_ATTENTION:
        return Step("w", _("Sedang ditangani petugas"), _("Dinas belum bisa menerima permohonan ini."), None, True)
    if is_waiting_for_department(first):
        text = _("Sistem %(name)s belum bisa dihubungi. Dicoba lagi otomatis.") % {"name": name}
        if not first.connection.is_active:
            text = _("Pengiriman ke %(name)s sedang dijeda. Dikirim otomatis setelahnya.") % {"name": name}
        return Step("w", _("Menunggu sistem dinas"), text, case.created_at, True)
    return Step("n", _("Diteruskan ke %(name)s") % {"name": name}, "", None, True)


def case_page(case: Case) -> dict[str, Any]:
    """Everything the resident's page of one case shows."""
    first = next(iter(case.deliveries.all()), None)
    refused = [d for d in case.deliveries.all() if d.number and d.problem and d.state == DeliveryState.NEEDS_ATTENTION]
    wish = open_withdrawal(case)
    asked = questions(case).last() if case.status == Status.WAITING_FOR_RESIDENT else None
    free = case.phase != Phase.CLOSED and first is not None
    return {
        "case": case,
        "row": listed(case),
        "steps": steps_of(case, first),
        "delivery": first,
        "waiting": first is not None and case.status == Status.SUBMITTED and is_waiting_for_department(first),
        "down": first is not None and is_down(first.connection),
        "paused": first is not None and not first.connection.is_active,
        "unclear": first is not None and first.state == DeliveryState.UNCLEAR,
        "attention": first if first is not None and first.state == DeliveryState.NEEDS_ATTENTION else None,
        "conversation": [e for e in public_events(case) if e.kind == CaseEvent.Kind.MESSAGE],
        "question": asked,
        "answering": answer_on_its_way(case),
        "may_answer": asked is not None
        and (wish is None or asked_since(case, wish))
        and gateway.can(backend_of(case), Act.ANSWER),
        "may_add": free and wish is None and gateway.can(backend_of(case), Act.ATTACHMENT),
        "may_withdraw": free and wish is None and Status.WITHDRAWN in NEXT[case.status],
        "wish": wish,
        "refused": refused,
        "stale": _stale_poll(case),
        "token": new_token(),
        "attachments": case.attachments.order_by("id"),
        "nav": "lacak",
    }


def _stale_poll(case: Case) -> Poll | None:
    """The poll of a case whose department does not answer just now: what is shown was known at its last answer."""
    poll = getattr(case, "poll", None)
    if poll is None or case.phase == Phase.CLOSED:
        return None
    return poll if poll.failures or is_down(poll.connection) else None


def _staff_lines(case: Case) -> list[tuple[CaseEvent, str, str]]:
    """Every line with what it is about and, of a resident's later act, how far it has come."""
    acts = {f"act:{delivery.key}": delivery for delivery in case.deliveries.all()}
    lines = []
    for event in case.events.order_by("at", "id"):
        delivery = acts.get(event.key or "")
        if event.kind == CaseEvent.Kind.ACT and delivery:
            lines.append((event, str(_STAFF_ACTS[delivery.act]), act_note(delivery)))
        else:
            lines.append((event, event.status_word if event.kind == CaseEvent.Kind.STATUS else str(_KINDS[event.kind]), ""))
    return lines


_STAFF_ACTS: dict[str, Any] = {
    Act.ANSWER: gettext_lazy("Jawaban warga"),
    Act.ATTACHMENT: gettext_lazy("Berkas tambahan dari warga"),
    Act.WITHDRAW: gettext_lazy("Warga meminta pembatalan"),
}
_KINDS: dict[str, Any] = {
    CaseEvent.Kind.MESSAGE: gettext_lazy("Pesan"),
    CaseEvent.Kind.DELIVERY: gettext_lazy("Pengiriman"),
    CaseEvent.Kind.ACT: gettext_lazy("Kiriman warga"),
    CaseEvent.Kind.NOTE: gettext_lazy("Catatan"),
}


def staff_page(case: Case) -> dict[str, Any]:
    """Everything a clerk's page of one case shows."""
    first = next(iter(case.deliveries.all()), None)
    here = first is not None and gateway.works_here(first.connection) and first.state == DeliveryState.SENT
    wish = open_withdrawal(case)
    return {
        "case": case,
        "row": listed(case),
        "answers": _summary(case),
        "attachments": case.attachments.order_by("id"),
        "events": _staff_lines(case),
        "delivery": first,
        "troubles": [d for d in case.deliveries.all() if d.state in TROUBLED],
        "wish": wish,
        "may_decide_withdrawal": here and wish is not None,
        "may_decide": here and wish is None and case.phase != Phase.CLOSED,
        "stale": _stale_poll(case),
        "here": here,
    }


def _summary(case: Case) -> list[engine.Section]:
    assert case.version is not None, "an application has a form version"
    form = documents.load(case.version.document)
    return engine.summary(form, case.answers, Context(today=case.answered_on, sources=kelurahan_source()))


def receipt_page(case: Case) -> dict[str, Any]:
    """The receipt: only of what is stored. Safe to show again at any time."""
    first = next(iter(case.deliveries.all()), None)
    return {
        "case": case,
        "row": listed(case),
        "waiting": first is not None and case.status == Status.SUBMITTED and is_waiting_for_department(first),
        "down": first is not None and case.status == Status.SUBMITTED and is_down(first.connection),
        "paused": first is not None and not first.connection.is_active,
        "nav": "layanan",
    }
