"""One trace leads from a resident's request to the department, and tells nobody who the resident is."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from portal.lib import tracing
from portal.lib.logs import correlated

sdk = pytest.importorskip("opentelemetry.sdk.trace.export", reason="traces: opentelemetry-sdk is not installed")


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracer = tracing.make_tracer(sdk.SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", lambda: tracer)
    yield exporter


def test_a_request_is_a_span_under_its_correlation_id(spans: Any, client: Client, db: None) -> None:
    answer = client.get("/permohonan/MJK-2611-AAAA-A/?nik=3576014507900001")
    (found,) = spans.get_finished_spans()
    assert f"{found.context.trace_id:032x}" == answer["X-Request-ID"]
    assert found.name == "GET case-detail"
    assert found.attributes["http.response.status_code"] == 302
    assert "3576014507900001" not in found.to_json() and "MJK-2611" not in found.to_json()


def test_what_goes_wrong_is_named_by_its_class_only(spans: Any) -> None:
    with pytest.raises(ValueError), correlated("a" * 32), tracing.span("deliver", "consumer"):
        raise ValueError("Alice Contoh, 3576014507900001")
    (found,) = spans.get_finished_spans()
    assert f"{found.context.trace_id:032x}" == "a" * 32
    assert found.attributes["error.type"] == "ValueError" and not found.status.is_ok
    assert "3576014507900001" not in found.to_json()


def test_a_span_says_its_traceparent(spans: Any) -> None:
    with correlated("b" * 32), tracing.span("registry submit", "client") as current:
        version, trace, parent, flags = current.traceparent.split("-")
    (found,) = spans.get_finished_spans()
    assert (version, trace, flags) == ("00", "b" * 32, "01")
    assert int(parent, 16) == found.context.span_id


def test_the_portal_runs_on_without_the_packages_and_says_so_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, client: Client, db: None
) -> None:
    settings.TRACES_ENDPOINT = "http://127.0.0.1:4318"
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    tracing._tracer.cache_clear()
    try:
        with caplog.at_level(logging.ERROR, "portal.lib.tracing"):
            assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]
        assert len(caplog.records) == 1 and "layanan-kota[otel]" in caplog.text
    finally:
        tracing._tracer.cache_clear()
