"""Prepare the store of a kill test in one process: tables, demo city, three backends of the three kinds, an access token.

python -m tests.kill.seed KEY_PORT LOOKUP_PORT NONE_PORT [up to seven more, which honour our key]   (prints the token)
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
ALL = SERVICES | MORE


def manifest(ports: dict[str, int]) -> dict[str, Any]:
    """The demo's connection for each port: backends that honour our key, can be asked, or can do neither."""
    import yaml

    demo = yaml.safe_load((Path("portal") / "demo" / "connections.yaml").read_text(encoding="utf-8"))["connections"][0]
    mapping = next(b["mapping"] for b in demo["bindings"] if b["service"] == SERVICES["key"])
    made = []
    # No webhook: the registry tells only the demo's own connection, so these three are asked.
    options = {name: value for name, value in demo["options"].items() if name != "webhook"}
    for kind, port in ports.items():
        bindings = [{"service": ALL[kind], "operation": "submit", "mapping": mapping}]
        made.append(
            {
                **demo,
                "code": f"uji-{kind}",
                "options": options,
                "base_url": f"http://127.0.0.1:{port}",
                "idempotency": kind.partition("-")[0],
                "settle_seconds": 4,  # longer than the slow mode goes on after our call has ended
                "bindings": bindings,
            }
        )
    return {"connections": made}


def give_all_the_same_form() -> None:
    """One mapping and one set of answers serve every service of the test."""
    import yaml

    from services.forms.actions import publish_form
    from services.forms.from_domain import document_for

    data = yaml.safe_load((Path("portal") / "demo" / "services.yaml").read_text(encoding="utf-8"))
    for row in data["services"]:
        if row["slug"] in MORE.values() and row.pop("form_fields", None):
            publish_form(row["slug"], document_for(row, data["default_form_fields"]))


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User
    from services.adapters import manifest as connections
    from tests.tokens import access_token_for

    call_command("migrate", verbosity=0, interactive=False)
    call_command("demo", verbosity=0, stdout=sys.stderr)
    give_all_the_same_form()
    connections.apply(manifest(dict(zip(ALL, map(int, sys.argv[1:]), strict=False))))
    print(access_token_for(User.objects.get(email="alice@example.org"), lives=timedelta(days=1)))


if __name__ == "__main__":
    main()
