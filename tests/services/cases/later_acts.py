"""What residents, departments and time do in the tests of later acts."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from services.adapters.models import Connection
from services.adapters.values import StatusUpdate
from services.cases import acts, timeline
from services.cases.attachments import judge
from services.cases.constants import DeliveryState, Status
from services.cases.models import Case, Delivery
from tests.services.cases.test_applying import pdf

Connect = Callable[..., Connection]
Submit = Callable[..., Case]


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
