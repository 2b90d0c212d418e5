"""Traces by OpenTelemetry: a few spans of our own, on only with OTEL_EXPORTER_OTLP_ENDPOINT and the extra `otel`.

The trace id is the correlation id, so a request, its tasks and its calls to departments' systems are one trace without
anything being carried along. Attributes are names and codes: never an address, a query string or personal data.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from functools import cache as once
from typing import Any

from django.conf import settings

from portal.lib.logs import correlation_id

_log = logging.getLogger(__name__)


class Span:
    """What a piece of work may say of itself. This one listens to nobody: traces are off."""

    traceparent = ""

    def note(self, **attributes: str | int) -> None:
        """Add attributes."""

    def finish(self, name: str = "", *, error: bool = False) -> None:
        """Name it by what it turned out to be, and say whether it failed."""


class _RecordedSpan(Span):
    def __init__(self, inner: Any) -> None:
        self.inner = inner
        seen = inner.get_span_context()
        self.traceparent = f"00-{seen.trace_id:032x}-{seen.span_id:016x}-{seen.trace_flags & 1:02x}"

    def note(self, **attributes: str | int) -> None:
        self.inner.set_attributes(attributes)

    def finish(self, name: str = "", *, error: bool = False) -> None:
        from opentelemetry.trace import StatusCode

        if name:
            self.inner.update_name(name)
        if error:
            self.inner.set_status(StatusCode.ERROR)


_OFF = Span()


@contextlib.contextmanager
def span(name: str, kind: str = "internal", **attributes: str | int) -> Iterator[Span]:
    """A span around the block. `kind`: internal, server, client, consumer. An exception is named by its class only."""
    tracer = _tracer()
    if tracer is None:
        yield _OFF
        return
    from opentelemetry.trace import SpanKind

    with tracer.start_as_current_span(
        name,
        kind=SpanKind[kind.upper()],
        attributes=attributes,
        record_exception=False,  # its text may hold what a resident wrote
        set_status_on_exception=False,
    ) as inner:
        current = _RecordedSpan(inner)
        try:
            yield current
        except Exception as error:
            current.note(**{"error.type": type(error).__name__})
            current.finish(error=True)
            raise


@once
def _tracer() -> Any | None:
    """Made at the first span, after any fork; None when traces are off."""
    if not settings.TRACES_ENDPOINT:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.error("OTEL_EXPORTER_OTLP_ENDPOINT is set but the packages are missing: pip install 'layanan-kota[otel]'")
        return None
    return make_tracer(BatchSpanProcessor(OTLPSpanExporter()))


def make_tracer(processor: Any) -> Any:
    """A tracer whose trace ids are our correlation ids."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import RandomIdGenerator, TracerProvider

    class CorrelationIds(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            with contextlib.suppress(ValueError):
                if number := int(correlation_id() or "0", 16):
                    return number
            return super().generate_trace_id()

    resource = Resource.create({"service.name": settings.TRACES_SERVICE_NAME})
    provider = TracerProvider(resource=resource, id_generator=CorrelationIds())
    provider.add_span_processor(processor)
    return provider.get_tracer("portal")
