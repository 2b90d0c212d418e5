"""What a resident does later: in order, once each, told honestly; and who wins when two decide at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import AccessEntry, User
from services.adapters.kinds.demo import Demo
from services.adapters.models import Connection
from services.adapters.values import StatusUpdate
from services.cases import actions, acts, leases, polling, queries, timeline
from services.cases import delivery as work
from services.cases.attachments import judge
from services.cases.constants import Act, DeliveryState, Status
from services.cases.models import Attachment, Case, Delivery, Poll
from services.catalogue.models import DepartmentMember, DepartmentRole
from services.notifications.models import Message
from tests.services.cases.conftest import delivery_of
from tests.services.cases.test_applying import pdf

Connect = Callable[..., Connection]
Submit = Callable[..., Case]


@pytest.fixture(autouse=True)
def _clean(settings: Any, tmp_path: Any) -> None:
    Demo.effects.clear()
    settings.UPLOADS_ROOT = tmp_path / "uploads"


def ask(case: Case, version: str = "5", text: str = "Foto KTP buram") -> None:
    timeline.apply_status_update(
        StatusUpdate(case.reference, "tanya", Status.WAITING_FOR_RESIDENT, message=text, version=version), case_id=case.pk
    )


def tell(case: Case, status: str, version: str = "9") -> None:
    timeline.apply_status_update(StatusUpdate(case.reference, "kata", status, version=version), case_id=case.pk)


def answer(case: Case, text: str = "Ini", key: str = "k1") -> Delivery:
    return acts.answer_question(case, text=text, files=[], request_key=key)


def add(case: Case, key: str = "b1") -> Delivery:
    return acts.add_files(case, text="", files=[judge(pdf("surat.pdf"))], request_key=key)


def withdraw(case: Case, key: str = "w1") -> Delivery:
    return acts.withdraw_case(case, reason="Tidak jadi", request_key=key)


def behave(connection: Connection, behaviour: str) -> None:
    Connection.objects.filter(pk=connection.pk).update(options={"behaviour": behaviour})


def state(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def due_now() -> None:
    Delivery.objects.filter(state=DeliveryState.PENDING).update(next_try=timezone.now(), ask_after=None)


@pytest.fixture
def asked(connect: Connect, submit: Submit) -> Case:
    """A case that has arrived at a department with a system, which asks."""
    connect()
    case = submit()
    work.deliver(delivery_of(case).pk)
    ask(case)
    case.refresh_from_db()
    return case


# --- an answer --------------------------------------------------------------------------------------------------------


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


# --- withdrawing ------------------------------------------------------------------------------------------------------


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


# --- doors ------------------------------------------------------------------------------------------------------------


def test_alice_answers_by_the_page_with_a_file_and_a_double_press_is_one_act(
    asked: Case, client: Client, alice: User, adi: User
) -> None:
    client.force_login(alice)
    address = f"/permohonan/{asked.reference}/jawab/"
    token = client.get(f"/permohonan/{asked.reference}/").context["token"]
    for _press in range(2):
        values = {"pesan": "Ini fotonya", "kunci": token, "berkas": pdf("ktp.pdf")}
        assert client.post(address, values)["Location"] == f"/permohonan/{asked.reference}/"
    delivery = Delivery.objects.get(number=1)
    page = client.get(f"/permohonan/{asked.reference}/").content.decode()
    assert "Ini fotonya" in page and "ktp.pdf" in page and "Menunggu diteruskan ke dinas" in page
    assert Attachment.objects.filter(delivery=delivery).count() == 1
    work.deliver(delivery.pk)
    assert "Sudah sampai di dinas" in client.get(f"/permohonan/{asked.reference}/").content.decode()
    client.force_login(adi)
    for path in ("jawab", "berkas", "batalkan"):
        assert client.post(f"/permohonan/{asked.reference}/{path}/", {"pesan": "x"}).status_code == 404


def test_what_alice_wrote_stays_when_her_file_is_refused(asked: Case, client: Client, alice: User) -> None:
    client.force_login(alice)
    values = {"pesan": "Tulisan panjang", "kunci": "t", "berkas": SimpleUploadedFile("ktp.exe", b"MZ")}
    answer = client.post(f"/permohonan/{asked.reference}/jawab/", values)
    page = answer.content.decode()
    assert "Tulisan panjang" in page and "Ada 1 yang perlu diperbaiki" in page
    assert not Delivery.objects.filter(number=1).exists() and not Attachment.objects.exists()


def test_an_answer_after_the_session_has_ended_is_there_again(asked: Case, client: Client, alice: User) -> None:
    address = f"/permohonan/{asked.reference}/jawab/"
    assert client.post(address, {"pesan": "Sudah saya tulis", "kunci": "t"}).status_code == 303
    client.force_login(alice)
    assert "Sudah saya tulis" in client.get(address).content.decode()


@pytest.fixture
def api(client: Client, alice: User) -> Callable[..., Any]:
    token = create_api_key(alice, label="uji")

    def post(case: Case, act: str, body: dict[str, Any], key: str = "a1", files: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        kind = {} if files else {"content_type": "application/json"}
        return client.post(f"/api/v1/cases/{case.reference}/{act}", body, headers=headers, **kind)

    return post


def test_a_consumer_answers_once_by_its_key(asked: Case, api: Callable[..., Any], adi: User, submit: Submit) -> None:
    first, again = (api(asked, "answer", {"text": "Ini"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert first.json()["reference"] == f"{asked.reference}.1"
    assert api(asked, "answer", {"text": "Lain"}).status_code == 422
    late = api(asked, "answer", {"text": "Lagi"}, key="a2")
    assert (late.status_code, late["Content-Type"]) == (409, "application/problem+json") and late.json()["detail"]
    assert api(submit(resident=adi), "answer", {"text": "x"}, key="a3").status_code == 404


@pytest.mark.parametrize("body", [{}, {"text": 5}, {"text": "x" * 2001}, {"text": "a", "status": "COMPLETED"}])
def test_a_bad_answer_is_refused_in_words(asked: Case, api: Callable[..., Any], body: dict[str, Any]) -> None:
    refused = api(asked, "answer", body)
    assert refused.status_code == 400 and refused.json()["detail"]


def test_a_consumer_adds_a_file_and_withdraws(asked: Case, api: Callable[..., Any]) -> None:
    for status in (201, 200):
        body = {"file": pdf("surat.pdf"), "text": "Susulan"}
        assert api(asked, "attachments", body, key="f1", files=True).status_code == status
    assert Attachment.objects.count() == 1
    assert api(asked, "attachments", {"text": "tanpa"}, key="f2").status_code == 400
    bad = {"file": SimpleUploadedFile("surat.exe", b"MZ")}
    assert api(asked, "attachments", bad, key="f3", files=True).json()["code"] == "file_refused"
    assert api(asked, "withdraw", {}, key="w").json()["act"] == "WITHDRAW"
    assert api(asked, "withdraw", {}, key="w2").status_code == 409
