"""Settings that could do harm or could not work are refused when they are saved, in sentences; and once more when they are used."""

from __future__ import annotations

from typing import Any

import pytest

from services.adapters import hops, manifest
from services.adapters.kinds.soap import SoapOptions
from services.adapters.models import Binding, Connection, Operation
from services.adapters.values import Misconfigured
from services.catalogue.models import Service
from services.forms.actions import publish_form
from services.forms.documents import PROFILE
from tests.backends import chaos
from tests.services.adapters.api.program import Program
from tests.services.adapters.conftest import outgoing_of, send

CLIMBING = ["/../x", "/a/../b", "/%2e%2e/x", "/a/%2E./b", "/a%2fb", "/a\\b", "/a%5cb", "/a%0d%0ab", "/./a", "/a/.", "/a#b"]
THEIRS = "Authorization Host Transfer-Encoding Content-Length Cookie Connection Proxy-Authorization TE User-Agent".split()


@pytest.fixture
def program(program: Program, service: Service) -> Program:
    program.good("POST", "connections", {"code": "trayek", "kind": "rest", "label": "Sistem"})
    return program


def refused(program: Program, method: str, path: str, body: Any) -> str:
    status, said = program.call(method, f"connections/trayek/{path}".rstrip("/"), body)
    assert status == 422, (status, said, body)
    details = [one["detail"] for one in said["errors"]]
    assert not any("ErrorDetail" in text or "[" in text[:1] for text in details), details
    return " ".join(details)


@pytest.mark.parametrize("path", CLIMBING)
def test_no_path_leads_out_of_the_connections_address(program: Program, path: str) -> None:
    assert "path" in refused(program, "PUT", "operations/submit", {"spec": {"path": path}})
    refused(program, "PATCH", "", {"options": {"health_path": path}})
    refused(program, "PATCH", "", {"options": {"auth": {"type": "oauth2", "token_path": path}}})
    assert not SoapOptions(data={"path": path}).is_valid()


def test_a_path_that_was_saved_before_is_not_sent(program: Program, service: Service) -> None:
    connection = Connection.objects.get(code="trayek")
    with chaos.chaos(chaos.answer(200, b'{"id": "1"}')) as server:
        Connection.objects.filter(pk=connection.pk).update(base_url=server.url, options={"health_path": "/../../x"})
        connection.refresh_from_db()
        walk = hops.walk(connection)
        Operation.objects.create(connection=connection, name="submit", spec={"path": "/%2e%2e/x"})
        Binding.objects.create(service=service, connection=connection)
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
    assert not walk[-1].ok and walk[-1].text.startswith("Alamat operasi tidak bisa dipakai")
    assert not [one for one in server.requests if b"x" in one.split(b"\r\n")[0].split(b" ")[1]]


@pytest.mark.parametrize("name", THEIRS)
def test_headers_that_the_portal_writes_itself_are_not_chosen(program: Program, name: str) -> None:
    spec: dict[str, Any] = {"path": "/izin"}
    refused(program, "PUT", "operations/submit", {"spec": {**spec, "headers": {name: "x"}}})
    refused(program, "PUT", "operations/submit", {"spec": {**spec, "key": {"place": "header", "name": name}}})
    if name != "Authorization":
        refused(program, "PATCH", "", {"options": {"auth": {"type": "api_key", "header": name}}})
    program.good("PUT", "connections/trayek/operations/submit", {"spec": spec})
    mapping = [{"to": f"@header.{name}", "from": "nik"}]
    assert "Hapus baris" in refused(program, "PUT", "bindings/izin-trayek", {"mapping": mapping})


@pytest.mark.parametrize("value", ["a\r\nX-A: b", "a\nb", "a\tb", "é"])
def test_a_fixed_header_holds_one_line_of_plain_signs(program: Program, value: str) -> None:
    refused(program, "PUT", "operations/submit", {"spec": {"path": "/izin", "headers": {"X-A": value}}})
    program.good("PUT", "connections/trayek/operations/submit", {"spec": {"path": "/izin", "headers": {"X-A": "b c"}}})


