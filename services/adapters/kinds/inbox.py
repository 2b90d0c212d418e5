"""A department without a system of its own: the case is in its work list at once, and staff answer it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.adapters.kinds.base import Adapter, kinds
from services.adapters.values import Capability, Health, Outgoing, Receipt, Submission
from services.adapters.wire import Mark


@kinds.register("inbox")
class Inbox(Adapter):
    kind = "inbox"
    label = "Daftar kerja di portal"
    works_here = True
    stays_here = True
    capabilities = frozenset({Capability.SUBMIT, Capability.ANSWER, Capability.ATTACHMENTS, Capability.WITHDRAW})

    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        return b"{}"

    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        return Receipt("", accepted=False)

    def check_health(self, *, deadline_seconds: float) -> Health:
        return Health(configured=True, reachable=True, authorised=True)
