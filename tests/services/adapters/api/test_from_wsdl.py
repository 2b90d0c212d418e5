"""From a WSDL that the code has never seen to a delivered case, by the API only."""

from __future__ import annotations

import re

from services.cases import delivery as work
from services.cases.models import Case, Delivery
from services.catalogue.models import Service
from tests.backends import chaos
from tests.services.adapters.api.program import Program
from tests.services.adapters.connecting.test_from_wsdl import WSDL


def test_a_wsdl_becomes_a_delivered_case(program: Program, service: Service) -> None:
    program.good("POST", "connections", {"code": "trayek", "kind": "soap", "label": "Sistem SOAP", "stand_in": True})
    report = program.good("PUT", "connections/trayek/document", raw=WSDL.encode())
    (operation,) = report["operations"]
    settings = {"options": {**report["options"], "words": {"DITERIMA": "RECEIVED"}}, "idempotency": "key"}
    program.good("PATCH", "connections/trayek", settings)
    asked = f"connections/trayek/proposal?operation_id={operation['operation_id']}&role=submit&service={service.code}"
    proposal = program.good("GET", asked)
    program.good("PUT", "connections/trayek/operations/submit", {"spec": {**proposal["spec"], "idempotency": "key"}})
    program.good("PUT", f"connections/trayek/bindings/{service.code}/form", {"document": proposal["form"]})
    program.good("PUT", f"connections/trayek/bindings/{service.code}", {"mapping": proposal["mapping"]})
    run = program.good("POST", f"connections/trayek/bindings/{service.code}/tests")
    assert run["green"], run["rows"]
    namespace = re.search(r'targetNamespace="([^"]+)"', WSDL)
    assert namespace is not None
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<t:Keluar xmlns:t="{namespace.group(1)}"><t:nomor>TR-77</t:nomor><t:status>DITERIMA</t:status></t:Keluar>'
        "</s:Body></s:Envelope>"
    )
    if 'elementFormDefault="qualified"' not in WSDL:
        body = body.replace("t:nomor", "nomor").replace("t:status", "status")
    with chaos.chaos(chaos.answer(200, body.encode(), kind="text/xml; charset=utf-8")) as server:
        program.good("PATCH", "connections/trayek", {"base_url": server.url})
        program.good("POST", f"connections/trayek/bindings/{service.code}/tests")
        program.good("POST", f"connections/trayek/bindings/{service.code}/publish")
        Service.objects.filter(pk=service.pk).update(is_public=True)
        answers = {"trayek": "A-1", "nopol": "S 1234 XY", "kursi": 12}
        case = program.good("POST", "cases", {"service": service.code, "answers": answers}, **{"Idempotency-Key": "satu"})
        assert work.deliver(Delivery.objects.get(case__reference=case["reference"]).pk) == "sent"
        sent = server.requests[-1].decode()
    assert (case["reference"] in sent and "S 1234 XY" in sent and "<soap" in sent.lower()) or ":Envelope" in sent
    assert Case.objects.get(reference=case["reference"]).backend_reference == "TR-77"
