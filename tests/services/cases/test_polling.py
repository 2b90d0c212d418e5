"""A department that tells us nothing by itself: asked by one worker a case, not too often, and never believed twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters import circuit, gateway
from services.adapters.kinds.demo import Demo
from services.adapters.models import Connection
from services.adapters.values import StatusUpdate, Unavailable
from services.cases import delivery as work
from services.cases import polling, timeline
from services.cases.constants import DeliveryState, Status
from services.cases.models import Case, CaseEvent, Delivery, Poll
from services.cases.timetable import adopt_polls, sweep_polls
from services.catalogue.models import DepartmentMember, DepartmentRole
from tests.services.cases.conftest import delivery_of

Connect = Callable[..., Connection]
Submit = Callable[..., Case]


@pytest.fixture(autouse=True)
def _empty_backend() -> None:
    Demo.effects.clear()


@pytest.fixture
def sent(connect: Connect, submit: Submit) -> Case:
    connect()
    case = submit()
    work.deliver(delivery_of(case).pk)
    case.refresh_from_db()
    return case


def say(**options: Any) -> None:
    Connection.objects.update(options=options)


def ask(case: Case) -> str:
    Poll.objects.filter(case=case).update(next_at=timezone.now())
    return polling.ask(Poll.objects.get(case=case).pk)


def test_a_case_is_asked_about_soon_after_it_was_handed_over(sent: Case, settings: Any) -> None:
    wait = Poll.objects.get(case=sent).next_at - timezone.now()
    assert wait <= timedelta(seconds=1.2 * settings.POLL_SHORTEST_SECONDS)


def test_what_the_department_says_moves_the_case_once(sent: Case) -> None:
    say(status="IN_PROGRESS")
    assert ask(sent) == "applied"
    assert ask(sent) == "nothing new"
    sent.refresh_from_db()
    assert sent.status == Status.IN_PROGRESS
    assert CaseEvent.objects.filter(case=sent, status=Status.IN_PROGRESS).count() == 1
    say(status="WAITING_FOR_RESIDENT")
    ask(sent)
    say(status="IN_PROGRESS")
    assert ask(sent) == "applied", "the same word again after another one is news"


def test_a_closed_case_is_asked_about_no_more(sent: Case) -> None:
    say(status="COMPLETED")
    assert ask(sent) == "applied"
    assert ask(sent) == "not now"
    assert not Poll.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_workers_ask_once(connect: Connect, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    connect()
    case = submit()
    work.deliver(delivery_of(case).pk)
    say(status="IN_PROGRESS", delay_seconds=0)
    calls: list[str] = []
    real = Demo.fetch_status

    def counted(self: Demo, reference: str, *, deadline_seconds: float) -> StatusUpdate:
        calls.append(reference)
        return real(self, reference, deadline_seconds=deadline_seconds)

    monkeypatch.setattr(Demo, "fetch_status", counted)
    Poll.objects.update(next_at=timezone.now())
    poll = Poll.objects.get()

    def run(_: int) -> str:
        try:
            return polling.ask(poll.pk)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(run, range(8)))
    assert seen.count("applied") == 1 and seen.count("not now") == 7
    assert len(calls) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(sent: Case) -> None:
    say(status="COMPLETED")
    Poll.objects.update(next_at=timezone.now())
    turn = polling._claim(Poll.objects.get().pk)
    assert turn is not None
    Poll.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    other = polling._claim(turn.poll.pk)
    assert other is not None
    late = StatusUpdate(sent.reference, "COMPLETED", Status.COMPLETED)
    assert polling._settle_answer(turn, late) == "fenced"
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED


def test_an_unknown_word_changes_nothing_and_is_kept_for_staff(sent: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Demo, "fetch_status", lambda *_, **__: StatusUpdate(sent.reference, "melayang", ""))
    assert ask(sent) == "unknown word" and ask(sent) == "nothing new"
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED
    assert sent.events.filter(public=False, kind="NOTE").count() == 1


def test_an_older_version_never_moves_the_case_back(sent: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    timeline.apply_status_update(
        StatusUpdate(sent.reference, "w", Status.IN_PROGRESS, version="7", event_id="e"), case_id=sent.pk
    )
    old = StatusUpdate(sent.reference, "w", Status.WAITING_FOR_RESIDENT, version="6")
    monkeypatch.setattr(Demo, "fetch_status", lambda *_, **__: old)
    assert ask(sent) == "older than the present status"
    sent.refresh_from_db()
    assert sent.status == Status.IN_PROGRESS


def test_an_answer_about_another_case_is_not_believed(sent: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    other = StatusUpdate("MJK-2611-ZZZZ-Z", "w", Status.COMPLETED)
    monkeypatch.setattr(Demo, "fetch_status", lambda *_, **__: other)
    assert ask(sent) == "again"
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED


def test_a_number_the_department_has_forgotten_is_recorded_for_staff_once(sent: Case, monkeypatch: Any) -> None:
    def forgotten(*_: Any, **__: Any) -> StatusUpdate:
        raise Unavailable("not_found", maybe_sent=False, counts=False)

    monkeypatch.setattr(Demo, "fetch_status", forgotten)
    assert ask(sent) == ask(sent) == "again"
    line = sent.events.get(kind="NOTE")
    assert not line.public and sent.backend_reference in line.words
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED and Connection.objects.get().failures == 0


def test_a_department_that_cannot_be_asked_is_said_honestly(
    sent: Case, client: Client, alice: User, bob: User, department: Any, monkeypatch: Any
) -> None:
    ask(sent)

    def silent(*_: Any, **__: Any) -> StatusUpdate:
        raise Unavailable("connect", maybe_sent=False)

    monkeypatch.setattr(Demo, "fetch_status", silent)
    assert ask(sent) == "again"
    client.force_login(alice)
    assert "terakhir kami ketahui" in client.get(f"/permohonan/{sent.reference}/").content.decode()
    DepartmentMember.objects.create(user=bob, department=department, role=DepartmentRole.CLERK)
    client.force_login(bob)
    assert "Sambungan uji tidak menjawab" in client.get("/petugas/").content.decode()
    assert "connect" in client.get(f"/petugas/permohonan/{sent.reference}/").content.decode()
    for _ in range(4):
        ask(sent)
    assert circuit.is_down(Connection.objects.get()), "five in a row open the breaker"
    assert ask(sent) == "not now" and sweep_polls() == 0, "then nothing is asked"


def test_a_good_read_does_not_hide_that_deliveries_fail(sent: Case, submit: Submit) -> None:
    Connection.objects.update(failures=3)
    submit()  # waits
    ask(sent)
    assert Connection.objects.get().failures == 3
    Delivery.objects.update(state=DeliveryState.SENT)
    ask(sent)
    assert Connection.objects.get().failures == 0


def test_polls_leave_half_of_the_ceiling_to_deliveries(sent: Case, submit: Submit) -> None:
    Connection.objects.update(ceiling=2)
    other = submit()
    work.deliver(delivery_of(other).pk)
    Poll.objects.update(next_at=timezone.now())
    first, second = Poll.objects.order_by("pk")
    assert polling._claim(first.pk) is not None
    assert polling.ask(second.pk) == "not now"
    assert work.deliver(delivery_of(submit()).pk) == "sent"


def test_a_sweep_wakes_a_bounded_number_and_each_once(sent: Case, submit: Submit, settings: Any) -> None:
    for _ in range(3):
        work.deliver(delivery_of(submit()).pk)
    Poll.objects.update(next_at=timezone.now())
    settings.POLL_ROWS = 3
    assert (sweep_polls(), sweep_polls(), sweep_polls()) == (3, 1, 0)


@pytest.mark.parametrize(("age", "failures", "low", "high"), [(0, 0, 60, 60), (7200, 0, 720, 720), (1e9, 0, 14400, 14400)])
def test_the_older_a_case_the_rarer_it_is_asked_about(age: float, failures: int, low: float, high: float) -> None:
    waits = [polling.next_wait(age, failures=failures) for _ in range(50)]
    assert 0.8 * low <= min(waits) < max(waits) <= 1.2 * high, "with jitter"


def test_a_case_whose_webhook_was_taken_away_is_adopted(sent: Case) -> None:
    Poll.objects.all().delete()
    assert adopt_polls() == 1 and Poll.objects.filter(case=sent).exists()
    assert adopt_polls() == 0


def test_who_tells_us_by_webhook_is_not_asked(connect: Connect) -> None:
    connection = connect("rest", webhook={"reference": "a", "status": "b"})
    connection.operations.create(name="status", spec={"path": "/x", "method": "GET"})
    assert not gateway.is_polled(connection)
    connection.options = {}
    assert gateway.is_polled(connection)
