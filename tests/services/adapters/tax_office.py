"""A connection to the pretend city tax, as an integrator would declare it."""

from __future__ import annotations

from typing import Any

from services.adapters.connecting.documents import digest_of
from services.adapters.models import ApiDocument, Binding, Connection, Operation
from tests.backends import city_tax

WSDL = city_tax.WSDL.read_text(encoding="utf-8")
NOP = "357600000000000123"
AUTH = {"type": "wsse", "username": city_tax.USERNAME}
REJECTION = {"list": "kesalahan", "field": "bidang", "text": "pesan", "message": "pesan"}
FILES = {"mode": "base64", "to": "lampiran", "content": "isi", "name": "nama", "type": "tipe", "question": "", "size": ""}
OPERATIONS: dict[str, dict[str, Any]] = {
    "submit": {
        "operation_id": "BuatKodeBayar",
        "key": {"place": "field", "name": "refPortal"},
        "files": FILES,
        "receipt": "kodeBayar",
        "rejection": REJECTION,
    },
    "reconcile": {
        "operation_id": "CekKodeBayar",
        "body": [{"to": "refPortal", "from": "@reference"}],
        "receipt": "kode.kodeBayar",
        "echo": "kode.refPortal",
        "absent": {"path": "ada", "equals": False},
    },
    "status": {
        "operation_id": "StatusKodeBayar",
        "body": [{"to": "kodeBayar", "from": "@reference"}],
        "echo": "refPortal",
        "status": "status",
        "message": "keterangan",
        "version": "urutan",
        "absent": {"fault": "TidakAda"},
    },
    "bills": {
        "operation_id": "CekTagihan",
        "absent": {"fault": "TidakAda"},
        "lookup": {
            "parameters": [{"name": "nop", "pattern": "[0-9]{18}"}],
            "request": [{"to": "nop", "from": "nop"}],
            "answer": [{"to": "tagihan", "from": "tagihan"}],
        },
    },
    **{
        name: {
            "operation_id": "KirimSusulan",
            "number": "kodeBayar",
            "key": {"place": "field", "name": "refKirim"},
            "files": FILES,
            "body": [{"to": "jenis", "const": word}, {"to": "isi", "from": "@text"}],
            "receipt": "kodeBayar",
            "status": "status",
            "rejection": REJECTION,
        }
        for name, word in {"answer": "JAWABAN", "attachment": "BERKAS", "withdraw": "BATAL"}.items()
    },
}
ROWS = [
    {"to": "layanan", "from": "@service"},
    {"to": "nop", "const": NOP},
    {"to": "tahun", "const": 2026},
    {"to": "pembayar.nik", "from": "nik"},
    {"to": "pembayar.nama", "from": "nama", "as": "trim"},
]
WORDS = {"TERBIT": "RECEIVED", "TANYA": "WAITING_FOR_RESIDENT", "LUNAS": "COMPLETED", "BATAL": "WITHDRAWN"}


def add_document(connection: Connection, files: dict[str, str]) -> str:
    digest = digest_of(files)
    ApiDocument.objects.get_or_create(
        connection=connection, digest=digest, defaults={"format": ApiDocument.Format.WSDL, "files": files}
    )
    return digest


def connect_tax(department: Any, service: Any, base_url: str, **options: Any) -> Connection:
    """`submit`, `files`: other than the usual ones; the rest are options of the connection."""
    submit, files = options.pop("submit", {}), options.pop("files", {"main": WSDL})
    made = Connection.objects.create(
        code="pajak",
        department=department,
        label="Pajak",
        kind="soap",
        base_url=base_url,
        idempotency="key",
        options={"auth": AUTH, "path": "/soap", "health_path": "/?wsdl", "words": WORDS, **options},
        secrets={"password": city_tax.PASSWORD},
    )
    digest = add_document(made, files)
    for name, spec in OPERATIONS.items():
        more = submit if name == "submit" else {}
        Operation.objects.create(connection=made, name=name, spec={**spec, "document": digest, **more})
    Binding.objects.create(service=service, connection=made, mapping=ROWS)
    return made
