"""No spelling of an address inside reaches a socket: not by the API, the console, a manifest, a document's servers or a redirect."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from services.adapters import hops
from services.adapters.models import Connection
from services.catalogue.models import Department, Service
from tests.backends import chaos
from tests.portal.lib.http.test_guard import LOOPBACK, SYNTAX
from tests.services.adapters.api.program import Program


@pytest.fixture
def closed(settings: Any) -> None:
    """As in production, but for plain http: the trap has no certificate."""
    settings.ADAPTER_ALLOWED_NETWORKS = []


@pytest.fixture
def connection(department: Department) -> Connection:
    return Connection.objects.create(
        code="jebakan", department=department, label="Jebakan", kind="rest", options={"health_path": "/health"}
    )


@pytest.fixture
def desk(integrator: User) -> Client:
    client = Client()
    client.force_login(integrator)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    return client


def test_there_are_sixty_spellings() -> None:
    assert len(set(LOOPBACK) | set(SYNTAX)) >= 60


@pytest.mark.parametrize("host", LOOPBACK)
def test_a_forbidden_host_is_refused_everywhere_and_the_trap_hears_nothing(
    closed: None, program: Program, desk: Client, connection: Connection, host: str
) -> None:
    with chaos.chaos(chaos.answer(200, b"{}")) as trap:
        url = f"http://{host}:{trap.port}"
        _refused_everywhere(program, desk, connection, url)
        Connection.objects.filter(pk=connection.pk).update(base_url=url, test_url=url)  # as if saved before the rule
        connection.refresh_from_db()
        walked = hops.walk(connection)
        assert not walked[-1].ok
        assert not hops.walk(connection, testing=True)[-1].ok
    assert trap.connections == 0


@pytest.mark.parametrize("url", [url for url in SYNTAX if url])  # an empty one is none
def test_an_address_with_tricks_in_it_is_refused_everywhere(
    closed: None, program: Program, desk: Client, connection: Connection, url: str
) -> None:
    _refused_everywhere(program, desk, connection, url)


def _refused_everywhere(program: Program, desk: Client, connection: Connection, url: str) -> None:
    for name in ("base_url", "test_url"):
        status, problem = program.call("PATCH", "connections/jebakan", {name: url})
        assert status in {400, 422}, (name, url)
        assert status == 400 or problem["errors"][0]["field"] == name
    entry = {"code": "jebakan", "department": "dishub-uji", "label": "x", "kind": "rest", "base_url": url}
    raw = json.dumps({"connections": [entry]}).encode("utf-8", "surrogatepass")
    assert program.call("PUT", "connections/jebakan/manifest", raw=raw)[0] in {400, 422}
    form = {"label": "x", "base_url": url, "idempotency": "none", "ceiling": 4, "settle_seconds": 60, "options": "{}"}
    desk.post("/integrasi/jebakan/", form)
    connection.refresh_from_db()
    assert (connection.base_url, connection.test_url) == ("", "")


def test_the_servers_of_a_document_are_never_used(
    closed: None, program: Program, department: Department, service: Service
) -> None:
    with chaos.chaos(chaos.answer(200, b"{}")) as trap:
        document = {
            "openapi": "3.1.0",
            "servers": [{"url": f"http://127.0.0.1:{trap.port}/"}],
            "paths": {
                "/x": {
                    "post": {
                        "operationId": "kirim",
                        "requestBody": {
                            "content": {
                                "application/json": {"schema": {"$ref": f"http://127.0.0.1:{trap.port}/schema.json"}}
                            }
                        },
                        "responses": {"200": {"description": "ya"}},
                    }
                }
            },
        }
        program.good("POST", "connections", {"code": "trap", "kind": "openapi", "label": "x"})
        report = program.good("PUT", "connections/trap/document", raw=json.dumps(document).encode())
        assert any("tidak diambil" in text for text in report["warnings"])
        program.good("GET", f"connections/trap/proposal?operation_id=kirim&role=submit&service={service.code}")
        assert program.good("POST", "connections/trap/test")["ok"] is False
    assert trap.connections == 0


def test_a_redirect_into_the_network_is_not_followed(program: Program, connection: Connection) -> None:
    with chaos.chaos(chaos.answer(200, b"{}")) as trap:
        away = chaos.answer(302, b"", f"Location: http://127.0.0.1:{trap.port}/")
        with chaos.chaos(away, away) as server:
            Connection.objects.filter(pk=connection.pk).update(base_url=server.url)
            assert program.good("POST", "connections/jebakan/test")["ok"] is False
        assert trap.connections == 0
