"""Prepare the store of a kill test in one process: tables, demo city, three backends of the three kinds, an access token.

python -m tests.kill.seed KEY_PORT LOOKUP_PORT NONE_PORT [up to nine more, which honour our key]   (prints the token)
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")

# Which service goes to which kind of backend.
# All three have the standard form, so one mapping serves them.
SERVICES = {"key": "kutipan-kedua-akta", "lookup": "mutasi-pbb", "none": "kartu-perpustakaan"}

# Seven more departments, so that one of ten can hang.
MORE = {
    f"key-{number}": service
    for number, service in enumerate(
        (
            "surat-keterangan-domisili",
            "surat-keterangan-kematian",
            "perantingan-pohon",
            "surat-keterangan-penelitian",
            "uji-kir",
            "kartu-pencari-kerja",
            "aktivasi-jkn-daerah",
        ),
        start=2,
    )
}
# Departments of the other kinds that have a network; all honour our key.
KINDS = {"key-openapi": "surat-keterangan-usaha", "key-soap": "izin-reklame-insidental"}
ALL = SERVICES | MORE | KINDS


def manifest(ports: dict[str, int]) -> dict[str, Any]:
    """The demo's connection for each port: backends that honour our key, can be asked, or can do neither; and of other kinds."""
    from services.adapters import manifest as connections

    listed = connections.load(Path("portal") / "demo" / "connections.yaml")["connections"]
    for one in listed:
        one.pop("secrets", None)  # a name in the environment is of the demo's own connection
    demo, tax = (next(one for one in listed if one["code"] == code) for code in ("dukcapil", "pajak-kota"))
    mapping = next(b["mapping"] for b in demo["bindings"] if b["service"] == SERVICES["key"])
    made = []
    # No webhook: the registry tells only the demo's own connection, so these three are asked.
    options = {name: value for name, value in demo["options"].items() if name != "webhook"}
    for kind, port in ports.items():
        bindings = [{"service": ALL[kind], "operation": "submit", "mapping": mapping}]
        if kind.endswith("-soap"):
            made.append(_by_soap(tax, kind, port))
            continue
        made.append(
            {
                **demo,
                "code": f"uji-{kind}",
                "kind": "openapi" if kind.endswith("-openapi") else demo["kind"],
                "options": options,
                "base_url": f"http://127.0.0.1:{port}",
                "idempotency": kind.partition("-")[0],
                "settle_seconds": 4,  # longer than the slow mode goes on after our call has ended
                "bindings": bindings,
            }
        )
    return {"connections": made}


def connect(ports: dict[str, int]) -> None:
    """These connections in service, with their secrets."""
    from services.adapters import manifest as connections
    from services.adapters.connecting.registering import set_secret
    from services.adapters.models import Connection
    from tests.backends.city_tax import PASSWORD
    from tests.backends.civil_registry import CLIENT_SECRET

    connections.apply(manifest(ports))
    for kind in ports:
        name, value = ("password", PASSWORD) if kind.endswith("-soap") else ("client_secret", CLIENT_SECRET)
        set_secret(Connection.objects.get(code=f"uji-{kind}"), name, value, by="uji")


def _by_soap(tax: dict[str, Any], kind: str, port: int) -> dict[str, Any]:
    """The city tax, which gets the same form's answers as an order for a payment code."""
    files = {
        "mode": "base64",
        "to": "lampiran",
        "content": "isi",
        "name": "nama",
        "type": "tipe",
        "question": "",
        "size": "",
    }
    rows = [
        {"to": "layanan", "from": "@service"},
        {"to": "nop", "const": "357600000000000123"},
        {"to": "tahun", "const": 2026},
        {"to": "pembayar.nik", "from": "nik"},
        {"to": "pembayar.nama", "from": "nama"},
    ]
    submit = tax["operations"]["submit"] | {"files": files}
    return tax | {
        "code": f"uji-{kind}",
        "base_url": f"http://127.0.0.1:{port}",
        "settle_seconds": 4,
        "operations": tax["operations"] | {"submit": submit},
        "bindings": [{"service": ALL[kind], "operation": "submit", "mapping": rows}],
    }


def give_all_the_same_form() -> None:
    """One mapping and one set of answers serve every service of the test."""
    import yaml

    from services.forms.actions import publish_form
    from services.forms.from_domain import document_for

    data = yaml.safe_load((Path("portal") / "demo" / "services.yaml").read_text(encoding="utf-8"))
    for row in data["services"]:
        if row["slug"] in {*MORE.values(), *KINDS.values()} and row.pop("form_fields", None):
            publish_form(row["slug"], document_for(row, data["default_form_fields"]))


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User
    from tests.tokens import access_token_for

    call_command("migrate", verbosity=0, interactive=False)
    call_command("demo", verbosity=0, stdout=sys.stderr)
    give_all_the_same_form()
    connect(dict(zip(ALL, map(int, sys.argv[1:]), strict=False)))
    print(access_token_for(User.objects.get(email="alice@example.org"), lives=timedelta(days=1)))


if __name__ == "__main__":
    main()
