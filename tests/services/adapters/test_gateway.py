"""The contract of every kind, and the kind rest against the pretend civil registration."""

import base64
import json

import orjson
import pytest

from portal.lib.logs import correlated
from services.adapters import gateway, oauth
from services.adapters.checks import check_kinds, problems_of
from services.adapters.kinds.base import Adapter, kinds
from services.adapters.kinds.demo import Demo
from services.adapters.models import Exchange
from services.adapters.timetable import check_connections
from services.adapters.values import Capability, Health, Misconfigured, Rejected, Unavailable
from services.adapters.wire import fill_path
from tests.backends import chaos as c
from tests.backends import civil_registry
from tests.services.adapters.conftest import OAUTH, PHOTO, file_of, outgoing_of, send
from tests.services.adapters.contract import KEY, KindContract

SECRETS = {"client_secret": civil_registry.CLIENT_SECRET}


@pytest.fixture(params=["rest", "openapi", "soap", "inbox", "email", "demo"])
def kind(request, connect, office, settings):
    Demo.effects.clear()
    if request.param == "soap":
        return request.getfixturevalue("taxed")
    if request.param == "email":
        settings.ADAPTER_EMAIL_DOMAINS = ["dinas.example"]
        return connect("email", options={"to": "loket@dinas.example"})
    spoken = request.param in {"rest", "openapi"}
    return connect(request.param, base_url=office.url, auth=OAUTH if spoken else None, secrets=SECRETS)


class TestEveryKind(KindContract):
    """The contract, once for every kind."""


def test_declared_and_implemented_are_the_same():
    assert check_kinds(None) == []
    assert {"rest", "openapi", "soap", "inbox", "email", "demo"} <= set(kinds)

    class Liar(Demo):
        kind = "liar"
        capabilities = frozenset({Capability.SUBMIT, Capability.WEBHOOK, Capability.STATUS})

    assert len(problems_of(Liar)) == 2
    assert issubclass(Liar, Adapter)


# --- rest ---------------------------------------------------------------------------------------------------------------


def test_a_submission_arrives_with_its_key_files_and_mapping(connect, service, office):
    connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    receipt = send(outgoing_of(service, files=[file_of()]))
    row = office.store.one("SELECT * FROM applications")
    assert receipt.backend_reference == row["number"]
    body = json.loads(row["body"])
    assert body["pemohon"] == {"nik": "3576010101900001", "nama": "Alice Contoh"}
    assert (body["rincian"]["lahir"], body["layanan"], body["nomor_portal"]) == ("12-09-2026", "akta-uji", KEY)
    assert base64.b64decode(body["lampiran"][0]["isi"]) == PHOTO
    assert json.loads(row["files"])[0]["ukuran"] == len(PHOTO)
    assert office.store.ledger()["requests"] == {KEY: 1}


def test_every_attempt_sends_the_same_bytes(connect, service):
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connect(base_url=server.url)
        outgoing = outgoing_of(service, files=[file_of()])
        with correlated("0123456789abcdef0123456789abcdef"):
            send(outgoing)
        send(outgoing)
    heads, bodies = zip(*(request.split(b"\r\n\r\n", 1) for request in server.requests), strict=True)
    assert bodies[0] == bodies[1]
    assert all(f"Idempotency-Key: {KEY}".encode() in head for head in heads)
    assert b"X-Correlation-ID: 0123456789abcdef0123456789abcdef" in heads[0]
    assert b"traceparent: 00-0123456789abcdef0123456789abcdef-" in heads[0]


def test_the_key_can_go_into_a_field(connect, service):
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connect(base_url=server.url, submit={"key": {"place": "field", "name": "meta.kunci"}, "files": {"mode": "none"}})
        send(outgoing_of(service, files=[file_of()]))
    head, body = server.requests[0].split(b"\r\n\r\n", 1)
    assert orjson.loads(body)["meta"]["kunci"] == KEY
    assert b"Idempotency-Key" not in head and b"lampiran" not in body


@pytest.mark.parametrize("held", [(), [file_of(b"other")]], ids=["gone", "changed"])
def test_a_file_that_is_not_what_was_submitted_stops_before_anything_is_sent(connect, service, held):
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connect(base_url=server.url)
        with pytest.raises(Misconfigured):
            send(outgoing_of(service, files=[file_of()], held=held))
    assert server.connections == 0


