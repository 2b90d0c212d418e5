"""One call to a backend: address, credentials, correlation, record. Everything that is the same for all kinds.

Writes one redacted `Exchange` a call: sizes, codes and shapes, never what a resident answered.
"""

from __future__ import annotations

import logging
import secrets as random_secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from django.conf import settings
from django.db import DatabaseError, transaction

from portal.lib import group_commit
from portal.lib.http import Answer, CallError, Cause, Limits, NetworkPolicy, Request, call
from portal.lib.logs import correlation_id, new_correlation_id
from portal.lib.measuring import histogram
from portal.lib.redaction import redact_text
from portal.lib.tracing import span
from services.adapters import credentials, oauth
from services.adapters.models import Exchange
from services.adapters.outcomes import from_call_error
from services.adapters.setup import Setup
from services.adapters.values import Misconfigured, Unavailable

_log = logging.getLogger(__name__)
Mark = Callable[[], object]
MEBIBYTE = 1024 * 1024
_EXCHANGE_SECONDS = histogram(
    "portal_exchange_seconds", "Calls to departments' systems", ["connection", "operation", "outcome"]
)


@dataclass(frozen=True)
class Message:
    """A request of an adapter, relative to the connection's address. `path` is a template, `values` fill it."""

    operation: str
    method: str
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    reference: str = ""
    shape: Any = None
    anonymous: bool = False  # without the connection's credentials; its client certificate belongs to the connection
    record: bool = True


def policy() -> NetworkPolicy:
    return _policy(tuple(settings.ADAPTER_ALLOWED_NETWORKS), settings.ADAPTER_ALLOW_HTTP)


@lru_cache(maxsize=8)
def _policy(networks: tuple[str, ...], allow_http: bool) -> NetworkPolicy:
    return NetworkPolicy.of(list(networks), allow_http=allow_http)


def path_problem(path: str) -> str | None:
    """Why a path that an integrator wrote cannot be used below the connection's address; None when it can."""
    plain = path.partition("?")[0]
    for segment in plain.split("/"):
        said = unquote(segment)
        if said in {".", ".."} or "/" in said or "\\" in said or not said.isprintable() or "#" in segment:
            return "a path has no . or .. and no written-out / or \\ in a part of it"
    return None


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """The path with every `{name}` as one quoted segment. Raises Misconfigured for a value that could climb or split."""
    made = template
    for name, value in values.items():
        lowered = value.lower()
        if value in {"", ".", ".."} or any(bad in lowered for bad in ("%2e", "%2f", "%5c", "%00", "\0")):
            raise Misconfigured("path_value", detail=f"{{{name}}} cannot be used in an address")
        made = made.replace("{" + name + "}", quote(value, safe=""))
    if (problem := path_problem(template)) is not None:
        raise Misconfigured("path", detail=problem)
    if "{" in made or not made.startswith("/"):
        raise Misconfigured("path", detail="the path has unfilled parts or does not start with /")
    return made


def refuse_open_transaction() -> None:
    """No transaction of ours may be open while a backend is spoken to (those that a test case wraps around it may).

    Raises RuntimeError.
    """
    blocks = getattr(transaction.get_connection(), "atomic_blocks", [])
    if any(not getattr(block, "_from_testcase", False) for block in blocks):
        raise RuntimeError("a backend must not be spoken to inside a database transaction")


