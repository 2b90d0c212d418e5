"""A secret planted in every field is found in no log, exchange, page, export or answer, whatever the backend does."""

from __future__ import annotations

import base64
import json
import logging
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test import Client

from accounts.models import User
from services.adapters import oauth
from services.adapters.connecting import registering
from services.adapters.models import Connection, ContractRun, Exchange
from services.catalogue.models import Service
from tests.backends import chaos
from tests.services.adapters.api.program import Program
from tests.services.adapters.connecting.document import DOCUMENT

AUTHS: list[dict[str, Any]] = [
    {"type": "api_key", "header": "X-Kunci"},
    {"type": "basic", "username": "portal"},
    {"type": "bearer"},
    {"type": "oauth2", "client_id": "portal", "token_path": "/oauth/token"},
]
SCRIPTS = [
    chaos.answer(200, b'{"access_token": "TOKEN-tertanam-99", "expires_in": 60}'),
    chaos.answer(500, b"{}"),
    chaos.answer(401, b"{}"),
    chaos.answer(422, b'{"pesan": "tidak"}'),
    chaos.answer(302, b"", "Location: http://127.0.0.1/"),
    chaos.reset_after_request,
    chaos.half_answer,
    chaos.answer(200, b"<html>", kind="text/html"),
]


def planted(name: str) -> str:
    return f"RAHASIA-{name}-tertanam"


def spellings(secret: str) -> set[str]:
    """As it is, and as Basic credentials carry it."""
    return {secret, base64.b64encode(f"portal:{secret}".encode()).decode(), base64.b64encode(secret.encode()).decode()}


@pytest.mark.parametrize("auth", AUTHS, ids=lambda auth: auth["type"])
def test_no_secret_is_found_anywhere(
    program: Program, integrator: User, service: Service, auth: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    oauth._tokens.clear()
    program.good("POST", "connections", {"code": "trayek", "kind": "openapi", "label": "Sistem"})
    report = program.good("PUT", "connections/trayek/document", raw=DOCUMENT)
    names = [name for name in registering.SECRETS if name not in {"certificate", "certificate_key", "webhook"}]
    said: list[str] = []
    for name in names:
        body = {"value": planted(name)}
        said.append(repr(program.good("PUT", f"connections/trayek/secrets/{name}", body)))
        said.append(repr(program.good("PUT", f"connections/trayek/secrets/{name}", {**body, "testing": True})))
    said.append(repr(program.call("PUT", "connections/trayek/secrets/lain", {"value": planted("lain")})))
    proposal = program.good("GET", f"connections/trayek/proposal?operation_id=ajukanIzin&role=submit&service={service.code}")
    program.good("PUT", "connections/trayek/operations/submit", {"spec": proposal["spec"]})
    program.good("PUT", f"connections/trayek/bindings/{service.code}/form", {"document": proposal["form"]})
    program.good("PUT", f"connections/trayek/bindings/{service.code}", {"mapping": proposal["mapping"]})
    options = {"auth": auth, "health_path": "/health"}
    for script in SCRIPTS:
        with chaos.chaos(*[script] * 6) as server:
            settings = {"options": options, "base_url": server.url, "test_url": server.url, "idempotency": "key"}
            program.good("PATCH", "connections/trayek", settings)
            said.append(repr(program.good("POST", "connections/trayek/test")))
            said.append(repr(program.good("POST", f"connections/trayek/bindings/{service.code}/tests")))
    said += [
        repr(program.good("GET", f"connections/trayek{path}")) for path in ("", "/secrets", "/exchanges", "/operations")
    ]
    said.append(repr(report))
    said += _pages(integrator, program)
    said += [json.dumps(list(model.objects.values()), default=str) for model in (Exchange, ContractRun)]
    said += [record.getMessage() + repr(record.__dict__) for record in caplog.records if record.name != "django.db.backends"]
    said.append(repr(getattr(cache, "_cache", {})))
    with database.cursor() as cursor:
        cursor.execute("SELECT secrets, test_secrets, secret_info, options FROM adapters_connection")
        said.append(repr(cursor.fetchall()))
    everything = "\n".join(said)
    for name in [*names, "lain"]:
        for spelling in spellings(planted(name)):
            assert spelling not in everything, (name, next(text for text in said if spelling in text)[:500])
    assert "TOKEN-tertanam-99" not in everything
    assert Connection.objects.get().secrets["token"] == planted("token"), "it was there to be found"


def _pages(integrator: User, program: Program) -> list[str]:
    desk = Client()
    desk.force_login(integrator)
    session = desk.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    paths = ("", "kunci/", "log/", "operasi/submit/", "layanan/izin-trayek/", "manifes/")
    pages = [desk.get(f"/integrasi/trayek/{path}") for path in paths]
    assert all(page.status_code == 200 for page in pages)
    manifest = program.client.get(
        "/api/v1/connections/trayek/manifest", headers={"Authorization": f"Bearer {program.token}"}
    )
    return [page.content.decode() for page in [*pages, manifest]]
