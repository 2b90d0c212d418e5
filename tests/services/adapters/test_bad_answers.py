"""What a bad backend does, once for every kind that has a network: what may have arrived is never called a no, on time.

The classes of delivery on top of it: `make faults`.
"""

from __future__ import annotations

import time

import pytest

from services.adapters import gateway
from services.adapters.values import Misconfigured, Unavailable
from tests.backends import chaos as c
from tests.services.adapters.conftest import outgoing_of, send
from tests.services.adapters.tax_office import connect_tax

KEY = "MJK-2611-AAAA-B"
MAYBE = {
    "closed after the request": c.close_silently,
    "reset after the request": c.reset_after_request,
    "silence": c.silence,
    "half an answer": c.half_answer,
    "header drip": c.header_drip,
    "body drip": c.body_drip,
    "endless body": c.endless_body,
    "endless 100": c.endless_continue,
    "big headers": c.big_headers,
    "many headers": c.many_headers,
    "gzip bomb": c.gzip_bomb,
    "bad chunks": c.bad_chunks,
    "500": c.answer(500, b"rusak", kind="text/plain"),
    "HTML": c.answer(200, b"<h1>Sibuk</h1>", kind="text/html"),
    "empty": c.answer(200, b""),
    "redirect": c.answer(302, b"", "Location: http://127.0.0.1:1/"),
    "another root": c.answer(200, b"<a/>", kind="text/xml"),
    "JSON for another question": c.answer(200, b"[]"),
}
NOT_SENT = {"401": c.answer(401, b"{}"), "429": c.answer(429, b"", "Retry-After: 7")}


@pytest.fixture(params=["rest", "openapi", "soap"])
def joined(request, connect, department, service):
    """`joined(url)`: a connection of this kind to it, bound to the service."""

    def join(url):
        if request.param == "soap":
            return connect_tax(department, service, url)
        return connect(request.param, base_url=url)

    return join


@pytest.mark.parametrize("script", MAYBE.values(), ids=MAYBE.keys())
def test_a_write_that_may_have_arrived_is_uncertain_and_ends_on_time(joined, service, script):
    with c.chaos(script) as server:
        joined(server.url)
        outgoing = outgoing_of(service)
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            send(outgoing, seconds=1.0)
    assert caught.value.maybe_sent
    assert time.monotonic() - began < 5.0, "the deadline was kept"
    assert server.connections == 1, "never sent again by itself"


@pytest.mark.parametrize("script", NOT_SENT.values(), ids=NOT_SENT.keys())
def test_a_write_that_was_not_taken_is_certain(joined, service, script):
    with c.chaos(script) as server:
        joined(server.url)
        with pytest.raises(Unavailable) as caught:
            send(outgoing_of(service), seconds=1.0)
    assert not caught.value.maybe_sent


def test_nobody_there_has_been_sent_nothing(joined, service):
    marks = []
    joined("http://127.0.0.1:1")
    with pytest.raises(Unavailable) as caught:
        send(outgoing_of(service), seconds=1.0, on_mark=lambda: marks.append(1))
    assert (caught.value.maybe_sent, marks) == (False, [])


@pytest.mark.parametrize("script", MAYBE.values(), ids=MAYBE.keys())
def test_a_question_that_is_not_understood_is_never_a_no(joined, script):
    with c.chaos(script) as server:
        connection = joined(server.url)
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            gateway.reconcile(connection.pk, KEY, deadline_seconds=1.0)
    assert time.monotonic() - began < 5.0, "the deadline was kept"
    assert not isinstance(caught.value, Misconfigured)


@pytest.mark.parametrize("script", [c.silence, c.answer(500, b""), c.close_silently], ids=["silence", "500", "closed"])
def test_health_is_told_without_raising(joined, script):
    with c.chaos(script) as server:
        health = gateway.check_health(joined(server.url), deadline_seconds=0.5)
    assert health.configured and not health.authorised
