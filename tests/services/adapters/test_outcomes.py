"""The outcome table, row by row, against a scripted backend: which error, and what it says about a second try."""

import json
import socket
import time

import pytest
from django.db import transaction

from services.adapters.models import Exchange
from services.adapters.values import Misconfigured, Rejected, Unavailable
from tests.backends import chaos as c
from tests.services.adapters.conftest import outgoing_of, send

GOOD = json.dumps({"nomor": "DK-1"}).encode()

# script -> cause, maybe_sent, counts, slow, alert
UNAVAILABLE = {
    "closed": (c.close_silently, "connection", True, True, False, False),
    "reset": (c.reset_after_request, "connection", True, True, False, False),
    "silence": (c.silence, "timeout", True, True, False, False),
    "half": (c.half_answer, "truncated", True, True, False, False),
    "header drip": (c.header_drip, "timeout", True, True, False, False),
    "body drip": (c.body_drip, "timeout", True, True, False, False),
    "endless": (c.endless_body, "too_large", True, True, False, False),
    "huge": (c.answer(200, b"x" * (10 * 1024 * 1024)), "too_large", True, True, False, False),
    "bomb": (c.gzip_bomb, "too_large", True, True, False, False),
    "encoding": (c.answer(200, GOOD, "Content-Encoding: br"), "encoding", True, True, False, False),
    "html": (c.answer(200, b"<p>Terima kasih", kind="text/html"), "shape", True, True, False, True),
    "html called json": (c.answer(200, b"<p>Terima kasih"), "shape", True, True, False, True),
    "json called html": (c.answer(200, GOOD, kind="text/html"), "shape", True, True, False, True),
    "empty": (c.answer(200, b""), "shape", True, True, False, True),
    "no content": (c.answer(204), "shape", True, True, False, True),
    "206": (c.answer(206, GOOD), "shape", True, True, False, True),
    "bad UTF-8": (c.answer(200, b'{"nomor": "\xff"}'), "shape", True, True, False, True),
    "other charset": (c.answer(200, GOOD, kind="application/json; charset=latin-1"), "shape", True, True, False, True),
    "doubled key": (c.answer(200, b'{"nomor": "A", "nomor": "B"}'), "shape", True, True, False, True),
    "deep": (c.answer(200, b"[" * 50_000 + b"]" * 50_000), "shape", True, True, False, True),
    "no number": (c.answer(200, b'{"id": 1}'), "shape", True, True, False, True),
    "number too long": (c.answer(200, b'{"nomor": "%s"}' % (b"9" * 200)), "shape", True, True, False, True),
    "number is a list": (c.answer(200, b'{"nomor": ["A"]}'), "shape", True, True, False, True),
    "number with controls": (c.answer(200, b'{"nomor": "A\\u0007"}'), "shape", True, True, False, True),
    "301": (c.answer(301, b"", "Location: http://127.0.0.1:1/"), "redirect", True, True, True, True),
    "303": (c.answer(303, b"", "Location: /selesai"), "redirect", True, True, True, True),
    "401": (c.answer(401), "unauthorised", False, True, True, True),
    "403": (c.answer(403), "unauthorised", False, True, True, True),
    "408": (c.answer(408), "server_error", True, True, False, False),
    "409": (c.answer(409), "conflict", True, False, False, False),
    "429": (c.answer(429), "busy", False, False, False, False),
    "500": (c.answer(500, GOOD), "server_error", True, True, False, False),
    "503": (c.answer(503), "server_error", True, True, False, False),
}


@pytest.mark.parametrize("row", UNAVAILABLE.values(), ids=UNAVAILABLE.keys())
def test_what_may_be_tried_again_says_whether_it_may_have_arrived(connect, service, row):
    script, *expected = row
    with c.chaos(script) as server:
        connect(base_url=server.url)
        outgoing = outgoing_of(service)
        began, hangs = time.monotonic(), expected[0] == "timeout"
        with pytest.raises(Unavailable) as caught:
            send(outgoing, seconds=1.0 if hangs else 20.0)  # a busy machine may need its time for a whole answer
        assert not hangs or time.monotonic() - began < 5, "the deadline was kept"
    error = caught.value
    assert [error.cause, error.maybe_sent, error.counts, error.slow, error.alert] == expected
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("86400", 900.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("١", None),
    ],
)
@pytest.mark.parametrize("status", [503, 429])
def test_the_wait_a_backend_asks_for_is_read_and_capped(connect, service, status, text, seconds):
    script = c.send_raw(c.raw(status, b"", f"Retry-After: {text}" if text.isascii() else "Retry-After: \xd9\xa1"))
    with c.chaos(script) as server:
        connect(base_url=server.url)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service))
    assert caught.value.retry_after == seconds