def test_a_missing_required_answer_is_found_when_it_is_prepared(connect, service):
    connect(base_url="http://127.0.0.1:1")
    with pytest.raises(Misconfigured) as caught:
        outgoing_of(service, answers={"nama": "Alice"})
    assert "pemohon.nik" in caught.value.detail


def test_the_department_refuses_and_says_where(connect, service, office):
    connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    with pytest.raises(Rejected) as caught:
        send(outgoing_of(service, answers={"nik": "9976010101900001", "nama": "A"}))
    assert caught.value.field_errors == {"nik": "NIK tidak ditemukan di data kependudukan."}
    assert office.store.ledger()["effects"] == {}


@pytest.mark.parametrize(
    ("mode", "cause"),
    [
        ("fail_after", "server_error"),
        ("half", "truncated"),
        ("html", "shape"),
        ("huge", "too_large"),
        ("cut_after", "connection"),
    ],
)
def test_work_that_was_done_without_a_good_answer_is_done_once(connect, service, office, mode, cause):
    connection = connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    outgoing = outgoing_of(service)
    office.store.set_mode(mode, times=1)
    with pytest.raises(Unavailable) as caught:
        send(outgoing)
    assert (caught.value.cause, caught.value.maybe_sent) == (cause, True)
    found = gateway.reconcile(connection.pk, KEY)
    assert send(outgoing) == found
    ledger = office.store.ledger()
    assert (ledger["effects"], ledger["requests"], ledger["bodies"]) == ({KEY: 1}, {KEY: 2}, {KEY: 1})


@pytest.mark.parametrize("office", ["lookup", "none"], indirect=True)
def test_a_naive_backend_does_everything_twice(connect, service, office):
    connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    for _ in range(2):
        send(outgoing_of(service))
    assert office.store.ledger()["effects"] == {KEY: 2}


def test_the_registry_answers_another_body_under_the_same_key_with_a_refusal(connect, service, office):
    connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    send(outgoing_of(service))
    with pytest.raises(Rejected):
        send(outgoing_of(service, answers={"nik": "3576010101900001", "nama": "Budi"}))
    assert office.store.ledger()["effects"] == {KEY: 1}


@pytest.mark.parametrize(("mode", "sent"), [("down", True), ("cut", False)])
def test_a_registry_that_is_down_is_unavailable(connect, service, office, mode, sent):
    connection = connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    office.store.set_mode(mode)
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service))
    assert caught.value.maybe_sent is sent  # cut: already the token could not be had
    with pytest.raises(Unavailable):
        gateway.reconcile(connection.pk, KEY)
    assert not gateway.check_health(connection).authorised


# --- asking: never a "no" that was not proven ---------------------------------------------------------------------------

NOT_UNDERSTOOD = {
    "another 404": c.answer(404, b'{"kode": "alamat"}'),
    "HTML 404": c.answer(404, b"<h1>Not found", kind="text/html"),
    "empty 404": c.answer(404),
    "empty 200": c.answer(200),
    "no number": c.answer(200, b'{"nomor_portal": "MJK-2611-AAAA-B"}'),
    "another reference": c.answer(200, b'{"nomor": "A", "nomor_portal": "MJK-2611-CCCC-D"}'),
    "null": c.answer(200, b"null"),
    "list": c.answer(200, b"[]"),
    "redirect": c.answer(302, b"", "Location: /login"),
    "401": c.answer(401),
    "500": c.answer(500, b'{"kode": "tidak_ada"}'),
    "400": c.answer(400, b'{"kode": "tidak_ada"}'),
    "closed": c.close_silently,
    "half": c.half_answer,
}


