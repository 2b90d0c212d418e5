"""One writer of status: order, doubles and unknown words of a department's updates; submissions by key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from services.adapters.models import Connection
from services.adapters.values import StatusUpdate
from services.cases import actions, acts, inbound, timeline
from services.cases import delivery as work
from services.cases.constants import DeliveryState, Status
from services.cases.models import Case, CaseEvent, Delivery, InboundEvent
from services.catalogue.models import Service
from services.notifications.models import Message
from services.notifications.tasks import send_message
from tests.services.cases.conftest import delivery_of

Connect = Callable[..., Connection]
Submit = Callable[..., Case]


def update(case: Case, status: str, **values: object) -> StatusUpdate:
    return StatusUpdate(**{"reference": case.reference, "word": status.lower(), "status": status, **values})  # type: ignore[arg-type]


@pytest.fixture
def sent(connect: Connect, submit: Submit) -> Case:
    connect()
    case = submit()
    work.deliver(delivery_of(case).pk)
    case.refresh_from_db()
    return case


def test_the_same_event_five_times_is_one_line_and_one_message(sent: Case) -> None:
    for _ in range(5):
        timeline.apply_status_update(update(sent, Status.COMPLETED, event_id="e1", version="2"), case_id=sent.pk)
    assert CaseEvent.objects.filter(case=sent, status=Status.COMPLETED).count() == 1
    assert Message.objects.filter(case_reference=sent.reference, template="case_completed").count() == 1


def test_an_older_event_is_history_and_never_moves_the_status_back(sent: Case) -> None:
    now = timezone.now()
    timeline.apply_status_update(update(sent, Status.COMPLETED, event_id="e9", version="9", at=now), case_id=sent.pk)
    reason = timeline.apply_status_update(
        update(sent, Status.IN_PROGRESS, event_id="e8", version="8", at=now - timedelta(minutes=5)), case_id=sent.pk
    )
    sent.refresh_from_db()
    assert sent.status == Status.COMPLETED and reason
    at = list(sent.events.filter(kind="STATUS").order_by("at").values_list("status", flat=True))
    assert at.index(Status.IN_PROGRESS) < at.index(Status.COMPLETED)


def test_an_unknown_word_changes_nothing_and_is_kept_for_staff(sent: Case) -> None:
    timeline.apply_status_update(
        StatusUpdate(reference=sent.reference, word="melayang", status="", event_id="e2"), case_id=sent.pk
    )
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED
    line = CaseEvent.objects.get(case=sent, key__startswith="event:")
    assert not line.public and "melayang" in line.words


def test_a_step_that_the_table_does_not_know_is_refused(sent: Case) -> None:
    timeline.apply_status_update(update(sent, Status.REFUSED, event_id="e1", version="1"), case_id=sent.pk)
    assert timeline.apply_status_update(update(sent, Status.IN_PROGRESS, event_id="e2", version="2"), case_id=sent.pk)
    sent.refresh_from_db()
    assert sent.status == Status.REFUSED


def test_an_event_of_another_department_touches_nothing(sent: Case) -> None:
    other = Connection.objects.create(code="lain", department=sent.department, label="Lain", kind="demo")
    event = InboundEvent.objects.create(
        connection=other, event_id="x", payload=inbound.pack(update(sent, Status.COMPLETED, event_id="x"))
    )
    assert inbound.apply_event(event.pk) == "case not known yet"
    sent.refresh_from_db()
    assert sent.status == Status.RECEIVED


def test_a_verified_event_closes_an_unclear_delivery(connect: Connect, submit: Submit) -> None:
    connection = connect(idempotency="none", behaviour="unclear")
    case = submit()
    work.deliver(delivery_of(case).pk)
    assert delivery_of(case).state == DeliveryState.UNCLEAR
    event = InboundEvent.objects.create(
        connection=connection,
        event_id="y",
        payload=inbound.pack(update(case, Status.WAITING_FOR_RESIDENT, event_id="y", message="Foto buram")),
    )
    assert inbound.apply_event(event.pk) == ""
    case.refresh_from_db()
    assert delivery_of(case).state == DeliveryState.SENT and case.status == Status.WAITING_FOR_RESIDENT


def test_the_same_key_gives_the_same_case_and_another_body_is_refused(connect: Connect, submit: Submit) -> None:
    connect()
    first = submit("api:1:abc", digest="one")
    assert submit("api:1:abc", digest="one").pk == first.pk
    with pytest.raises(actions.KeyReusedError):
        submit("api:1:abc", digest="two")
    assert Case.objects.count() == Delivery.objects.count() == 1


def test_a_service_without_a_connection_accepts_nothing(submit: Submit) -> None:
    with pytest.raises(actions.NotAcceptingError):
        submit()
    assert not Case.objects.exists()


def test_a_clerk_decides_once_and_a_second_decision_conflicts(connect: Connect, submit: Submit, bob: User) -> None:
    connect("inbox")
    case = submit()
    work.deliver(delivery_of(case).pk)
    actions.decide_case(case, clerk=bob, decision="selesai", reason="Sudah jadi")
    with pytest.raises(actions.ConflictError):
        actions.decide_case(case, clerk=bob, decision="tolak", reason="Tidak")
    case.refresh_from_db()
    assert case.status == Status.COMPLETED and case.clerk == bob


def test_alice_answers_a_question_and_the_case_goes_on(connect: Connect, submit: Submit, bob: User) -> None:
    connect("inbox")
    case = submit()
    work.deliver(delivery_of(case).pk)
    actions.decide_case(case, clerk=bob, decision="tanya", reason="Foto KTP buram")
    acts.answer_question(case, text="Ini keterangannya", files=[], request_key="k1")
    case.refresh_from_db()
    assert case.status == Status.RECEIVED
    with pytest.raises(actions.ConflictError):
        acts.answer_question(case, text="Lagi", files=[], request_key="k2")


def test_an_event_from_an_impossible_time_breaks_no_page(sent: Case, client: Client, alice: User) -> None:
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    timeline.apply_status_update(update(sent, Status.IN_PROGRESS, event_id="e5", version="5"), case_id=sent.pk)
    timeline.apply_status_update(update(sent, Status.COMPLETED, event_id="e1", version="1", at=far), case_id=sent.pk)
    client.force_login(alice)
    assert client.get(f"/permohonan/{sent.reference}/").status_code == 200


def test_two_events_of_one_version_are_one_decision(sent: Case) -> None:
    timeline.apply_status_update(update(sent, Status.IN_PROGRESS, event_id="e5", version="5"), case_id=sent.pk)
    assert timeline.apply_status_update(update(sent, Status.REFUSED, event_id="e6", version="5"), case_id=sent.pk)
    sent.refresh_from_db()
    assert sent.status == Status.IN_PROGRESS


def test_what_people_write_is_encrypted_in_the_database(connect: Connect, submit: Submit, bob: User) -> None:
    connect("inbox")
    case = submit()
    work.deliver(delivery_of(case).pk)
    actions.decide_case(case, clerk=bob, decision="tanya", reason="RAHASIA-DINAS")
    acts.answer_question(case, text="RAHASIA-WARGA", files=[], request_key="k1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM cases_caseevent")
        stored = repr(cursor.fetchall())
        cursor.execute("SELECT context FROM notifications_message")
        stored += repr(cursor.fetchall())
    assert "RAHASIA" not in stored
    assert {"RAHASIA-DINAS", "RAHASIA-WARGA"} <= set(case.events.values_list("text", flat=True))


def test_a_refusal_by_the_department_is_told_by_mail(connect: Connect, submit: Submit) -> None:
    connect(behaviour="rejects")
    case = submit()
    work.deliver(delivery_of(case).pk)
    message = Message.objects.get(case_reference=case.reference, template="case_correction")
    send_message(message.pk)
    assert "meminta perbaikan isian" in mail.outbox[0].subject and "Contoh penolakan." in mail.outbox[0].body
    assert case.reference in mail.outbox[0].alternatives[0].content


def test_a_promise_beyond_reason_refuses_no_submission(connect: Connect, submit: Submit, service: Service) -> None:
    connect()
    service.time_value = 32_000
    service.save()
    assert submit().due_at is not None


def test_one_message_with_two_steps_of_a_case_applies_both(sent: Case) -> None:
    for version, status in (("2", Status.IN_PROGRESS), ("3", Status.COMPLETED)):
        timeline.apply_status_update(update(sent, status, event_id="same", version=version), case_id=sent.pk)
    sent.refresh_from_db()
    assert sent.status == Status.COMPLETED


def test_the_same_news_under_another_event_adds_no_line(sent: Case) -> None:
    for event in ("a", "b"):
        timeline.apply_status_update(update(sent, Status.IN_PROGRESS, event_id=event, version="2"), case_id=sent.pk)
    assert sent.events.filter(status=Status.IN_PROGRESS).count() == 1


@pytest.mark.parametrize("at", [None, datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
def test_whatever_the_departments_clock_says_the_present_step_is_the_last(sent: Case, at: datetime | None) -> None:
    timeline.apply_status_update(
        update(sent, Status.WAITING_FOR_RESIDENT, event_id="n", version="9", at=at), case_id=sent.pk
    )
    timeline.apply_status_update(update(sent, Status.IN_PROGRESS, event_id="o", version="8"), case_id=sent.pk)
    order = list(sent.events.filter(kind="STATUS").order_by("at", "id").values_list("status", flat=True))
    assert order[0] == Status.SUBMITTED and order[-1] == Status.WAITING_FOR_RESIDENT


def test_what_a_department_names_besides_is_kept_encrypted_and_by_the_present_status_alone(
    connect: Callable[..., Connection], submit: Callable[..., Case]
) -> None:
    connect()
    case = submit()

    def tell(status: str, version: str, **results: str) -> None:
        event = f"e{status}{version}"
        update = StatusUpdate(case.reference, status, status, version=version, event_id=event, results=results)
        payload = inbound.pack(update)
        timeline.apply_status_update(inbound.unpack(payload), case_id=case.pk)
        case.refresh_from_db()

    tell("COMPLETED", "5", no_akta="3576-LU-1")
    tell("COMPLETED", "6", nik_anak="3576010111250001")
    tell("IN_PROGRESS", "4", no_akta="an older message")
    assert case.results == {"no_akta": "3576-LU-1", "nik_anak": "3576010111250001"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT results FROM cases_case")
        assert "3576" not in cursor.fetchone()[0]
    older = inbound.pack(StatusUpdate(case.reference, "x", ""))
    del older["results"]  # stored before departments could name any
    assert inbound.unpack(older).results == {}