def test_a_header_that_a_mapping_saved_before_chose_is_not_sent(program: Program, service: Service) -> None:
    connection = Connection.objects.get(code="trayek")
    Operation.objects.create(connection=connection, name="submit", spec={"path": "/izin"})
    Binding.objects.create(service=service, connection=connection, mapping=[{"to": "@header.Host", "const": "lain.example"}])
    with chaos.chaos(chaos.answer(200, b'{"id": "1"}')) as server:
        Connection.objects.filter(pk=connection.pk).update(base_url=server.url)
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
    assert server.requests == []


@pytest.mark.parametrize("name", ["api_key", "token", "password", "client_secret", "hmac"])
def test_a_secret_of_two_lines_is_refused_at_once(program: Program, name: str) -> None:
    assert "baris baru" in refused(program, "PUT", f"secrets/{name}", {"value": "satu\r\nX-A: b"})
    program.good("PUT", f"connections/trayek/secrets/{name}", {"value": "satu saja"})


def test_the_manifest_of_the_api_takes_no_other_secret_of_the_server(program: Program) -> None:
    document = manifest.export(["trayek"])
    for value in ("env:SECRET_KEY", "env:ADAPTER_SECRET__LAIN__TOKEN", ["env:SECRET_KEY"], []):
        document["connections"][0]["secrets"] = {"token": value}
        refused(program, "PUT", "manifest", document)


def test_what_is_wrong_with_a_setting_is_said_in_words_at_its_place(program: Program) -> None:
    options = {"auth": {"type": "api_key", "header": "X Y", "sign": {"header": "X-S", "signed": ["path"]}}, "misspelt": 1}
    text = refused(program, "PATCH", "", {"options": options})
    assert "misspelt: There is no such setting." in text
    text = refused(program, "PATCH", "", {"options": {"auth": options["auth"]}})
    assert "auth.header: A header's name" in text and "auth.sign.signed: Each part once" in text
    assert refused(program, "PUT", "operations/submit", {"spec": {"path": "izin"}}).startswith("path: ")
    rows = {"path": "/x", "body": [{"to": "a", "from": "@hilang"}]}
    assert refused(program, "PUT", "operations/withdraw", {"spec": rows}).startswith("body: row 1: a: ")


def test_the_health_question_says_what_its_status_means(program: Program) -> None:
    connection = Connection.objects.get(code="trayek")
    with chaos.chaos(chaos.answer(500, b"rusak", kind="text/plain")) as server:
        Connection.objects.filter(pk=connection.pk).update(base_url=server.url, options={"health_path": "/health"})
        walk = program.good("POST", "connections/trayek/test")["hops"]
    assert walk[-1]["name"] == "answer" and "berstatus 500" in walk[-1]["text"] and "health_path" in walk[-1]["text"]


def test_a_secret_that_cannot_be_sent_is_said_to_be_one(program: Program) -> None:
    connection = Connection.objects.get(code="trayek")
    connection.options, connection.secrets = {"auth": {"type": "bearer"}, "health_path": "/health"}, {"token": "a\nb"}
    with chaos.chaos(chaos.answer(200, b"{}")) as server:
        connection.base_url = server.url
        connection.save()
        text = program.good("POST", "connections/trayek/test")["hops"][-1]["text"]
    assert text.startswith("Permintaan tidak bisa disusun"), text


def test_a_status_that_is_not_accepted_is_what_has_drifted(program: Program) -> None:
    service = Service.objects.get(code="izin-trayek")
    document = {
        "profile": PROFILE,
        "title": {"id": "Izin"},
        "parts": [
            {"key": "a", "title": {"id": "A"}, "questions": [{"key": "nama", "type": "text", "label": {"id": "Nama"}}]}
        ],
    }
    Service.objects.filter(pk=service.pk).update(form=publish_form(service.code, document).definition)
    program.good("PUT", "connections/trayek/operations/submit", {"spec": {"path": "/izin", "accepted": [201]}})
    program.good("PUT", "connections/trayek/bindings/izin-trayek", {"mapping": [{"to": "nama", "from": "nama"}]})
    with chaos.chaos(chaos.answer(206, b'{"id": "1"}')) as server:
        Connection.objects.filter(code="trayek").update(test_url=server.url)
        run = program.good("POST", "connections/trayek/bindings/izin-trayek/tests")
    assert run["drift"] == "jawaban: HTTP 206", run
