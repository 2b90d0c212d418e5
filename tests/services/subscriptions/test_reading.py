"""The timelines are read once: nothing is lost, nothing is told twice, nobody else's, and no personal data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from services.cases.models import Case, CaseEvent
from services.catalogue.models import Department
from services.subscriptions import reading
from services.subscriptions.constants import EventType
from services.subscriptions.models import EventDelivery, Reading
from tests.services.subscriptions.conftest import Subscribe, body_of, move, read_all


def _types(rows: list[EventDelivery]) -> list[str]:
    return [row.event_type for row in rows]


def test_each_step_of_a_case_is_one_event_in_its_order(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    move(case, "COMPLETED", text="Silakan diambil, Alice Contoh")
    rows = read_all()
    assert _types(rows) == [EventType.IN_PROGRESS, EventType.COMPLETED]
    first, last = map(body_of, rows)
    assert first["specversion"] == "1.0" and first["subject"] == case.reference and first["type"] == EventType.IN_PROGRESS
    assert set(first) == set("specversion id source type time datacontenttype data subject sequence".split())
    assert last["data"] == {
        "reference": case.reference,
        "service": "surat-uji",
        "department": "dinas-uji",
        "status": "COMPLETED",
        "phase": "closed",
        "at": last["time"],
    }
    assert first["sequence"] < last["sequence"] and first["id"] != last["id"]
    assert "Alice" not in rows[1].body, "what people wrote stays in the portal"


def test_reading_again_makes_nothing_twice(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    assert len(read_all()) == 1
    Reading.objects.update(through=0, gaps={})  # as after a restore of an older cursor
    assert len(read_all()) == 1


def test_a_reader_killed_before_its_commit_loses_nothing(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    with pytest.raises(RuntimeError), transaction.atomic():
        reading.read_timelines()
        raise RuntimeError("killed")
    assert not EventDelivery.objects.exists()
    assert len(read_all()) == 1


def test_a_line_that_commits_after_a_greater_one_is_still_told(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    line = CaseEvent.objects.latest("pk")
    late = line.pk + 1
    values = {"case": case, "kind": "STATUS", "public": True, "actor": "department"}
    CaseEvent.objects.create(pk=line.pk + 3, status="COMPLETED", at=timezone.now() + timedelta(seconds=1), **values)
    assert len(read_all()) == 2 and set(Reading.objects.get().gaps) == {str(late), str(late + 1)}
    CaseEvent.objects.create(pk=late, status="WAITING_FOR_RESIDENT", at=timezone.now(), **values)
    assert _types(read_all())[2:] == [EventType.WAITING]
    assert set(Reading.objects.get().gaps) == {str(late + 1)}


def test_a_number_that_never_came_is_forgotten_after_a_while(
    subscribe: Subscribe, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe()
    CaseEvent.objects.create(pk=CaseEvent.objects.latest("pk").pk + 2, case=case, kind="NOTE", public=False)
    read_all()
    assert len(Reading.objects.get().gaps) == 1
    monkeypatch.setattr(reading, "LATE", timedelta(0))
    read_all()
    assert Reading.objects.get().gaps == {}


def test_a_subscription_hears_nothing_from_before_its_time(subscribe: Subscribe, case: Case) -> None:
    read_all()
    move(case, "IN_PROGRESS")
    subscribe()
    move(case, "COMPLETED")
    assert _types(read_all()) == [EventType.COMPLETED]


def test_only_the_own_departments_cases_and_the_wanted_types_are_told(
    subscribe: Subscribe, case: Case, department: Department
) -> None:
    other = Department.objects.create(code="lain", name="Lain", short_name="Lain", kind="dinas")
    subscribe(of=other)
    wanted = subscribe(types=[EventType.COMPLETED])
    move(case, "IN_PROGRESS")
    move(case, "COMPLETED")
    (row,) = read_all()
    assert (row.subscription, row.event_type) == (wanted, EventType.COMPLETED)


def test_a_department_that_was_merged_into_another_goes_on_being_told(
    subscribe: Subscribe, case: Case, department: Department
) -> None:
    one = subscribe()
    heir = Department.objects.create(code="dinas-baru", name="Dinas Baru", short_name="Baru", kind="dinas")
    Case.objects.update(department=heir)
    type(one).objects.update(department=heir)
    move(case, "IN_PROGRESS")
    (row,) = read_all()
    assert body_of(row)["data"]["department"] == "dinas-baru"


def test_notes_messages_and_late_history_are_told_to_nobody(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "IN_PROGRESS")
    read_all()
    for kind, public in (("NOTE", False), ("MESSAGE", True), ("DELIVERY", True)):
        CaseEvent.objects.create(case=case, kind=kind, public=public, text="rahasia", status="SENT")
    CaseEvent.objects.create(case=case, kind="STATUS", status="RECEIVED", at=case.created_at)
    assert len(read_all()) == 1


def test_what_a_resident_does_later_is_told_with_the_status_of_that_moment(subscribe: Subscribe, case: Case) -> None:
    subscribe()
    move(case, "WAITING_FOR_RESIDENT")
    CaseEvent.objects.create(case=case, kind="ACT", status="ANSWER", actor="resident", text="NIK saya 3576014507900001")
    move(case, "RECEIVED")
    rows = read_all()
    assert _types(rows) == [EventType.WAITING, EventType.ANSWERED, EventType.RECEIVED]
    assert body_of(rows[1])["data"]["status"] == "WAITING_FOR_RESIDENT" and "3576" not in rows[1].body


def test_reading_much_takes_a_bounded_number_of_statements(
    subscribe: Subscribe, case: Case, django_assert_max_num_queries: Any
) -> None:
    subscribe()
    CaseEvent.objects.bulk_create([CaseEvent(case=case, kind="ACT", status="ANSWER") for _ in range(300)])
    with django_assert_max_num_queries(12):
        assert reading.read_timelines() == (300, False)
    assert database.in_atomic_block
