"""From a document that the code has never seen to a binding in service: by what integrators do, against the stand-in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from services.adapters import gateway
from services.adapters.connecting import documents, registering
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.models import ContractRun, Exchange
from services.adapters.sandbox import Fault
from services.catalogue.models import Availability, Channel, Service
from services.forms.actions import publish_form
from tests.services.adapters.connecting.document import DOCUMENT

BY = "uji"


@pytest.fixture
def service(department):
    return Service.objects.create(code="izin-trayek", department=department, channel=Channel.FORM)


@pytest.fixture
def connection(department, service):
    made = registering.register(department, {"code": "angkutan", "kind": "openapi", "stand_in": True}, by=BY)
    document, api = documents.store(made, {"main": DOCUMENT})
    report = documents.report(api)
    registering.change(made, {"options": {**report["options"], "words": report["words"]}, "idempotency": "key"}, by=BY)
    for role, operation_id in report["roles"].items():
        proposal = documents.propose(document, operation_id, role, service=service)
        assert proposal.open == (), proposal
        work.save_operation(made, role, proposal.spec, by=BY)
        if role == "submit":
            version = publish_form(service.code, proposal.form)
            Service.objects.filter(pk=service.pk).update(form=version.definition)
            service.refresh_from_db()
            work.bind(made, service, proposal.rows, by=BY)
    return made


@pytest.fixture
def binding(connection, service):
    return work.newest_binding(connection, service)


def _rows(run: ContractRun) -> dict[str, str]:
    return {row["name"]: row["result"] for row in run.rows}


def test_the_document_is_understood(connection):
    assert connection.options["auth"] == {"type": "api_key", "header": "X-Kunci"}
    assert connection.options["health_path"] == "/health"
    assert set(connection.operations.values_list("name", flat=True)) == {"submit", "status", "withdraw"}
    submit = connection.operations.get(name="submit").spec
    assert submit["receipt"] == "nomor_izin"
    assert submit["key"] == {"place": "header", "name": "Idempotency-Key"}
    assert submit["rejection"] == {"list": "kesalahan", "field": "kolom", "text": "ket", "message": "pesan"}


def test_contract_tests_against_the_stand_in_are_green(binding):
    run = work.test(binding)
    assert run.green, run.rows
    found = _rows(run)
    assert found["submit"] == found["idempotency"] == found["status"] == found["withdraw"] == found["redaction"] == "good"
    assert found["request"] == found["answer"] == found["rejection"] == "good", run.rows
    assert run.target == "stand_in" and run.drift == ""
    assert {row.detail["target"] for row in Exchange.objects.all()} == {"stand_in"}


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault])
def test_each_fault_of_the_stand_in_makes_them_red_with_a_sentence(connection, binding, fault):
    registering.change(connection, {"stand_in_fault": fault.value}, by=BY)
    binding.refresh_from_db()
    run = work.test(work.newest_binding(connection, binding.service))
    assert not run.green
    assert all(row["text"] for row in run.rows if row["result"] == "bad")


def test_a_draft_is_not_in_service_until_it_is_tested_and_published(connection, binding, service):
    assert gateway.binding_for(service) is None
    registering.change(connection, {"base_url": "https://angkutan.example/api"}, by=BY)
    binding = work.newest_binding(connection, service)
    with pytest.raises(ConnectionProblem, match="belum dijalankan"):
        work.publish(binding, by=BY)
    assert work.test(binding).green
    assert work.publish(binding, by=BY) is True
    assert gateway.binding_for(service) == binding
    assert work.publish(binding, by=BY) is False


def test_a_change_after_the_test_needs_another_test_and_leaves_what_is_in_service(connection, binding, service):
    registering.change(connection, {"base_url": "https://angkutan.example/api"}, by=BY)
    binding = work.newest_binding(connection, service)
    work.test(binding)
    work.publish(binding, by=BY)
    changed = work.bind(connection, service, [row for row in binding.mapping if row["to"] != "wisata"], by=BY)
    assert gateway.binding_for(service) == binding
    with pytest.raises(ConnectionProblem, match="belum dijalankan"):
        work.publish(changed, by=BY)
    work.test(changed)
    work.publish(changed, by=BY)
    assert gateway.binding_for(service) == changed


def test_a_mapping_that_breaks_the_schema_is_named_and_cannot_be_published(connection, binding, service):
    rows = [row for row in binding.mapping if row["to"] != "trayek"]
    changed = work.bind(connection, service, rows, by=BY)
    run = work.test(changed)
    assert not run.green
    bad = next(row for row in run.rows if row["result"] == "bad")
    assert bad["name"] == "request" and "trayek" in bad["text"]
    assert run.drift == "", "it is our mapping that lacks something; the department's system is as it was"


def test_the_preview_is_what_would_be_sent(binding):
    shown = work.preview(binding, {"nik": "3576010101900001", "nopol": " S 1 AB ", "panjang_m": "2,5"})
    by_target = {one["to"]: one for one in shown}
    assert by_target["nopol"]["values"] == [" S 1 AB ", "S 1 AB"]
    assert by_target["panjang_m"]["made"] == 2.5
    assert by_target["trayek"]["problem"] and not by_target["trayek"]["written"]


def test_no_test_is_sent_to_the_real_address(connection, binding):
    registering.change(connection, {"stand_in": False, "base_url": "https://angkutan.example"}, by=BY)
    run = work.test(work.newest_binding(connection, binding.service))
    assert not run.green and "Alamat uji" in run.rows[0]["text"]
    assert not Exchange.objects.exists()


def test_a_window_of_maintenance_tells_the_services_and_ends(connection, binding, service):
    registering.change(connection, {"base_url": "https://angkutan.example"}, by=BY)
    binding = work.newest_binding(connection, service)
    work.test(binding)
    work.publish(binding, by=BY)
    now = timezone.now()
    window = work.add_window(
        connection, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1), pauses=True, reason="", by=None
    )
    service.refresh_from_db()
    assert service.availability == Availability.PAUSED
    work.remove_window(connection, window.pk)
    service.refresh_from_db()
    assert service.availability == Availability.AVAILABLE


def test_a_document_that_is_sent_again_after_another_is_the_newest_again(connection):
    other = DOCUMENT.replace(b"API Angkutan", b"API Lain")
    first, _api = documents.store(connection, {"main": DOCUMENT})
    second, _api = documents.store(connection, {"main": other})
    assert documents.newest(connection) == second
    assert documents.store(connection, {"main": DOCUMENT})[0] == first == documents.newest(connection)
    assert documents.store(connection, {"main": DOCUMENT})[0] == first, "and the same once more changes nothing"
    assert connection.documents.count() == 2
