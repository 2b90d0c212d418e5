"""A backend in this process's memory, for demonstrations and tests, with slow and failing variants."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from services.adapters.kinds.base import Adapter, Declared, kinds
from services.adapters.values import (
    Capability,
    Health,
    Misconfigured,
    Outgoing,
    Receipt,
    Rejected,
    StatusUpdate,
    Submission,
    Unavailable,
)
from services.adapters.wire import Mark


class DemoOptions(Declared):
    behaviour = serializers.ChoiceField(
        choices=["good", "unavailable", "unclear", "rejects", "misconfigured"],
        default="good",
        help_text="unclear: does the work, then gives no answer.",
    )
    delay_seconds = serializers.FloatField(min_value=0, max_value=60, default=0)
    status = serializers.CharField(max_length=24, default="RECEIVED", help_text="What a question about the status answers.")


@kinds.register("demo")
class Demo(Adapter):
    kind = "demo"
    label = "Percobaan (di memori)"
    Options = DemoOptions
    capabilities = frozenset(
        {
            *(Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW),
            *(Capability.STATUS, Capability.RECONCILE),
        }
    )
    effects: ClassVar[dict[str, str]] = {}  # our reference -> their number

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        return b"{}"

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        behaviour = self.setup.options.get("behaviour", "good")
        if behaviour == "unavailable":
            raise Unavailable("connect", maybe_sent=False)
        if behaviour == "misconfigured":
            raise Misconfigured("config")
        if on_mark() is False:
            raise Unavailable("mark", maybe_sent=False, counts=False)
        delay = float(self.setup.options.get("delay_seconds", 0))
        time.sleep(min(delay, deadline_seconds))
        if delay > deadline_seconds:
            raise Unavailable("timeout", maybe_sent=True)
        if behaviour == "rejects":
            raise Rejected("rejected 422", message="Contoh penolakan.")
        number = "DEMO-" + hashlib.sha256(outgoing.key.encode()).hexdigest()[:10].upper()
        self.effects.setdefault(outgoing.key, number)
        if behaviour == "unclear":
            raise Unavailable("connection", maybe_sent=True)
        return Receipt(number)

    def reconcile(self, reference: str, *, deadline_seconds: float) -> Receipt | None:
        if self.setup.options.get("behaviour") == "unavailable":
            raise Unavailable("connect", maybe_sent=False)
        number = self.effects.get(reference)
        return Receipt(number) if number else None

    def fetch_status(self, backend_reference: str, *, deadline_seconds: float) -> StatusUpdate:
        status = self.setup.options.get("status", "RECEIVED")
        for reference, number in self.effects.items():
            if number == backend_reference:
                return StatusUpdate(reference=reference, word=status, status=status, backend_reference=number)
        raise Unavailable("shape", maybe_sent=False, detail="the demo backend does not know this number")

    def check_health(self, *, deadline_seconds: float) -> Health:
        up = self.setup.options.get("behaviour") != "unavailable"
        return Health(configured=True, reachable=up, authorised=up, cause="" if up else "connect")