def test_a_refused_connection_was_not_sent(connect, service):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connect(base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service))
    assert (caught.value.cause, caught.value.maybe_sent) == ("connect", False)


@pytest.mark.parametrize(
    "address", ["http://localhost:1", "http://10.0.0.1", "http://2130706433", "http://a@127.0.0.1", "ftp://x.id"]
)
def test_a_forbidden_address_is_for_the_operator(connect, service, address):
    connect(base_url=address)
    with pytest.raises(Misconfigured):
        send(outgoing_of(service))


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(("number", "text"), [('"DK-1"', "DK-1"), ("17", "17")])
def test_a_receipt_is_a_receipt(connect, service, status, number, text):
    with c.chaos(c.answer(status, b'{"nomor": %s}' % number.encode())) as server:
        connect(base_url=server.url)
        receipt = send(outgoing_of(service))
    assert (receipt.backend_reference, receipt.accepted) == (text, True)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_the_department_finds_wrong_comes_back_by_our_questions(connect, service, status):
    body = {
        "pesan": "Ada\x00 yang <b>salah</b>\u202e",
        "kesalahan": [
            {"bidang": "pemohon.nik", "pesan": "NIK tidak ditemukan. " + "x" * 500},
            {"bidang": "lain", "pesan": "Tidak dikenal"},
        ],
    }
    text = json.dumps(body).replace("\\u0000", "")
    with c.chaos(c.answer(status, text.encode())) as server:
        connect(base_url=server.url)
        with pytest.raises(Rejected) as caught:
            send(outgoing_of(service))
    assert list(caught.value.field_errors) == ["nik"]
    assert len(caught.value.field_errors["nik"]) == 300
    assert caught.value.message == "Ada yang <b>salah</b>"


@pytest.mark.parametrize(
    "body", [b"<h1>Bad request", b'{"kesalahan": {"pemohon.nik": ["Salah"]}}', b'{"kesalahan": 7, "pesan": {}}', b""]
)
def test_a_refusal_in_any_form_is_a_refusal(connect, service, body):
    with c.chaos(c.answer(400, body)) as server:
        connect(base_url=server.url)
        with pytest.raises(Rejected) as caught:
            send(outgoing_of(service))
    assert caught.value.field_errors in ({}, {"nik": "Salah"})


class LeaseLost(Exception):
    pass


def test_what_the_mark_raises_comes_through_and_nothing_is_sent(connect, service):
    def lost():
        raise LeaseLost

    with c.chaos(c.answer(200, GOOD)) as server:
        connect(base_url=server.url)
        outgoing = outgoing_of(service)
        with pytest.raises(LeaseLost):
            send(outgoing, on_mark=lost)
        with pytest.raises(Unavailable) as caught:
            send(outgoing, on_mark=lambda: False)
    assert (caught.value.maybe_sent, caught.value.counts) == (False, False)
    assert server.requests == []


def test_a_backend_is_never_spoken_to_inside_a_transaction(connect, service):
    with c.chaos(c.answer(200, GOOD)) as server:
        connection = connect(base_url=server.url)
        outgoing = outgoing_of(service)
        with transaction.atomic(), pytest.raises(RuntimeError):
            send(outgoing)
    assert server.connections == 0
    assert not Exchange.objects.filter(connection=connection).exists()


def test_the_record_of_a_call_holds_shapes_and_no_answers(connect, service):
    with c.chaos(c.answer(200, GOOD), c.answer(500, b"NIK 3576010101900001 salah"), c.close_silently) as server:
        connect(base_url=server.url)
        outgoing = outgoing_of(service)
        send(outgoing)
        for _ in range(2):
            with pytest.raises(Unavailable):
                send(outgoing)
    rows = list(Exchange.objects.order_by("pk"))
    assert [(row.status, row.cause) for row in rows] == [(200, ""), (500, ""), (None, "connection")]
    assert {row.reference for row in rows} == {"MJK-2611-AAAA-B"}
    assert all(len(row.correlation_id) == 32 and row.request_bytes > 0 for row in rows)
    written = json.dumps([row.detail for row in rows])
    assert "3576010101900001" not in written and "Alice" not in written and "salah" not in written
    assert rows[0].detail["request"]["pemohon"] == {"nik": "str(16)", "nama": "str(12)"}
