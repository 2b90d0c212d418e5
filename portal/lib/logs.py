"""Structured logs: one JSON object a line, with the correlation id of the request that started it all.

Never log personal data or the content of a message; log references and counts.
"""

import contextlib
import json
import logging
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "correlation_id", "taskName"}


def new_correlation_id() -> str:
    """32 hex digits: also the trace id of a W3C `traceparent`."""
    return uuid.uuid4().hex


def correlation_id() -> str:
    return _correlation_id.get()


@contextlib.contextmanager
def correlated(value: str) -> Iterator[str]:
    """Every log line and backend call inside carries this id."""
    token = _correlation_id.set(value or new_correlation_id())
    try:
        yield _correlation_id.get()
    finally:
        _correlation_id.reset(token)


class CorrelationFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Django logs an answer of 400 and more after the middleware has returned: the request still knows its id."""
        known = getattr(getattr(record, "request", None), "correlation_id", "")
        record.correlation_id = _correlation_id.get() or known
        return True


class JsonFormatter(logging.Formatter):
    """JSON with escaped controls, so that no value can forge a second line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "correlation_id": getattr(record, "correlation_id", ""),
        }
        line.update({k: v for k, v in vars(record).items() if k not in _STANDARD and k not in {"request", "response"}})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)
