"""What is known of a lookup before anybody asks: compiled once, looked at again after a second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language

from services.adapters import gateway
from services.adapters.declared.spec import LookupSpec
from services.adapters.documents import judging
from services.adapters.models import Connection, Operation
from services.catalogue.models import Service

FRESH_SECONDS = 1.0
MOST_KEPT = 500
LONGEST_VALUE = 200


@dataclass(frozen=True)
class Parameter:
    """`source`: asked (somebody types it) or nik (the portal knows it of a verified resident)."""

    name: str
    source: str
    required: bool
    pattern: str
    label: str
    example: str

    def fits(self, value: str) -> bool:
        """By the linear engine: a pattern is an integrator's and may be meant to take for ever."""
        return not self.pattern or not judging.mismatches(value, whole(self.pattern))


def whole(pattern: str) -> dict[str, str]:
    """JSON Schema of a text that the pattern matches from end to end."""
    return {"type": "string", "pattern": f"^(?:{pattern.removeprefix('^').removesuffix('$')})$"}


@dataclass(frozen=True)
class Plan:
    """One lookup of one service. `subject`: how a consent and the access log name it."""

    service: str
    name: str
    connection_id: int
    connection: str
    department: str
    department_label: str  # in the language of the moment
    operation_id: int
    purpose: str
    spec: Mapping[str, Any] = field(repr=False)
    answer: list[Any] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    money: frozenset[str]
    parameters: tuple[Parameter, ...]
    scope: str
    level: int
    consent: bool
    private: bool
    cache_seconds: int
    stale_seconds: int

    @property
    def subject(self) -> str:
        return f"{self.service}/{self.name}"


# By service, name and language: the department's name is in it.
_plans: dict[tuple[str, str, str], tuple[float, Plan | None]] = {}


def plan_of(service: str, name: str) -> Plan | None:
    """The lookup of a public service by that name, or None. A change is seen within a second."""
    key, now = (service, name, get_language() or ""), time.monotonic()
    kept = _plans.get(key)
    if kept is not None and now - kept[0] < FRESH_SECONDS:
        return kept[1]
    plan = _made(service, name)
    if len(_plans) >= MOST_KEPT:
        _plans.clear()
    _plans[key] = (now, plan)
    return plan


def forget() -> None:
    """Drop what is kept in this process."""
    _plans.clear()


def plans_of(service: Service) -> list[Plan]:
    """All lookups of a service."""
    binding = gateway.binding_for(service)
    if binding is None:
        return []
    live = binding.connection.operations.filter(live_at__isnull=False, retired_at=None).order_by("name", "version")
    newest = {operation.name: operation for operation in live}
    made = [_plan(service, binding.connection, one) for one in newest.values() if "lookup" in one.spec]
    return [one for one in made if one is not None]


def _made(code: str, name: str) -> Plan | None:
    service = Service.objects.filter(code=code, is_public=True).first()
    return next((one for one in plans_of(service) if one.name == name), None) if service is not None else None


def _plan(service: Service, connection: Connection, operation: Operation) -> Plan | None:
    judged = LookupSpec(data=operation.spec["lookup"])
    if not judged.is_valid():
        return None
    declared = judged.validated_data
    return Plan(
        service=service.code,
        name=operation.name,
        connection_id=connection.pk,
        connection=connection.code,
        department=connection.department.code,
        department_label=connection.department.label,
        operation_id=operation.pk,
        purpose=operation.purpose or declared.get("purpose") or operation.name,
        spec=operation.spec,
        answer=declared["answer"],
        labels=declared.get("labels") or {},
        money=frozenset(declared.get("money") or ()),
        parameters=tuple(_parameter(one) for one in declared.get("parameters", [])),
        scope=declared.get("scope", ""),
        level=declared["level"],
        consent=declared["consent"],
        private=declared["private"],
        cache_seconds=declared["cache_seconds"],
        stale_seconds=declared["stale_seconds"],
    )


def _parameter(declared: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=declared["name"],
        source=declared["source"],
        required=declared["required"],
        pattern=declared.get("pattern", ""),
        label=declared.get("label") or declared["name"],
        example=declared.get("example", ""),
    )
