"""What the pages of a case show, put together from queries (no HTML here, no writing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from services.adapters.circuit import is_down
from services.cases.constants import DeliveryState, Phase, Status
from services.cases.drafts import kelurahan_source
from services.cases.models import Case, CaseEvent, Delivery
from services.cases.queries import (
    Clock,
    DisplayTag,
    display_tag,
    is_waiting_for_department,
    promise_clock,
    public_events,
)
from services.forms import documents, engine
from services.forms.question_types import Context


@dataclass(frozen=True)
class CaseRow:
    """One case in a list."""

    case: Case
    tag: DisplayTag
    clock: Clock | None


@dataclass(frozen=True)
class Step:
    """One step of the timeline. `state`: d done, n now, w waiting on a system, x later."""

    state: str
    title: str
    text: str
    at: datetime | None = None
    now: bool = False


def listed(case: Case) -> CaseRow:
    return CaseRow(case, display_tag(case), promise_clock(case))


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
    steps = [_step_of(event) for event in public_events(case) if event.kind == CaseEvent.Kind.STATUS]
    if case.phase == Phase.CLOSED:
        return steps
    if case.status == Status.SUBMITTED and first is not None:
        steps.append(_delivery_step(first, case))
        steps.append(Step("x", _("Diterima dan diperiksa dinas"), ""))
    else:
        last = steps.pop()
        steps.append(Step("n", last.title, last.text, last.at, now=True))
    steps.append(Step("x", _("Selesai"), ""))
    return steps


def _step_of(event: CaseEvent) -> Step:
    title = str(_TITLES.get(event.status, event.status))
    text = event.words
    if event.status == Status.SUBMITTED and not text:
        text = _("Anda mengirim permohonan. Kami menyimpannya.")
    return Step("d", title, text, event.at)


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
        return Step("w", _("Menunggu sistem dinas"), text, case.created_at, True)
    return Step("n", _("Diteruskan ke %(name)s") % {"name": name}, "", None, True)


def case_page(case: Case) -> dict[str, Any]:
    """Everything the resident's page of one case shows."""
    first = next(iter(case.deliveries.all()), None)
    here = first is not None and first.connection.kind == "inbox"
    return {
        "case": case,
        "row": listed(case),
        "steps": steps_of(case, first),
        "delivery": first,
        "waiting": first is not None and case.status == Status.SUBMITTED and is_waiting_for_department(first),
        "down": first is not None and is_down(first.connection),
        "unclear": first is not None and first.state == DeliveryState.UNCLEAR,
        "attention": first if first is not None and first.state == DeliveryState.NEEDS_ATTENTION else None,
        "conversation": [e for e in public_events(case) if e.kind == CaseEvent.Kind.MESSAGE],
        "may_answer": here and case.status == Status.WAITING_FOR_RESIDENT,
        "question": _last_question(case),
        "attachments": case.attachments.order_by("id"),
        "nav": "lacak",
    }


def _last_question(case: Case) -> CaseEvent | None:
    if case.status != Status.WAITING_FOR_RESIDENT:
        return None
    return case.events.filter(status=Status.WAITING_FOR_RESIDENT).order_by("-at").first()


def staff_page(case: Case) -> dict[str, Any]:
    """Everything a clerk's page of one case shows."""
    first = next(iter(case.deliveries.all()), None)
    here = first is not None and first.connection.kind == "inbox" and first.state == DeliveryState.SENT
    return {
        "case": case,
        "row": listed(case),
        "answers": _summary(case),
        "attachments": case.attachments.order_by("id"),
        "events": case.events.order_by("at", "id"),
        "delivery": first,
        "trouble": first if first and first.state in (DeliveryState.UNCLEAR, DeliveryState.NEEDS_ATTENTION) else None,
        "may_decide": here and case.phase != Phase.CLOSED,
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
        "nav": "layanan",
    }
