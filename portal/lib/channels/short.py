"""Short messages to a phone number: SMS and WhatsApp, each through the city's gateway or, in the demo, into files.

`settings.SHORT_CHANNELS` maps the name of a channel to how it is reached; a channel that is not there is not offered.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

from portal.lib.http import CallError, Limits, NetworkPolicy, Request, call
from portal.lib.standard_webhooks import sign

NAMES = ("sms", "whatsapp")
LIMITS = Limits(body_bytes=64 * 1024, connect_seconds=3.0, dns_seconds=2.0)
DEADLINE_SECONDS = 10.0


class NotSentError(Exception):
    """The gateway does not have the message, or did not say so. Names a cause, never a number or a text."""


class Channel(Protocol):
    """Sends a text to a number (E.164). The same `key` again is the same message. Raises NotSentError."""

    def send(self, number: str, text: str, *, key: str) -> None: ...


class Console:
    """One file a message, as the mails of the demo are kept. A repeated message overwrites its own file."""

    def __init__(self, name: str, folder: str | Path) -> None:
        self.name, self.folder = name, Path(folder)

    def send(self, number: str, text: str, *, key: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.txt"
        (self.folder / name).write_text(f"To: {number}\nChannel: {self.name}\n\n{text}\n", encoding="utf-8")


class Webhook:
    """POST {id, to, channel, text} to a gateway, signed as Standard Webhooks; it knows a repeated message by its id."""

    def __init__(self, name: str, url: str, secret: str) -> None:
        self.name, self.url, self.secret = name, url, secret

    def send(self, number: str, text: str, *, key: str) -> None:
        body = json.dumps({"id": key, "to": number, "channel": self.name, "text": text}, ensure_ascii=False).encode()
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(self.secret, key, now, body),
        }
        policy = NetworkPolicy.of(settings.ADAPTER_ALLOWED_NETWORKS, allow_http=settings.ADAPTER_ALLOW_HTTP)
        request = Request("POST", self.url, headers=headers, body=body)
        try:
            status = call(request, policy=policy, fresh=True, deadline_seconds=DEADLINE_SECONDS, limits=LIMITS).status
        except CallError as error:
            raise NotSentError(str(error.cause)) from None
        if not 200 <= status < 300:
            raise NotSentError(str(status))


def offered() -> list[str]:
    """The channels that are configured, the preferred one first."""
    return [name for name in NAMES if name in settings.SHORT_CHANNELS]


def channel(name: str) -> Channel:
    """Raises NotSentError when the channel is not configured (any more)."""
    given: dict[str, Any] | None = settings.SHORT_CHANNELS.get(name)
    if given is None:
        raise NotSentError("not configured")
    if "folder" in given:
        return Console(name, given["folder"])
    return Webhook(name, given["url"], given["secret"])


def send_short_message(number: str, text: str, *, key: str, name: str = "") -> None:
    """Over the named channel, else over the preferred one. Raises NotSentError."""
    channel(name or next(iter(offered()), "")).send(number, text, key=key)
