"""Deliveries: claim, mark, settle; what is retried, what is asked, what becomes unclear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccessEntry, User
from services.adapters import circuit
from services.adapters.kinds.demo import Demo
from services.adapters.models import Connection
from services.adapters.values import Receipt
from services.cases import actions, leases, queries
from services.cases import delivery as work
from services.cases.constants import DeliveryState, Status
from services.cases.models import Case, CaseEvent, Delivery
from services.cases.timetable import sweep_deliveries
from services.catalogue.models import Availability, Service
from services.notifications.models import Message
from tests.services.cases.conftest import delivery_of

Connect = Callable[..., Connection]
Submit = Callable[..., Case]


@pytest.fixture(autouse=True)
def _empty_backend() -> None:
    Demo.effects.clear()


def run(case: Case) -> str:
    return work.deliver(delivery_of(case).pk)


def make_due(case: Case) -> None:
    Delivery.objects.filter(case=case).update(next_try=timezone.now(), ask_after=None)


def test_a_submission_reaches_the_department_and_alice_gets_two_receipts(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    assert case.status == Status.SUBMITTED and case.accepted_at is None
    assert run(case) == "sent"
    case.refresh_from_db()
    assert case.status == Status.RECEIVED and case.accepted_at is not None
    assert case.backend_reference.startswith("DEMO-")
    assert list(Demo.effects) == [case.reference]
    templates = list(Message.objects.filter(case_reference=case.reference).values_list("template", flat=True))
    assert templates == ["case_submitted", "case_received"]
    assert AccessEntry.objects.filter(case_reference=case.reference, action="delivered:0").count() == 1


def test_a_second_message_for_a_sent_delivery_does_nothing(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    run(case)
    assert run(case) == "not now"
    assert CaseEvent.objects.filter(case=case, status=Status.RECEIVED).count() == 1


def test_a_department_that_is_down_is_tried_again_and_the_case_says_so(connect: Connect, submit: Submit) -> None:
    connection = connect(behaviour="unavailable")
    case = submit()
    assert run(case) == "again"
    row = delivery_of(case)
    assert (row.state, row.tries) == (DeliveryState.PENDING, 1)
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED
    assert queries.display_tag(case).word == "Menunggu sistem dinas"
    Connection.objects.filter(pk=connection.pk).update(options={"behaviour": "good"})
    make_due(case)
    assert run(case) == "sent"


def test_five_failures_open_the_breaker_and_the_service_queues(connect: Connect, submit: Submit, service: Service) -> None:
    connection = connect(behaviour="unavailable")
    cases = [submit() for _ in range(6)]
    for case in cases[:5]:
        assert run(case) == "again"
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING
    assert run(cases[5]) == "not now"
    assert delivery_of(cases[5]).tries == 0, "a parked delivery counts no try"
    Connection.objects.filter(pk=connection.pk).update(options={"behaviour": "good"}, open_until=timezone.now())
    make_due(cases[0])
    assert run(cases[0]) == "sent", "one probe goes through once the breaker is half open"
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE
    assert all(delivery_of(case).next_try <= timezone.now() for case in cases[1:]), "parked rows wake"


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [("key", "again", "PENDING"), ("lookup", "again", "PENDING"), ("none", "unclear", "UNCLEAR")],
)
def test_no_answer_after_the_work_follows_the_unclear_rule(
    connect: Connect, submit: Submit, kind: str, outcome: str, state: str
) -> None:
    connection = connect(idempotency=kind, behaviour="unclear")
    case = submit()
    assert run(case) == outcome
    row = delivery_of(case)
    assert row.state == state and row.ask == (kind == "lookup")
    Connection.objects.filter(pk=connection.pk).update(options={"behaviour": "good"})
    make_due(case)
    if kind == "none":
        assert run(case) == "not now", "nobody but a person sends an unclear delivery again"
        assert queries.display_tag(case).word == "Sedang dikonfirmasi"
    else:
        assert run(case) == "sent"
    assert len(Demo.effects) == 1


def test_a_lookup_waits_for_the_settle_time(connect: Connect, submit: Submit) -> None:
    connection = connect(idempotency="lookup", behaviour="unclear")
    Connection.objects.filter(pk=connection.pk).update(settle_seconds=600)
    case = submit()
    run(case)
    row = delivery_of(case)
    assert row.ask_after is not None and row.ask_after > timezone.now() + timedelta(seconds=500)
    Delivery.objects.filter(pk=row.pk).update(next_try=timezone.now())
    assert run(case) == "not now", "asking too early could hear a true no that becomes a yes"


def test_a_rejection_needs_attention_and_is_never_sent_again(connect: Connect, submit: Submit) -> None:
    connect(behaviour="rejects")
    case = submit()
    assert run(case) == "rejected"
    row = delivery_of(case)
    assert row.state == DeliveryState.NEEDS_ATTENTION and row.problem["message"] == "Contoh penolakan."
    make_due(case)
    assert run(case) == "not now"


@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_a_worker_lost_before_the_mark_is_simply_retried(connect: Connect, submit: Submit, kind: str) -> None:
    connect(idempotency=kind)
    case = submit()
    lease = leases.claim(delivery_of(case).pk)
    assert lease is not None
    Delivery.objects.filter(case=case).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(case) == "sent"


def test_a_worker_lost_after_the_mark_is_unclear_for_a_naive_backend(connect: Connect, submit: Submit) -> None:
    connect(idempotency="none")
    case = submit()
    lease = leases.claim(delivery_of(case).pk)
    assert lease is not None
    work.mark(lease)
    Delivery.objects.filter(case=case).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(case) == "not now"
    assert delivery_of(case).state == DeliveryState.UNCLEAR
    assert not Demo.effects


def test_a_stale_worker_can_neither_mark_nor_settle(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    stale = leases.claim(delivery_of(case).pk)
    assert stale is not None
    Delivery.objects.filter(case=case).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(case) == "sent"
    with pytest.raises(leases.LeaseLostError):
        work.mark(stale)


def test_a_process_stopped_longer_than_its_call_sends_nothing(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    lease = leases.claim(delivery_of(case).pk)
    assert lease is not None
    late = leases.Lease(lease.delivery, lease.token, ends=0.0, retry=False)
    with pytest.raises(leases.LeaseLostError):
        work.mark(late)


def test_a_late_receipt_closes_an_unclear_delivery(connect: Connect, submit: Submit) -> None:
    connect(idempotency="none")
    case = submit()
    lease = leases.claim(delivery_of(case).pk)
    assert lease is not None
    work.mark(lease)
    Delivery.objects.filter(case=case).update(lease_until=timezone.now() - timedelta(seconds=1))
    run(case)
    assert work._settle_sent(lease, Receipt("D-1")) == "sent"
    assert delivery_of(case).state == DeliveryState.SENT


def test_the_ceiling_of_a_connection_holds(connect: Connect, submit: Submit) -> None:
    connection = connect()
    Connection.objects.filter(pk=connection.pk).update(ceiling=2)
    cases = [submit() for _ in range(3)]
    taken = [leases.claim(delivery_of(case).pk) for case in cases]
    assert [lease is not None for lease in taken] == [True, True, False]


def test_a_row_far_ahead_after_a_clock_jump_is_due(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    Delivery.objects.filter(case=case).update(next_try=timezone.now() + timedelta(days=3))
    assert run(case) == "sent"


def test_after_72_hours_and_20_tries_a_person_decides(connect: Connect, submit: Submit) -> None:
    connect(behaviour="unavailable")
    case = submit()
    Delivery.objects.filter(case=case).update(tries=20, created_at=timezone.now() - timedelta(hours=73))
    assert run(case) == "not now"
    assert delivery_of(case).state == DeliveryState.NEEDS_ATTENTION


def test_an_old_row_with_few_tries_goes_on(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    Delivery.objects.filter(case=case).update(created_at=timezone.now() - timedelta(hours=73))
    assert run(case) == "sent", "age alone is what a clock jump looks like"


def test_the_sweep_wakes_due_rows_once_in_a_while(connect: Connect, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr("services.cases.timetable.wake", lambda task, *ids: woken.extend(ids))
    connection = connect()
    case = submit()
    assert sweep_deliveries() == 1 and woken == [delivery_of(case).pk]
    assert sweep_deliveries() == 0, "a woken row is not woken again before the silence is over"
    Delivery.objects.update(woken_until=None)
    for _ in range(circuit.FAILURES_TO_OPEN):
        circuit.record_failure(Connection.objects.get(pk=connection.pk), now=timezone.now())
    assert sweep_deliveries() == 0, "nothing is woken while the breaker is open"


def test_an_inbox_case_waits_for_a_clerk(connect: Connect, submit: Submit) -> None:
    connect("inbox")
    case = submit()
    assert run(case) == "sent"
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED and case.accepted_at is None


def test_a_worker_lost_again_after_asking_waits_for_a_settle_time_of_its_own(connect: Connect, submit: Submit) -> None:
    connection = connect(idempotency="lookup")
    case = submit()
    Delivery.objects.filter(case=case).update(ask=True, ask_after=timezone.now() - timedelta(hours=1), tries=1)
    lease = leases.claim(delivery_of(case).pk)
    assert lease is not None
    work.mark(lease)
    Connection.objects.filter(pk=connection.pk).update(settle_seconds=600)
    Delivery.objects.filter(case=case).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(case) == "not now", "its bytes may have left a moment ago: the old answer proves nothing"
    row = delivery_of(case)
    assert row.ask and row.ask_after is not None and row.ask_after > timezone.now() + timedelta(seconds=500)


def test_a_person_can_send_again_what_was_given_up(connect: Connect, submit: Submit, bob: User) -> None:
    connect()
    case = submit()
    Delivery.objects.filter(case=case).update(
        state=DeliveryState.NEEDS_ATTENTION, tries=25, created_at=timezone.now() - timedelta(hours=80)
    )
    actions.send_again(delivery_of(case), clerk=bob)
    assert run(case) == "sent"
    assert list(Demo.effects) == [case.reference]


def test_a_system_that_is_well_again_is_not_called_disturbed_for_ever(
    connect: Connect, submit: Submit, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cases.timetable.wake", lambda *_: None)
    connection = connect(idempotency="none", behaviour="unclear")
    for case in [submit() for _ in range(circuit.FAILURES_TO_OPEN)]:
        assert run(case) == "unclear"
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING
    sweep_deliveries()
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING, "nothing says yet that it is well"
    waiting = submit()
    Connection.objects.filter(pk=connection.pk).update(last_success_at=timezone.now() + timedelta(seconds=1))
    sweep_deliveries()
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING, "while a delivery waits, only a delivery is proof"
    Delivery.objects.filter(case=waiting).update(state=DeliveryState.CANCELLED)
    sweep_deliveries()
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE
