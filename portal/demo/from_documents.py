"""Connections of the demo city that are made from nothing but the department's API document, as an integrator would make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from services.adapters import standing
from services.adapters.connecting import documents, registering
from services.adapters.connecting import service as work
from services.adapters.models import Connection
from services.adapters.setup import environment_prefix
from services.catalogue.models import Department, Service

HERE = Path(__file__).parent / "documents"
# service (and code of the connection), document, label, address, class of idempotency, secrets
MADE = (
    ("uji-kir", "uji_kir.yaml", "Sistem uji KIR (tiruan)", "http://127.0.0.1:8107", "key", ("token",)),
    (
        "kartu-pencari-kerja",
        "ak1.json",
        "Sistem kartu kuning (tiruan)",
        "http://127.0.0.1:8108",
        "lookup",
        ("password",),
    ),
)


def make() -> None:
    """Register, read the document, take what it proposes, put it into service. The same again changes nothing."""
    for service_code, file, label, address, idempotency, secrets in MADE:
        service = Service.objects.select_related("department", "form").get(code=service_code)
        department = service.department
        assert department is not None, "a service of the demo city has a department"
        connection = Connection.objects.filter(code=service_code).first() or _registered(department, service_code, label)
        document, api = documents.store(connection, {"main": (HERE / file).read_bytes()})
        report = documents.report(api)
        options: dict[str, Any] = {**report["options"], "words": report["words"]}
        if options["auth"]["type"] == "basic":
            options["auth"]["username"] = "portal"
        settings = {
            "options": options,
            "base_url": address,
            "test_url": address,
            "idempotency": idempotency,
            "settle_seconds": 60,
        }
        registering.change(connection, settings, by="demo")
        for name in secrets:
            registering.set_secret(connection, name, f"env:{environment_prefix(service_code)}{name.upper()}", by="demo")
        for role, operation_id in report["roles"].items():
            made = documents.propose(document, operation_id, role, service=service)
            work.save_operation(connection, role, made.spec, by="demo")
            if role == "submit":
                work.bind(connection, service, made.rows, by="demo")
        now = timezone.now()
        connection.operations.filter(live_at=None).update(live_at=now)
        connection.bindings.filter(live_at=None).update(live_at=now)
        standing.settle(connection, now)


def _registered(department: Department, code: str, label: str) -> Connection:
    return registering.register(department, {"code": code, "kind": "openapi", "label": label}, by="demo")
