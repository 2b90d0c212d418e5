"""The contract of an adapter kind. `make adapter name=...` begins a new one (docs/how-to/write-a-kind.md), one module with one class:

1. subclass `Adapter`, declare `kind`, `label`, `Options` and `capabilities`, register it;
2. write the methods that the capabilities declare (a system check compares);
3. name the module in `settings.ADAPTER_MODULES`; the contract suite in tests/services/adapters runs over it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from portal.lib.http import Answer
from portal.lib.registry import Registry
from services.adapters.outcomes import json_of
from services.adapters.setup import Setup
from services.adapters.values import Capability, Health, LaterAct, Outgoing, Receipt, StatusUpdate, Submission
from services.adapters.wire import Mark

kinds: Registry[Adapter] = Registry("adapter kind")


class Declared(serializers.Serializer[Any]):
    """A serializer that refuses keys it does not know: a misspelt setting must not be ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({name: ["There is no such setting."] for name in unknown})
        return super().to_internal_value(data)


class NoOptions(Declared):
    """Nothing to set."""


class Adapter(ABC):
    """One kind of backend. An instance serves one call; it keeps no state of its own."""

    kind: ClassVar[str]
    label: ClassVar[str]
    Options: ClassVar[type[Declared]] = NoOptions
    Spec: ClassVar[type[Declared]] = NoOptions  # of an operation
    capabilities: ClassVar[frozenset[Capability]]
    uses_network: ClassVar[bool] = False
    works_here: ClassVar[bool] = False  # staff confirm and answer in the portal's work list
    stays_here: ClassVar[bool] = False  # nothing leaves the portal: handing over again is always safe
    idempotency: ClassVar[str] = ""  # of every connection of this kind; empty: the connection says

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    @abstractmethod
    def prepare(self, submission: Submission, spec: Mapping[str, Any], rows: list[Any]) -> bytes:
        """The frozen body, without the contents of files. Pure: no network, no clock. Raises MappingError."""

    def prepare_act(self, act: LaterAct, spec: Mapping[str, Any]) -> bytes:
        """ANSWER, ATTACHMENTS, WITHDRAW: the frozen body of a later act, like `prepare`. Raises MappingError."""
        return b"{}"

    @abstractmethod
    def submit(self, outgoing: Outgoing, spec: Mapping[str, Any], *, on_mark: Mark, deadline_seconds: float) -> Receipt:
        """Hand over (a submission or a later act), idempotent by `outgoing.key`.

        Raises Unavailable, Rejected, Misconfigured.
        """

    def reconcile(self, reference: str, *, deadline_seconds: float) -> Receipt | None:
        """RECONCILE: does the backend have this reference? None is a proven no. Raises Unavailable when not understood."""
        raise NotImplementedError

    def fetch_status(self, backend_reference: str, *, deadline_seconds: float) -> StatusUpdate:
        """STATUS: where the case stands. Raises Unavailable."""
        raise NotImplementedError

    def ready(self, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        """A spec judged once for many calls. Raises Misconfigured."""
        return spec

    def lookup(self, spec: Mapping[str, Any], values: Mapping[str, Any], *, deadline_seconds: float) -> Any:
        """LOOKUP: the answer to a declared read as JSON values; None for a proven "there is none".

        `values`: the lookup's parameters by name, already judged. Raises Unavailable, Rejected, Misconfigured.
        """
        raise NotImplementedError

    def values_of(self, answer: Answer, spec: Mapping[str, Any]) -> Any:
        """A good answer as plain values, to be compared with the document. Raises ValueError."""
        return json_of(answer)

    def answer_schema(self, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """JSON Schema (with its $defs) of a good answer, as far as the department says it. Raises Misconfigured."""
        declared = spec.get("answer_schema")
        return declared if isinstance(declared, Mapping) else None

    def read_webhook(self, data: Any, *, event_id: str) -> list[StatusUpdate]:
        """WEBHOOK: what a verified, strictly parsed message says. Raises InvalidWebhook(status=400)."""
        raise NotImplementedError

    def is_polled(self) -> bool:
        """Is this connection to be asked where its cases stand, because it does not tell us by itself?"""
        return Capability.STATUS in self.capabilities and Capability.WEBHOOK not in self.capabilities

    @abstractmethod
    def check_health(self, *, deadline_seconds: float) -> Health:
        """Configured, reachable, credentials good? Changes nothing at the backend and raises nothing."""