@pytest.mark.parametrize("script", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_an_answer_that_is_not_understood_is_never_a_no(connect, script):
    with c.chaos(script) as server:
        connection = connect(base_url=server.url)
        with pytest.raises(Unavailable):
            gateway.reconcile(connection.pk, KEY, deadline_seconds=1)


def test_a_connection_without_a_question_cannot_be_asked(connect):
    connection = connect(base_url="http://127.0.0.1:1")
    connection.operations.filter(name="reconcile").delete()
    with pytest.raises(Unavailable):
        gateway.reconcile(connection.pk, KEY)


@pytest.mark.parametrize("value", ["", ".", "..", "a%2Fb", "%2e%2e", "a\0b", "x%5cy"])
def test_a_value_cannot_climb_out_of_its_path(value):
    with pytest.raises(Misconfigured):
        fill_path("/api/{reference}", {"reference": value})
    assert fill_path("/api/{reference}/x", {"reference": "a/b?c#d e"}) == "/api/a%2Fb%3Fc%23d%20e/x"


# --- credentials --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "secrets", "line"),
    [
        ({"type": "api_key", "header": "X-Kunci"}, {"api_key": "k1"}, b"X-Kunci: k1"),
        ({"type": "bearer"}, {"token": "t1"}, b"Authorization: Bearer t1"),
        ({"type": "basic", "username": "u"}, {"password": "p"}, b"Authorization: Basic dTpw"),
    ],
)
def test_credentials_go_out_and_are_never_recorded(connect, service, auth, secrets, line):
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connect(base_url=server.url, auth=auth, secrets=secrets)
        send(outgoing_of(service))
    assert line in server.requests[0]
    assert line.split(b" ")[-1].decode() not in json.dumps(list(Exchange.objects.values_list("detail", flat=True)))


def test_a_secret_can_be_named_but_only_among_those_made_for_backends(connect, service, monkeypatch):
    monkeypatch.setenv("ADAPTER_SECRET__UJI__TOKEN", "from-outside")
    with c.chaos(c.answer(200, b'{"nomor": "A"}')) as server:
        connection = connect(
            base_url=server.url, auth={"type": "bearer"}, secrets={"token": "env:ADAPTER_SECRET__UJI__TOKEN"}
        )
        send(outgoing_of(service))
        connection.secrets = {"token": "env:SECRET_KEY"}
        connection.save()
        with pytest.raises(Misconfigured):
            send(outgoing_of(service))
    assert len(server.requests) == 1
    assert b"Bearer from-outside" in server.requests[0]


def test_a_token_is_kept_and_renewed_once_when_it_is_refused(connect, service, office):
    connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    marks = []
    send(outgoing_of(service), on_mark=lambda: marks.append(1))
    send(outgoing_of(service, key="MJK-2611-BBBB-C"), on_mark=lambda: marks.append(1))
    assert len(office.registry.tokens) == 1
    office.registry.tokens.clear()  # as after a restart of the backend
    send(outgoing_of(service, key="MJK-2611-CCCC-D"), on_mark=lambda: marks.append(1))
    assert len(office.registry.tokens) == 1
    assert len(marks) == 4


def test_wrong_credentials_are_slow_and_alert_and_nothing_was_sent(connect, service, office):
    connection = connect(base_url=office.url, auth=OAUTH, secrets={"client_secret": "wrong"})
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service))
    error = caught.value
    assert (error.cause, error.maybe_sent, error.slow, error.alert) == ("credentials", False, True, True)
    assert office.store.ledger()["requests"] == {}
    assert gateway.check_health(connection) == Health(True, True, False, 0, "credentials")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"access_token": 7}', b'{"access_token": "a\\r\\nb"}', b"<p>login"])
def test_a_token_that_is_none_is_not_used(connect, service, body):
    with c.chaos(c.answer(200, body)) as server:
        connect(base_url=server.url, auth=OAUTH, secrets=SECRETS)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service))
    assert (caught.value.cause, caught.value.maybe_sent) == ("token", False)
    assert len(server.requests) == 1
    assert oauth._tokens == {}


# --- the clock ----------------------------------------------------------------------------------------------------------


def test_the_clock_notes_who_is_well_and_leaves_the_breaker_alone(connect, office):
    connection = connect(base_url=office.url, auth=OAUTH, secrets=SECRETS)
    check_connections()
    connection.refresh_from_db()
    assert connection.last_success_at and not connection.last_failure_at
    office.store.set_mode("down")
    check_connections()
    connection.refresh_from_db()
    assert connection.last_failure_at and connection.failures == 0 and connection.open_until is None
