"""The example of docs/how-to/connect-a-soap-backend.md does what the page says."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from services.adapters import gateway, manifest, mapping
from services.adapters.models import Connection
from services.adapters.values import Outgoing, Receipt
from services.catalogue.models import Department, Service
from tests.backends import city_tax
from tests.services.adapters.conftest import submission_of
from tests.services.adapters.tax_office import NOP, ROWS

PAGE = Path(settings.BASE_DIR) / "docs" / "how-to" / "connect-a-soap-backend.md"


@pytest.fixture
def connection(db, tmp_path, monkeypatch, tax):
    monkeypatch.setenv("ADAPTER_SECRET__PAJAK__PASSWORD", city_tax.PASSWORD)
    department = Department.objects.create(code="bpkpd", name="BPKPD", kind="dinas")
    Service.objects.create(code="cek-tagihan-pbb", department=department)
    Service.objects.create(code="akta-uji", department=department)
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example
    (tmp_path / "pajak.wsdl").write_text(city_tax.WSDL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "file.yaml").write_text(example[1].replace("http://127.0.0.1:8106", tax.url), encoding="utf-8")
    call_command("connections", "check", str(tmp_path / "file.yaml"))
    call_command("connections", "apply", str(tmp_path / "file.yaml"))
    assert manifest.apply(manifest.load(tmp_path / "file.yaml")) == [], "applying again changes nothing"
    return Connection.objects.get(code="pajak")


def test_the_example_can_be_asked_for_bills(connection):
    spec = connection.operations.get(name="tagihan").spec
    found = gateway._adapter(connection).lookup(spec, {"nop": NOP}, deadline_seconds=5)
    made = mapping.run(spec["lookup"]["answer"], found, {})
    assert [bill["tahun"] for bill in made["tagihan"]] == [2024, 2025, 2026]
    assert gateway.check_health(connection).authorised


def test_the_example_takes_orders_and_can_be_asked_about_them(connection):
    service = Service.objects.get(code="akta-uji")
    connection.bindings.create(service=service, mapping=ROWS)
    prepared = gateway.prepare(gateway.binding_for(service), submission_of())
    outgoing = Outgoing(prepared.connection_id, prepared.operation_id, "MJK-2611-AAAA-B", "SUBMIT", prepared.body)
    receipt = gateway.send(outgoing, on_mark=lambda: True, deadline_seconds=5)
    assert isinstance(receipt, Receipt)
    assert gateway.reconcile(connection.pk, "MJK-2611-AAAA-B") == receipt
    assert gateway.reconcile(connection.pk, "MJK-2611-ZZZZ-Z") is None
    assert gateway.fetch_status(connection.pk, receipt.backend_reference).status == "RECEIVED"


def test_every_setting_that_the_page_names_exists(connection):
    from services.adapters.kinds.soap import SoapAuth, SoapOptions, SoapSpec

    known = {*SoapSpec().fields, *SoapOptions().fields, *SoapAuth().fields}
    named = set(re.findall(r"^\| `(?:options\.)?(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named and named <= known, named - known
