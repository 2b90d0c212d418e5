"""OAuth 2.0 client credentials (RFC 6749, section 4.4): tokens in this process's memory, one fetch at a time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from portal.lib import strict_json
from portal.lib.http import Answer
from services.adapters.outcomes import json_of, retry_after
from services.adapters.setup import Setup
from services.adapters.values import Unavailable

EARLY_SECONDS = 30.0
DEFAULT_SECONDS = 300.0


@dataclass(frozen=True)
class _Token:
    value: str
    until: float
    credentials: str


_lock = threading.Lock()
_locks: dict[int, threading.Lock] = {}
_tokens: dict[int, _Token] = {}


def forget(connection_id: int) -> None:
    """Drop the kept token: the backend has refused it."""
    _tokens.pop(connection_id, None)


def token_of(setup: Setup, ask: Callable[[], Answer]) -> str:
    """The token of a connection, asked for when none is kept or its credentials have changed.

    Raises Unavailable with `maybe_sent=False`: the request itself has not gone out yet.
    """
    auth = setup.options.get("auth") or {}
    mine = [setup.secrets.get(name) for name in ("client_secret", "certificate")]  # a token may be bound to a certificate
    text = repr((setup.base_url, auth.get("token_path"), auth.get("client_id"), auth.get("scope"), *mine))
    credentials = hashlib.sha256(text.encode()).hexdigest()
    with _lock:
        fetching = _locks.setdefault(setup.connection_id, threading.Lock())
    with fetching:
        kept = _tokens.get(setup.connection_id)
        if kept is not None and kept.credentials == credentials and time.monotonic() < kept.until:
            return kept.value
        value, seconds = _fetch(ask)
        _tokens[setup.connection_id] = _Token(value, time.monotonic() + max(0.0, seconds - EARLY_SECONDS), credentials)
        return value


def _fetch(ask: Callable[[], Answer]) -> tuple[str, float]:
    try:
        answer = ask()
    except Unavailable as error:
        raise Unavailable(f"token_{error.cause}", maybe_sent=False, alert=error.alert, detail=error.detail) from error
    if answer.status in {400, 401, 403}:
        raise Unavailable("credentials", maybe_sent=False, slow=True, alert=True, detail=f"token status {answer.status}")
    if answer.status != 200:
        raise Unavailable("token", maybe_sent=False, retry_after=retry_after(answer), detail=f"token status {answer.status}")
    try:
        data = json_of(answer)
    except strict_json.InvalidJSON as error:
        raise Unavailable("token", maybe_sent=False, alert=True, detail=str(error)) from error
    value = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= 4000 or not value.isascii() or not value.isprintable():
        raise Unavailable("token", maybe_sent=False, alert=True, detail="no usable access_token")
    seconds = data.get("expires_in", DEFAULT_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        seconds = DEFAULT_SECONDS
    return value, float(seconds)
