"""System checks: what a kind declares is what it implements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from services.adapters.gateway import load_kinds
from services.adapters.kinds.base import Adapter, kinds
from services.adapters.values import Capability

_METHOD = {
    Capability.RECONCILE: "reconcile",
    Capability.STATUS: "fetch_status",
    Capability.WEBHOOK: "read_webhook",
    Capability.LOOKUP: "lookup",
}


def check_kinds(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: the module of a kind cannot be imported. E002: declared and implemented capabilities differ."""
    try:
        load_kinds()
    except ImportError as error:
        return [Error(f"ADAPTER_MODULES: {error}", id="adapters.E001")]
    found: list[CheckMessage] = []
    for name in kinds:
        found.extend(problems_of(kinds.get(name)))
    return found


def problems_of(adapter: type[Adapter]) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if Capability.SUBMIT not in adapter.capabilities:
        problems.append(Error(f"adapter kind {adapter.kind}: SUBMIT is not declared", id="adapters.E002"))
    for capability, method in _METHOD.items():
        implemented = getattr(adapter, method) is not getattr(Adapter, method)
        if implemented != (capability in adapter.capabilities):
            word = "implemented but not declared" if implemented else "declared but not implemented"
            problems.append(Error(f"adapter kind {adapter.kind}: {capability} is {word}", id="adapters.E002"))
    return problems
