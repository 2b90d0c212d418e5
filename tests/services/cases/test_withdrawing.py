"""A resident wants a submission back; and who wins when two decide at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters.kinds.demo import Demo
from services.adapters.models import Connection
from services.adapters.values import StatusUpdate
from services.cases import actions, acts, leases, polling, queries, timeline
from services.cases import delivery as work
from services.cases.constants import Act, DeliveryState, Status
from services.cases.models import Case, Delivery, Poll
from services.catalogue.models import DepartmentMember, DepartmentRole
from services.notifications.models import Message
from tests.services.cases.conftest import delivery_of
from tests.services.cases.later_acts import Connect, Submit, add, answer, ask, behave, due_now, state, tell, withdraw

pytestmark = pytest.mark.usefixtures("demo_without_past")


def test_a_submission_that_never_left_is_cancelled_and_the_case_withdrawn_at_once(connect: Connect, submit: Submit) -> None:
    connect(behaviour="unavailable")
    case = submit()
    assert work.deliver(delivery_of(case).pk) == "again", "refused before a byte left"
    wish = withdraw(case)
    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN
    assert (state(delivery_of(case)), state(wish)) == (DeliveryState.CANCELLED, DeliveryState.CANCELLED)
    due_now()
    assert work.deliver(delivery_of(case).pk) == "not now" and not Demo.effects
    assert withdraw(case).pk == wish.pk, "the same press again shows the same"
    assert Message.objects.filter(case_reference=case.reference, template="case_withdrawn").count() == 1


def test_a_submission_that_may_have_left_is_followed_by_the_withdrawal(connect: Connect, submit: Submit) -> None:
    connection = connect(behaviour="unclear")
    case = submit()
    assert work.deliver(delivery_of(case).pk) == "again"
    wish = withdraw(case)
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED and state(delivery_of(case)) == DeliveryState.PENDING
    behave(connection, "good")
    due_now()
    assert work.deliver(wish.pk) == "not now"
    due_now()
    assert work.deliver(delivery_of(case).pk) == "sent" and work.deliver(wish.pk) == "sent"
    assert list(Demo.effects) == [case.reference, wish.key]
    case.refresh_from_db()
    assert queries.display_tag(case).word == "Pembatalan diminta"


def test_a_submission_that_is_being_sent_is_never_cancelled(connect: Connect, submit: Submit) -> None:
    connect()
    case = submit()
    assert leases.claim(delivery_of(case).pk) is not None
    wish = withdraw(case)
    assert (state(delivery_of(case)), wish.state) == (DeliveryState.SENDING, DeliveryState.PENDING)


def test_the_department_grants_the_withdrawal(asked: Case) -> None:
    wish = withdraw(asked)
    for act in (answer, add, withdraw):
        with pytest.raises(actions.ConflictError, match="sudah meminta pembatalan"):
            act(asked, key="w2")
    work.deliver(wish.pk)
    asked.refresh_from_db()
    assert asked.status == Status.WAITING_FOR_RESIDENT
    tell(asked, Status.WITHDRAWN)
    asked.refresh_from_db()
    assert asked.status == Status.WITHDRAWN


def test_the_department_completes_first_and_the_wish_that_never_left_is_over(
    asked: Case, client: Client, alice: User
) -> None:
    wish = withdraw(asked)
    tell(asked, Status.COMPLETED)
    assert state(wish) == DeliveryState.CANCELLED
    assert work.deliver(wish.pk) == "not now" and wish.key not in Demo.effects
    with pytest.raises(actions.ConflictError, match="Selesai"):
        withdraw(Case.objects.get(), "w2")
    client.force_login(alice)
    assert "Anda meminta pembatalan" in client.get(f"/permohonan/{asked.reference}/").content.decode()


def test_a_department_that_refuses_to_let_go_is_heard(asked: Case) -> None:
    behave(Connection.objects.get(), "rejects")
    wish = withdraw(asked)
    assert work.deliver(wish.pk) == "rejected"
    assert state(wish) == DeliveryState.CANCELLED
    assert Message.objects.filter(case_reference=asked.reference, template="case_not_withdrawn").exists()
    asked.refresh_from_db()
    assert queries.open_withdrawal(asked) is None


@pytest.mark.django_db(transaction=True)
def test_a_clerk_completes_while_alice_withdraws_and_one_of_them_wins(connect: Connect, submit: Submit, bob: User) -> None:
    connect("inbox")
    for attempt in range(5):
        case = submit()
        work.deliver(delivery_of(case).pk)

        def alice_withdraws(case: Case = case, attempt: int = attempt) -> str:
            try:
                acts.withdraw_case(case, reason="", request_key=f"r{attempt}")
                return "withdraw"
            except actions.ConflictError:
                return ""
            finally:
                database.close()

        def bob_completes(case: Case = case) -> str:
            try:
                actions.decide_case(case, clerk=bob, decision="selesai", reason="Jadi")
                return "complete"
            except actions.ConflictError:
                return ""
            finally:
                database.close()

        with ThreadPoolExecutor(2) as pool:
            won = [f.result() for f in (pool.submit(alice_withdraws), pool.submit(bob_completes))]
        case.refresh_from_db()
        assert sorted(map(bool, won)) == [False, True], won
        assert (case.status == Status.COMPLETED) == ("complete" in won)
        assert case.deliveries.filter(act=Act.WITHDRAW).count() == ("withdraw" in won)


@pytest.mark.django_db(transaction=True)
def test_sending_completing_and_adding_at_the_same_moment_wait_for_each_other_and_never_for_ever(
    connect: Connect, submit: Submit
) -> None:
    connect()

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except actions.ConflictError:
            return None
        finally:
            database.close()

    for attempt in range(6):
        case = submit()
        work.deliver(delivery_of(case).pk)
        ask(case)
        wish = withdraw(case, f"w{attempt}")
        moves = [
            lambda wish=wish: work.deliver(wish.pk),
            lambda case=case: tell(case, Status.COMPLETED),
            lambda case=case, attempt=attempt: answer(case, key=f"k{attempt}"),
            lambda case=case: polling.ask(Poll.objects.get(case=case).pk),
        ]
        Poll.objects.update(next_at=timezone.now())
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(alone, moves))
        case.refresh_from_db()
        assert case.status == Status.COMPLETED
        assert state(wish) == (DeliveryState.SENT if wish.key in Demo.effects else DeliveryState.CANCELLED)


def test_a_clerk_lets_go_or_says_why_not(
    connect: Connect, submit: Submit, bob: User, client: Client, department: Any
) -> None:
    connect("inbox")
    DepartmentMember.objects.create(user=bob, department=department, role=DepartmentRole.CLERK)
    client.force_login(bob)
    for decision, expected in (("tolak", Status.SUBMITTED), ("setuju", Status.WITHDRAWN)):
        case = submit()
        work.deliver(delivery_of(case).pk)
        wish = withdraw(case, f"w-{decision}")
        work.deliver(wish.pk)
        page = client.get(f"/petugas/permohonan/{case.reference}/").content.decode()
        assert "Setujui pembatalan" in page and 'value="selesai"' not in page
        client.post(f"/petugas/permohonan/{case.reference}/pembatalan/", {"keputusan": decision, "alasan": "Sudah dicetak"})
        case.refresh_from_db()
        assert case.status == expected and queries.open_withdrawal(case) is None


def test_where_the_system_cannot_be_told_alice_reads_what_to_do_and_staff_see_her_wish(
    connect: Connect, submit: Submit, bob: User, alice: User, client: Client, department: Any
) -> None:
    connection = connect("rest")
    connection.operations.create(name="submit", spec={"path": "/x"})
    case = submit()
    Delivery.objects.update(state=DeliveryState.SENT, offered_at=timezone.now())
    timeline.apply_status_update(
        StatusUpdate(case.reference, "t", Status.WAITING_FOR_RESIDENT, message="Apa?"), case_id=case.pk
    )
    with pytest.raises(acts.NotOfferedError, match="Hubungi Dinas Uji"):
        answer(case)
    with pytest.raises(acts.NotOfferedError):
        add(case)
    wish = withdraw(case)
    assert (wish.state, wish.operation_id) == (DeliveryState.NEEDS_ATTENTION, None)
    client.force_login(alice)
    page = client.get(f"/permohonan/{case.reference}/").content.decode()
    assert "belum bisa menerima pembatalan lewat portal" in page and "/dinas/dinas-uji/" in page
    DepartmentMember.objects.create(user=bob, department=department, role=DepartmentRole.CLERK)
    client.force_login(bob)
    assert case.reference in client.get("/petugas/?antrean=pengiriman").content.decode()
    with pytest.raises(actions.ConflictError):
        actions.send_again(wish, clerk=bob)
    client.post(f"/petugas/permohonan/{case.reference}/pengiriman/", {"kiriman": "1", "tindakan": "sampai"})
    assert state(wish) == DeliveryState.SENT
