"""What a resident does later: in order, once each, told honestly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import AccessEntry, User
from services.adapters.kinds.demo import Demo
from services.adapters.models import Connection
from services.cases import actions, leases, queries
from services.cases import delivery as work
from services.cases.constants import Act, DeliveryState, Status
from services.cases.models import Attachment, Case, Delivery
from services.notifications.models import Message
from tests.services.cases.conftest import delivery_of
from tests.services.cases.later_acts import Connect, Submit, add, answer, ask, behave, due_now, state, tell, withdraw

pytestmark = pytest.mark.usefixtures("demo_without_past")


def test_an_answer_is_an_act_with_its_own_key_and_moves_the_case_once_it_arrived(asked: Case) -> None:
    delivery = answer(asked)
    assert (delivery.key, delivery.act, delivery.state) == (f"{asked.reference}.1", Act.ANSWER, DeliveryState.PENDING)
    asked.refresh_from_db()
    assert asked.status == Status.WAITING_FOR_RESIDENT
    assert queries.display_tag(asked).word == "Jawaban sedang diteruskan"
    assert work.deliver(delivery.pk) == "sent"
    asked.refresh_from_db()
    assert asked.status == Status.RECEIVED and asked.backend_reference == delivery_of(asked).backend_reference
    assert list(Demo.effects) == [asked.reference, delivery.key]
    assert AccessEntry.objects.filter(case_reference=asked.reference, action="delivered:1").count() == 1


def test_an_answer_that_arrives_after_a_new_question_leaves_the_question_open(asked: Case) -> None:
    delivery = answer(asked)
    ask(asked, version="6", text="Juga fotokopi KK")
    work.deliver(delivery.pk)
    asked.refresh_from_db()
    assert asked.status == Status.WAITING_FOR_RESIDENT
    second = answer(asked, "Ini KK", "k2")
    assert work.deliver(second.pk) == "sent"


def test_the_same_press_twice_is_one_act_and_another_body_is_refused(asked: Case) -> None:
    assert answer(asked).pk == answer(asked).pk
    with pytest.raises(actions.KeyReusedError):
        answer(asked, "Lain")
    with pytest.raises(actions.ConflictError):
        answer(asked, "Lagi", "k2")
    assert asked.deliveries.count() == 2


@pytest.mark.parametrize("kind", ["key", "lookup", "none"])
def test_an_answer_without_an_answer_follows_the_unclear_rule(connect: Connect, submit: Submit, kind: str) -> None:
    connection = connect(idempotency=kind)
    case = submit()
    work.deliver(delivery_of(case).pk)
    ask(case)
    delivery = answer(case)
    behave(connection, "unclear")
    assert work.deliver(delivery.pk) == ("unclear" if kind == "none" else "again")
    behave(connection, "good")
    due_now()
    assert work.deliver(delivery.pk) == ("not now" if kind == "none" else "sent")
    assert list(Demo.effects).count(delivery.key) == 1


def test_a_refused_answer_tells_what_to_correct_and_a_new_one_takes_its_place(
    asked: Case, client: Client, alice: User
) -> None:
    connection = Connection.objects.get()
    behave(connection, "rejects")
    first = answer(asked)
    assert work.deliver(first.pk) == "rejected"
    assert Message.objects.filter(case_reference=asked.reference, template="case_correction").exists()
    client.force_login(alice)
    page = client.get(f"/permohonan/{asked.reference}/").content.decode()
    assert "Contoh penolakan." in page and 'name="pesan"' in page
    behave(connection, "good")
    second = answer(asked, "Yang benar", "k2")
    assert state(first) == DeliveryState.CANCELLED
    assert work.deliver(second.pk) == "sent"
    assert first.key not in Demo.effects and second.key in Demo.effects


def test_a_body_is_frozen_when_the_act_is_stored(asked: Case) -> None:
    delivery = answer(asked)
    before = bytes(Delivery.objects.get(pk=delivery.pk).body)
    Connection.objects.update(idempotency="none")
    again = Delivery.objects.get(pk=delivery.pk)
    assert (bytes(again.body), again.idempotency) == (before, "key")


# --- order ------------------------------------------------------------------------------------------------------------


def test_a_later_act_waits_until_the_earlier_one_arrived(asked: Case) -> None:
    connection = Connection.objects.get()
    first, second = answer(asked), add(asked)
    assert work.deliver(second.pk) == "not now"
    behave(connection, "unavailable")
    assert work.deliver(first.pk) == "again"
    due_now()
    assert work.deliver(second.pk) == "not now"
    behave(connection, "good")
    due_now()
    assert work.deliver(first.pk) == "sent"
    assert work.deliver(second.pk) == "sent", "it was woken when the first had arrived"
    assert list(Demo.effects) == [asked.reference, first.key, second.key]


def test_a_person_who_sets_an_act_aside_lets_the_next_one_go(connect: Connect, submit: Submit, bob: User) -> None:
    connection = connect(idempotency="none")
    case = submit()
    work.deliver(delivery_of(case).pk)
    ask(case)
    first, second = answer(case), add(case)
    behave(connection, "unclear")
    assert work.deliver(first.pk) == "unclear"
    behave(connection, "good")
    assert work.deliver(second.pk) == "not now"
    actions.set_aside(first, clerk=bob)
    assert work.deliver(second.pk) == "sent"


@pytest.mark.django_db(transaction=True)
def test_eight_workers_and_two_acts_send_each_once_and_in_order(connect: Connect, submit: Submit) -> None:
    connect(delay_seconds=0.05)
    case = submit()
    work.deliver(delivery_of(case).pk)
    ask(case)
    first, second = answer(case), add(case)

    def run(delivery_id: int) -> str:
        try:
            return work.deliver(delivery_id)
        finally:
            database.close()

    seen: list[str] = []
    for _round in range(6):
        with ThreadPoolExecutor(8) as pool:
            seen += pool.map(run, [second.pk, first.pk] * 4)
        due_now()
    assert seen.count("sent") == 2
    assert list(Demo.effects) == [case.reference, first.key, second.key]
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.sent_at and second.sent_at and first.sent_at <= second.sent_at


def test_a_takeover_of_the_first_act_does_not_let_the_second_by(asked: Case) -> None:
    first, second = answer(asked), add(asked)
    assert leases.claim(first.pk) is not None
    Delivery.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert work.deliver(second.pk) == "not now"
    assert work.deliver(first.pk) == "sent"
    assert work.deliver(second.pk) == "sent"


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_belongs_to_the_act_that_brought_it(asked: Case) -> None:
    delivery = add(asked)
    assert Attachment.objects.get(delivery=delivery).case == asked
    assert work.deliver(delivery.pk) == "sent"
    asked.refresh_from_db()
    assert asked.status == Status.WAITING_FOR_RESIDENT, "a file alone is no answer"


def test_nothing_is_added_to_a_closed_case(asked: Case) -> None:
    tell(asked, Status.COMPLETED)
    for act in (answer, add, withdraw):
        with pytest.raises(actions.ConflictError):
            act(asked)
    assert not Attachment.objects.exists()
