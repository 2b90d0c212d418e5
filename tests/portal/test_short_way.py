"""A lookup without a session takes a short way through the middlewares: what comes out is the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import close_old_connections

from portal import wsgi
from services.adapters.lookups import asking, plans, shield
from services.adapters.models import Connection
from tests.backends import chaos
from tests.services.adapters.test_lookup_pages import NOP, at, connection  # noqa: F401

PATH = "/api/v1/services/cek-pajak/lookups/tagihan"
OWN = {"x-request-id", "date", "vary", "expires"}  # a second may pass between the two


def call(handler: Any, query: str, **environ: str) -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    given = {
        **{
            "REQUEST_METHOD": "GET",
            "PATH_INFO": PATH,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
        },
        **{"wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), "HTTP_HOST": "localhost"},
        "REMOTE_ADDR": "192.0.2.1",
        **environ,
    }
    body = b"".join(handler(given, lambda status, headers, *_: said.append((status, headers))))
    return said[0][0], {name.lower(): value for name, value in said[0][1]}, body


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """A handler closes the connections of the request before; here that would be the test's own."""
    for one in (plans, asking, shield):
        one.forget()
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.mark.parametrize(
    ("query", "environ"),
    [
        (f"nop={NOP}", {}),
        ("nop=1", {}),
        ("", {}),
        (f"nop={NOP}", {"HTTP_AUTHORIZATION": "Bearer nonsense-nonsense-nonsense"}),
        (f"nop={NOP}", {"HTTP_HOST": "evil.example"}),
        (f"nop={NOP}", {"PATH_INFO": PATH + "x"}),
    ],
)
def test_both_ways_answer_the_same(connection: Connection, query: str, environ: dict[str, str]) -> None:  # noqa: F811
    with chaos.chaos(*[chaos.answer(200, b'{"total": 5, "tahun": []}')] * 2) as server:
        at(connection, server.url)
        shield.forget()
        first, second = (call(handler, query, **environ) for handler in (wsgi.whole, wsgi.short))
    assert first[0] == second[0]
    assert _plain(first[2]) == _plain(second[2])
    names = {name: value for name, value in first[1].items() if name not in OWN and not name.startswith("ratelimit")}
    assert {n: v for n, v in second[1].items() if n not in OWN and not n.startswith("ratelimit")} == names
    assert {n for n in first[1] if n.startswith("ratelimit")} == {n for n in second[1] if n.startswith("ratelimit")}


def _plain(body: bytes) -> bytes:
    """Without the moment of the answer."""
    return body.split(b'"as_of"', 1)[0]


@pytest.mark.parametrize(
    ("environ", "short"),
    [
        ({}, True),
        ({"HTTP_COOKIE": "sesi=x"}, False),
        ({"REQUEST_METHOD": "POST"}, False),
        ({"PATH_INFO": "/api/v1/services/cek-pajak/lookups/tagihan/consent"}, False),
        ({"PATH_INFO": "/api/v1/services/cek-pajak/lookups"}, False),
        ({"PATH_INFO": "/"}, False),
    ],
)
def test_only_a_lookup_without_a_session_is_shortened(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], short: bool
) -> None:
    monkeypatch.setattr(wsgi, "short", lambda *_: [b"short"])
    monkeypatch.setattr(wsgi, "whole", lambda *_: [b"whole"])
    given = {"REQUEST_METHOD": "GET", "PATH_INFO": PATH, **environ}
    assert list(wsgi.application(given, lambda *_: None)) == [b"short" if short else b"whole"]
