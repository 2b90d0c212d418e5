"""The rows that the proxy's bench asks for: lookups of a quick, a slow and a broken department. Prints the token of a verified resident."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from services.adapters.models import Binding, Connection, Operation  # noqa: E402
from services.catalogue.models import Channel, Department, Service, ServiceText  # noqa: E402
from tests.tokens import access_token_for  # noqa: E402


def lookup(path: str, **more: Any) -> dict[str, Any]:
    answer = [{"to": "isi", "from": "isi"}, {"to": "nama", "from": "nama"}]
    return {
        "method": "GET",
        "path": path,
        "lookup": {"parameters": [], "request": [], "answer": answer, "private": False, "level": 0, **more},
    }


def main() -> None:
    department = Department.objects.create(code="bench", name="Bench", short_name="Bench", kind="dinas")
    service = Service.objects.create(code="bench", department=department, channel=Channel.APP, is_public=True)
    ServiceText.objects.create(service=service, language="id", slug="bench", name="Bench")
    connection = Connection.objects.create(
        code="bench", department=department, label="Bench", kind="rest", base_url=os.environ["BENCH_BACKEND"]
    )
    for name, spec in {
        "bare": lookup("/2k.json"),
        "large": lookup("/100k.json"),
        "full": lookup("/2k.json", private=True, level=1),
        "kept": lookup("/2k.json", cache_seconds=3600),
    }.items():
        Operation.objects.create(connection=connection, name=name, spec=spec, purpose="Bench")
    Binding.objects.create(service=service, connection=connection, operation="bare")
    slow = Connection.objects.create(
        code="bench-slow",
        department=department,
        label="Slow",
        kind="rest",
        base_url=os.environ["BENCH_SLOW_BACKEND"],
        ceiling=64,
    )
    waiting = Service.objects.create(code="bench-slow", department=department, channel=Channel.APP, is_public=True)
    ServiceText.objects.create(service=waiting, language="id", slug="bench-slow", name="Bench")
    Operation.objects.create(connection=slow, name="bare", spec=lookup("/2k.json"), purpose="Bench")
    Binding.objects.create(service=waiting, connection=slow, operation="bare")
    down = Connection.objects.create(
        code="bench-down",
        department=department,
        label="Down",
        kind="rest",
        base_url="http://127.0.0.1:9",
        failures=99,
        open_until=timezone.now() + timedelta(days=1),
        down_since=timezone.now(),
    )
    other = Service.objects.create(code="bench-down", department=department, channel=Channel.APP, is_public=True)
    ServiceText.objects.create(service=other, language="id", slug="bench-down", name="Bench")
    Operation.objects.create(connection=down, name="bare", spec=lookup("/2k.json"), purpose="Bench")
    Binding.objects.create(service=other, connection=down, operation="bare")
    alice = User.objects.create(email="bench@example.org", name="Bench", nik="3576010101900001", assurance_level=2)
    sys.stdout.write(access_token_for(alice, scopes=("openid", "profile:read"), lives=timedelta(hours=3)) + "\n")


if __name__ == "__main__":
    main()
