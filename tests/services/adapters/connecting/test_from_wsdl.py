# ruff: noqa: E501 (schemas are easier to read in one line)
"""From a WSDL that the code has never seen to a binding in service, by what integrators do, against the stand-in."""

import pytest

from services.adapters import gateway
from services.adapters.connecting import documents, registering
from services.adapters.connecting import service as work
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.sandbox import Fault
from services.catalogue.models import Channel, Service
from services.forms.actions import publish_form
from tests.services.adapters.documents.wsdls import wsdl

BY = "uji"
WSDL = wsdl(
    """<xs:simpleType name="Status"><xs:restriction base="xs:string"><xs:enumeration value="DITERIMA"/><xs:enumeration value="SELESAI"/>
    <xs:enumeration value="BATAL"/></xs:restriction></xs:simpleType>
    <xs:complexType name="Tanda"><xs:sequence><xs:element name="nomor" type="xs:string"/><xs:element name="status" type="t:Status"/></xs:sequence></xs:complexType>
    <xs:element name="Masuk"><xs:complexType><xs:sequence><xs:element name="referensi" type="xs:string"/>
    <xs:element name="trayek" type="xs:string"/><xs:element name="nopol" type="xs:string"/>
    <xs:element name="kursi" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="Keluar" type="t:Tanda"/>"""
)  # fmt: skip


@pytest.fixture
def service(department):
    return Service.objects.create(code="izin-trayek", department=department, channel=Channel.FORM)


@pytest.fixture
def connection(department, service):
    made = registering.register(department, {"code": "angkutan", "kind": "soap", "stand_in": True}, by=BY)
    document, api = documents.store(made, {"main": WSDL.encode()})
    options = documents.report(api)["options"]
    registering.change(made, {"options": {**options, "words": {"DITERIMA": "RECEIVED"}}, "idempotency": "key"}, by=BY)
    proposal = documents.propose(document, "Op", "submit", service=service)
    spec = {**proposal.spec, "receipt": "nomor", "idempotency": "key"}
    work.save_operation(made, "submit", spec, by=BY)
    version = publish_form(service.code, proposal.form)
    Service.objects.filter(pk=service.pk).update(form=version.definition)
    service.refresh_from_db()
    work.bind(made, service, proposal.rows, by=BY)
    return made


def test_the_address_of_the_document_is_a_proposal(connection):
    assert connection.options["path"] == "/"
    assert connection.base_url == ""


def test_contract_tests_against_the_stand_in_are_green_and_it_goes_into_service(connection, service):
    registering.change(connection, {"base_url": "https://angkutan.example"}, by=BY)
    binding = work.newest_binding(connection, service)
    run = work.test(binding)
    assert run.green, run.rows
    found = {row["name"]: row["result"] for row in run.rows}
    assert found["submit"] == found["idempotency"] == found["request"] == found["answer"] == found["rejection"] == "good", (
        run.rows
    )
    assert work.publish(binding, by=BY) is True
    assert gateway.binding_for(service) == binding


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault])
def test_each_fault_of_the_stand_in_makes_them_red_with_a_sentence(connection, service, fault):
    registering.change(connection, {"stand_in_fault": fault.value}, by=BY)
    run = work.test(work.newest_binding(connection, service))
    assert not run.green
    assert all(row["text"] for row in run.rows if row["result"] == "bad")


def test_a_document_that_cannot_be_read_is_refused_with_its_line(connection):
    with pytest.raises(ConnectionProblem, match="Baris"):
        documents.store(connection, {"main": WSDL.replace("t:Tanda", "t:Hilang").encode()})
