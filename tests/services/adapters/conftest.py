"""A connection to a scripted or pretend backend, and a submission to send over it."""

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from services.adapters import gateway, oauth
from services.adapters.models import Binding, Connection, Operation
from services.adapters.values import Outgoing, Submission, SubmittedFile
from services.catalogue.models import Department, Service
from tests.backends import city_tax, civil_registry, public_works
from tests.backends.civil_registry_store import Store
from tests.services.adapters.tax_office import connect_tax

WEBHOOK_SECRET = civil_registry.WEBHOOK_SECRET
PHOTO = b"\x89PNG contents"
SUBMIT = {
    "path": "/api/permohonan",
    "files": {"mode": "base64", "to": "lampiran", "content": "isi", "name": "nama", "type": "jenis"},
    "receipt": "nomor",
    "rejection": {"list": "kesalahan", "field": "bidang", "text": "pesan", "message": "pesan"},
}
RECONCILE = {
    "method": "GET",
    "path": "/api/permohonan/{reference}",
    "receipt": "nomor",
    "echo": "nomor_portal",
    "absent": {"status": 404, "path": "kode", "equals": "tidak_ada"},
}
STATUS = {"method": "GET", "path": "/api/permohonan/{reference}/status", "version": "urutan", "echo": "nomor_portal"}
OPTIONS = {
    "health_path": "/health",
    "webhook": {
        "reference": "nomor_portal",
        "status": "status",
        "backend_reference": "nomor",
        "message": "pesan",
        "version": "urutan",
        "at": "waktu",
    },
    "words": {
        "diterima": "RECEIVED",
        "selesai": "COMPLETED",
        "ditolak": "REFUSED",
        "perlu_perbaikan": "WAITING_FOR_RESIDENT",
    },
}
OAUTH = {"type": "oauth2", "client_id": civil_registry.CLIENT_ID, "token_path": "/oauth/token"}
ROWS = [
    {"to": "nomor_portal", "from": "@reference"},
    {"to": "layanan", "from": "@service"},
    {"to": "pemohon.nik", "from": "nik", "required": True},
    {"to": "pemohon.nama", "from": "nama", "as": "trim"},
    {"to": "rincian.lahir", "from": "tanggal_lahir", "as": {"date": "%d-%m-%Y"}},
]
ANSWERS = {"nik": "3576010101900001", "nama": " Alice  Contoh ", "tanggal_lahir": "2026-09-12"}


@pytest.fixture
def department(db):
    return Department.objects.create(code="dinas-uji", name="Dinas Uji", short_name="Uji", kind="dinas")


@pytest.fixture
def service(department):
    return Service.objects.create(code="akta-uji", department=department)


@pytest.fixture
def connect(department, service):
    """`connect("rest", base_url=..., auth=...)`: a connection with its operations, bound to the service."""

    def make(kind="rest", *, base_url="", auth=None, secrets=None, options=None, submit=None):
        oauth._tokens.clear()
        declared = kind in {"rest", "openapi"}
        chosen = {**(OPTIONS if declared else {}), **({"auth": auth} if auth else {}), **(options or {})}
        made = Connection.objects.create(
            code="uji",
            department=department,
            label="Uji",
            kind=kind,
            base_url=base_url,
            options=chosen,
            secrets=secrets or {},
        )
        if declared:
            for name, spec in {"submit": {**SUBMIT, **(submit or {})}, "reconcile": RECONCILE, "status": STATUS}.items():
                Operation.objects.create(connection=made, name=name, spec=spec)
        Binding.objects.create(service=service, connection=made, mapping=ROWS)
        return made

    return make


def file_of(content=PHOTO):
    return SubmittedFile(
        ref="a" * 32,
        question="foto",
        name="foto.png",
        content_type="image/png",
        size=len(PHOTO),
        sha256=hashlib.sha256(PHOTO).hexdigest(),
        read=lambda: content,
    )


def submission_of(answers=ANSWERS, reference="MJK-2611-AAAA-B", files=()):
    moment = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    return Submission(reference, "akta-uji", "dinas-uji", moment, answers, tuple(files))


def outgoing_of(service, *, key="MJK-2611-AAAA-B", answers=ANSWERS, files=(), held=None):
    prepared = gateway.prepare(gateway.binding_for(service), submission_of(answers, key, files))
    return Outgoing(
        prepared.connection_id, prepared.operation_id, key, "SUBMIT", prepared.body, tuple(files if held is None else held)
    )


def send(outgoing, *, seconds=3.0, on_mark=lambda: True):
    return gateway.send(outgoing, on_mark=on_mark, deadline_seconds=seconds)


class Office:
    """The pretend civil registration, in a thread of this process."""

    def __init__(self, store, port, server, registry):
        self.store, self.url, self.server, self.registry = store, f"http://127.0.0.1:{port}", server, registry


@pytest.fixture
def office(tmp_path, request):
    idempotency = getattr(request, "param", "key")
    store = Store(str(tmp_path / "registry.sqlite3"))
    registry = civil_registry.Registry(
        store,
        portal="http://127.0.0.1:1",
        idempotency=idempotency,
        webhook_secret=WEBHOOK_SECRET,
        client_secret=civil_registry.CLIENT_SECRET,
    )
    server = civil_registry.serve(registry, 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield Office(store, server.server_address[1], server, registry)
    registry.stopping = True
    server.shutdown()
    server.server_close()


def demo_connection(code, *, base_url, **changed):
    """One connection of the demo city's own manifest, at another address."""
    folder = Path(__file__).resolve().parents[3] / "portal" / "demo"
    listed = yaml.safe_load((folder / "connections.yaml").read_text(encoding="utf-8"))["connections"]
    entry = next(c for c in listed if c["code"] == code)
    return {"connections": [{**entry, "base_url": base_url, **changed}]}


@pytest.fixture
def works(tmp_path, request, monkeypatch):
    """The pretend public works department, in a thread of this process."""
    monkeypatch.setenv("ADAPTER_SECRET__PEKERJAAN_UMUM__API_KEY", public_works.API_KEY)
    store = public_works.WorksStore(str(tmp_path / "works.sqlite3"))
    department = public_works.PublicWorks(store, idempotency=getattr(request, "param", "lookup"))
    server = public_works.serve(department, 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield Office(store, server.server_address[1], server, department)
    server.shutdown()
    server.server_close()


@pytest.fixture
def tax(tmp_path, request):
    """The pretend city tax, in a thread of this process."""
    store = city_tax.TaxStore(str(tmp_path / "tax.sqlite3"))
    department = city_tax.CityTax(store, idempotency=getattr(request, "param", "key"))
    server = city_tax.serve(department, 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield Office(store, server.server_address[1], server, department)
    server.shutdown()
    server.server_close()


@pytest.fixture
def taxed(tax, department, service):
    """A SOAP connection to it that can do everything, bound to the service."""
    return connect_tax(department, service, tax.url)
