"""Watched contracts: drift is told once and makes the service queue; maintenance begins and ends on time; old rows go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from services.adapters import circuit, contract, gateway, keeping, timetable
from services.adapters.connecting import registering
from services.adapters.connecting import service as work
from services.adapters.models import Binding, Connection, ContractRun, Exchange, Operation
from services.adapters.values import Unavailable
from services.catalogue.models import Availability, Department, DepartmentMember, DepartmentRole, Service
from services.notifications.models import Message
from services.notifications.tasks import send_message
from tests.services.adapters.connecting.test_from_document import connection, service  # noqa: F401


@pytest.fixture
def live(connection: Connection, service: Service) -> Binding:  # noqa: F811
    registering.change(connection, {"base_url": "https://angkutan.example"}, by="uji")
    binding = work.newest_binding(connection, service)
    assert binding is not None and work.test(binding).green
    work.publish(binding, by="uji")
    return binding


@pytest.fixture
def people(department: Department, bob: User, carol: User, dewi: User) -> None:
    for user, role in ((bob, DepartmentRole.MANAGER), (carol, DepartmentRole.INTEGRATOR), (dewi, DepartmentRole.CLERK)):
        DepartmentMember.objects.create(user=user, department=department, role=role)


def drift(live: Binding) -> None:
    """The document's own answer no longer has the number where the operation reads it."""
    operation = Operation.objects.get(connection=live.connection, name="submit")
    schema = {
        "type": "object",
        "required": ["tanda"],
        "properties": {"tanda": {"type": "string"}},
        "additionalProperties": False,
    }
    operation.spec = {**operation.spec, "answer_schema": schema}
    operation.save()


def test_drift_makes_the_service_queue_and_is_told_once_and_ends(live: Binding, people: None, service: Service) -> None:  # noqa: F811
    keeping.test_again(live)
    assert not Message.objects.exists()
    good = Operation.objects.get(connection=live.connection, name="submit").spec
    drift(live)
    for _ in range(3):
        run = keeping.test_again(live)
    assert run.nightly and not run.green and "nomor_izin" in run.drift
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING
    assert sorted(Message.objects.values_list("recipient__name", flat=True)) == ["Bob Contoh", "Carol Contoh"]
    send_message(Message.objects.earliest("pk").pk)
    assert "nomor_izin" in mail.outbox[0].body and "/integrasi/angkutan/" in mail.outbox[0].body
    assert any("nomor_izin" in text for text in work.obstacles(live))
    Operation.objects.filter(connection=live.connection, name="submit").update(spec=good)
    keeping.test_again(live)
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE
    assert Message.objects.filter(template="contract_kept").count() == 2


def test_drift_that_somebody_finds_by_day_counts_at_once_and_so_does_its_end(
    live: Binding,
    people: None,
    service: Service,  # noqa: F811
) -> None:
    good = Operation.objects.get(connection=live.connection, name="submit").spec
    drift(live)
    assert not work.test(live).green
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING
    assert Message.objects.filter(template="contract_drift").count() == 2
    Operation.objects.filter(connection=live.connection, name="submit").update(spec=good)
    assert work.test(Binding.objects.get(pk=live.pk)).green
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE and work.publication_problems(service) == []
    assert Message.objects.filter(template="contract_kept").count() == 2


def test_a_draft_that_is_tested_says_nothing_about_what_is_in_service(
    live: Binding,
    people: None,
    service: Service,  # noqa: F811
) -> None:
    spec = live.connection.operations.get(name="submit").spec
    schema = {"type": "object", "required": ["tanda"], "properties": {"tanda": {"type": "string"}}}
    work.save_operation(
        live.connection, "submit", {**spec, "answer_schema": {**schema, "additionalProperties": False}}, by="uji"
    )
    assert not work.test(live).green
    assert keeping.test_again(live).green, "at night what is in service is tested, not the draft"
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE and not Message.objects.exists()


def test_drift_is_mended_by_a_new_operation_that_was_tested_since(
    live: Binding,
    people: None,
    service: Service,  # noqa: F811
) -> None:
    good = live.connection.operations.get(name="submit").spec
    drift(live)
    keeping.test_again(live)
    work.save_operation(live.connection, "submit", {**good, "version": "urutan"}, by="uji")
    binding = Binding.objects.get(pk=live.pk)
    assert any("Sistem dinas berubah" in text for text in work.obstacles(binding))
    assert work.test(binding).green
    work.publish(binding, by="uji")
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE and Binding.objects.get(pk=live.pk).drift == ""


def test_a_test_address_that_is_down_changes_nothing_for_residents(live: Binding, people: None, service: Service) -> None:  # noqa: F811
    registering.change(live.connection, {"stand_in_fault": "down"}, by="uji")
    live.refresh_from_db()
    assert not keeping.test_again(live).green
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE and not Message.objects.exists()


def test_what_has_no_test_address_is_not_tested_at_night(live: Binding) -> None:
    assert keeping.watched() == [live]
    timetable.keep_contracts()
    assert ContractRun.objects.filter(nightly=True).count() == 1
    registering.change(live.connection, {"stand_in": False}, by="uji")
    assert keeping.watched() == []
    assert not Exchange.objects.exclude(detail__target="stand_in").exists()


def test_maintenance_begins_and_ends_on_time_and_nothing_is_sent_in_it(live: Binding, service: Service) -> None:  # noqa: F811
    backend, now = live.connection, timezone.now()
    window = backend.maintenances.create(starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    keeping.settle_windows()
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE
    backend.maintenances.filter(pk=window.pk).update(starts_at=now - timedelta(minutes=1))
    timetable.settle_windows()
    service.refresh_from_db()
    assert service.availability == Availability.QUEUEING
    admitted = circuit.admit(backend, now=now, live=0, retry=False)
    assert not admitted.admitted and admitted.until is not None and admitted.until > now
    with pytest.raises(Unavailable) as caught:
        gateway.fetch_status(backend.pk, "1")
    assert caught.value.cause == "maintenance" and not caught.value.counts and caught.value.retry_after
    backend.maintenances.filter(pk=window.pk).update(ends_at=now - timedelta(seconds=1))
    timetable.settle_windows()
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE
    assert circuit.admit(backend, now=now, live=0, retry=False).admitted


def test_old_rows_go_and_new_ones_stay(live: Binding) -> None:
    for _ in range(keeping.RUNS_KEPT + 5):
        ContractRun.objects.create(binding=live, target="test", green=True, specs="x")
    old = Exchange.objects.create(connection=live.connection, direction="OUT", operation="submit")
    Exchange.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
    kept = Exchange.objects.exclude(pk=old.pk).count()
    timetable.forget_old()
    assert ContractRun.objects.filter(binding=live).count() == keeping.RUNS_KEPT
    assert Exchange.objects.count() == kept
    assert contract.last_run(live) is None or ContractRun.objects.exists()