class Wire:
    """The way to one connection. `ends` (monotonic clock) bounds all calls made through it together."""

    def __init__(self, setup: Setup, *, deadline_seconds: float) -> None:
        self.setup = setup
        self.ends = time.monotonic() + deadline_seconds

    def call(self, message: Message, *, fresh: bool, on_mark: Mark | None = None) -> Answer:
        """The answer of any status. A 401 renews an OAuth token once and asks again; then, where a new secret was given
        beside an old one, the old one is tried.

        Raises Unavailable, Misconfigured, or what `on_mark` raised.
        """
        refuse_open_transaction()
        try:
            answer = self._renewed(message, fresh=fresh, on_mark=on_mark)
        except Unavailable as error:
            if error.cause != "credentials" or (old := self._with_old_secrets()) is None:
                raise
            return old._renewed(message, fresh=fresh, on_mark=on_mark)
        if answer.status == 401 and not message.anonymous and (old := self._with_old_secrets()) is not None:
            return old._renewed(message, fresh=fresh, on_mark=on_mark)
        return answer

    def _with_old_secrets(self) -> Wire | None:
        setup = credentials.with_old_secrets(self.setup)
        return Wire(setup, deadline_seconds=max(0.0, self.ends - time.monotonic())) if setup else None

    def _renewed(self, message: Message, *, fresh: bool, on_mark: Mark | None) -> Answer:
        auth = self.setup.options.get("auth") or {}
        renewable = auth.get("type") == "oauth2" and not message.anonymous
        answer = self._once(message, fresh=fresh, on_mark=on_mark)
        if renewable and answer.status == 401:
            oauth.forget(self.setup.connection_id)
            answer = self._once(message, fresh=fresh, on_mark=on_mark)
        return answer

    def _once(self, message: Message, *, fresh: bool, on_mark: Mark | None) -> Answer:
        trace = correlation_id() or new_correlation_id()
        headers = {
            **message.headers,
            **({} if message.anonymous else credentials.headers_of(self.setup, self._ask_token)),
            "User-Agent": "LayananKota/1",
            "X-Correlation-ID": trace,
        }
        if len(trace) == 32 and all(sign in "0123456789abcdef" for sign in trace):
            headers["traceparent"] = f"00-{trace}-{random_secrets.token_hex(8)}-01"
        url = self.setup.base_url.rstrip("/") + fill_path(message.path, message.values)
        query = [*message.query, *([] if message.anonymous else credentials.query_of(self.setup))]
        if query:
            url += "?" + urlencode(query)
        if not message.anonymous:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers |= credentials.signature_headers(self.setup, message.method, target, message.body or b"")
        limit = Limits(body_bytes=min(10, int(self.setup.options.get("answer_mebibytes") or 1)) * MEBIBYTE)
        began = time.monotonic()
        with span(f"{self.setup.code} {message.operation}", "client", **{"http.request.method": message.method}) as current:
            if current.traceparent:
                headers["traceparent"] = current.traceparent
            try:
                answer = self._exchange(Request(message.method, url, headers, message.body), fresh, on_mark, limit)
            except CallError as error:
                current.note(cause=error.cause.value)
                self._record(message, trace, began, error=error)
                if error.cause is Cause.MARK and isinstance(error.__cause__, Exception):
                    raise error.__cause__  # the caller's own error: it knows what its mark means
                raise from_call_error(error) from error
            current.note(**{"http.response.status_code": answer.status})
            current.finish(error=answer.status >= 500)
        self._record(message, trace, began, answer=answer)
        if self.setup.watch is not None:
            self.setup.watch(message.operation, answer)
        return answer

    def _exchange(self, request: Request, fresh: bool, on_mark: Mark | None, limits: Limits) -> Answer:
        if self.setup.stand_in is not None:
            if on_mark is not None:
                on_mark()
            return self.setup.stand_in(request)
        return call(
            request,
            policy=policy(),
            fresh=fresh,
            deadline_seconds=max(0.0, self.ends - time.monotonic()),
            on_mark=on_mark,
            limits=limits,
            identity=credentials.identity_of(self.setup),
        )

    def _ask_token(self) -> Answer:
        path, headers, body = credentials.token_request(self.setup)
        message = Message(operation="token", method="POST", path=path, headers=headers, body=body, anonymous=True)
        return self._once(message, fresh=True, on_mark=None)

    def _record(
        self, message: Message, trace: str, began: float, *, answer: Answer | None = None, error: CallError | None = None
    ) -> None:
        seconds = time.monotonic() - began
        _EXCHANGE_SECONDS.labels(self.setup.code, message.operation[:60], _outcome(answer, error)).observe(seconds)
        if not message.record and answer is not None and answer.status < 400:
            return
        row = Exchange(
            connection_id=self.setup.connection_id,
            direction=Exchange.Direction.OUT,
            operation=message.operation[:60],
            reference=message.reference[:60],
            status=answer.status if answer else None,
            cause=error.cause.value if error else "",
            milliseconds=round(seconds * 1000),
            request_bytes=len(message.body or b""),
            response_bytes=len(answer.body) if answer else 0,
            detail={
                "method": message.method,
                "path": message.path[:200],
                "request": message.shape,
                "content_type": redact_text(answer.headers.get("content-type", ""), 80) if answer else "",
                "problem": error.detail[:200] if error else "",
                **({"target": "stand_in" if self.setup.stand_in else "test"} if self.setup.testing else {}),
            },
            correlation_id=trace[:32],
        )
        try:
            group_commit.leave(row) if message.operation == "lookup" else row.save()
        except DatabaseError:  # the answer matters more than the record of it
            _log.exception("an exchange could not be recorded", extra={"connection": self.setup.code})


def _outcome(answer: Answer | None, error: CallError | None) -> str:
    """One of few words: ok, rejected, failed (their 5xx), or why there is no answer."""
    if answer is None:
        return error.cause.value if error else "none"
    return "ok" if answer.status < 400 else "rejected" if answer.status < 500 else "failed"
