"""Asking: judged values in, what is declared to be given out out. The access entry is written before the answer leaves."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext_noop

from accounts.access_log import record_access
from accounts.consents.allowing import has_allowed
from accounts.models import User
from portal.lib.crypto import DecryptionError, decrypt, encrypt
from services.adapters import gateway, mapping
from services.adapters.lookups import shield
from services.adapters.lookups.plans import FRESH_SECONDS, LONGEST_VALUE, MOST_KEPT, Plan
from services.adapters.mapping import MappingError
from services.adapters.values import Misconfigured, Rejected, Unavailable

CALL_SECONDS = 10.0
_RELEASED = gettext_noop("Jawaban sistem dinas: %(names)s")


class BadValues(ValueError):
    """`errors`: parameter -> missing, unknown, pattern, too_long, doubled."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)


class ConsentMissing(Exception):
    """The person has not allowed it."""


@dataclass(frozen=True)
class Found:
    """`data`: None when there is provably nothing. `as_of`: when the department said so. `stale`: older than declared."""

    data: dict[str, Any] | None = field(repr=False)
    as_of: datetime
    stale: bool = False
    cached: bool = False


def judge(plan: Plan, asked: Mapping[str, list[str]], person: User | None) -> dict[str, str]:
    """Values by parameter. What the portal knows of the person cannot be asked for another. Raises BadValues."""
    errors: dict[str, str] = {}
    values: dict[str, str] = {}
    askable = {one.name for one in plan.parameters if one.source == "asked"}
    errors |= {name[:60]: "unknown" for name in asked if name not in askable}
    for one in plan.parameters:
        if one.source == "nik":
            values[one.name] = (person.nik or "") if person is not None else ""
            continue
        given = asked.get(one.name, [])
        value = given[0].strip() if given else ""
        if len(given) > 1:
            errors[one.name] = "doubled"
        elif not value:
            if one.required:
                errors[one.name] = "missing"
        elif len(value) > LONGEST_VALUE or not value.isprintable():
            errors[one.name] = "too_long" if len(value) > LONGEST_VALUE else "pattern"
        elif not one.fits(value):
            errors[one.name] = "pattern"
        else:
            values[one.name] = value
    if errors:
        raise BadValues(errors)
    return values


def ask(plan: Plan, values: Mapping[str, str], *, person: User | None, actor: str, reference: str = "") -> Found:
    """The answer, from the cache as declared or from the department.

    person: whom it is about when it is private, or who asks. actor: who receives it, for the access log. Raises ConsentMissing,
    Unavailable (the department), Misconfigured (the portal), Rejected (the department refuses these values).
    """
    if plan.consent and (person is None or not has_allowed(person, plan.subject, plan.purpose)):
        raise ConsentMissing
    key = _key(plan, values, person)
    kept = _kept(plan, key)
    if kept is not None and not kept.stale:
        _write_down(plan, person, actor, kept)
        return kept
    try:
        found = _fetched(plan, values)
    except Unavailable:
        if kept is not None:  # public, and declared to be better than nothing
            _write_down(plan, person, actor, kept)
            return kept
        raise
    if plan.cache_seconds:
        _keep(plan, key, found)
    _write_down(plan, person, actor, found)
    return found


def _fetched(plan: Plan, values: Mapping[str, str]) -> Found:
    shield.refuse_if_open(plan.connection_id)
    ready = _ready(plan)
    if ready.is_down:
        raise Unavailable("breaker", maybe_sent=False, counts=False, retry_after=10.0)
    with shield.slot(plan.connection_id, ready.at_once):
        try:
            answer = ready.ask(values, deadline_seconds=CALL_SECONDS)
        except Unavailable as error:
            if error.counts:
                shield.note(plan.connection_id, well=False)
            raise
    shield.note(plan.connection_id, well=True)
    now = datetime.now(UTC)
    if answer is None:
        return Found(None, now)
    try:
        return Found(mapping.run(plan.answer, answer, {}), now)
    except MappingError as error:
        raise Unavailable("shape", maybe_sent=False, alert=True, detail="; ".join(error.problems)[:200]) from error


_kept_ready: dict[int, tuple[float, gateway.ReadyLookup]] = {}


def _ready(plan: Plan) -> gateway.ReadyLookup:
    """Looked at again after a second, as plans are."""
    now = time.monotonic()
    kept = _kept_ready.get(plan.operation_id)
    if kept is not None and now - kept[0] < FRESH_SECONDS:
        return kept[1]
    made = gateway.ready_lookup(plan.connection_id, plan.operation_id)
    if len(_kept_ready) >= MOST_KEPT:
        _kept_ready.clear()
    _kept_ready[plan.operation_id] = (now, made)
    return made


def forget() -> None:
    """Drop what is kept in this process."""
    _kept_ready.clear()


def _write_down(plan: Plan, person: User | None, actor: str, found: Found) -> None:
    """No entry, no answer: what cannot be written down does not leave."""
    if not plan.private or found.data is None:
        return
    record_access(
        person,
        actor=actor,
        action="data.lookup",
        data=_RELEASED % {"names": ", ".join(row["to"] for row in plan.answer)[:150]},
        purpose=plan.purpose,
        actor_department=plan.department,
    )


# --- the cache: private answers by person and encrypted, nothing of it is ever another's ---


def _key(plan: Plan, values: Mapping[str, str], person: User | None) -> str:
    whose = f"p{person.pk}" if plan.private and person is not None else "all"
    text = json.dumps([plan.operation_id, whose, sorted(values.items())])
    return f"lookup:{hashlib.sha256(text.encode()).hexdigest()}"


def _kept(plan: Plan, key: str) -> Found | None:
    if not plan.cache_seconds or (plan.private and plan.level < 1):
        return None
    stored = cache.get(key)
    if not isinstance(stored, str):
        return None
    try:
        at, data = json.loads(decrypt(stored))
    except (DecryptionError, ValueError):
        return None
    age = time.time() - at
    if age > plan.cache_seconds + plan.stale_seconds:
        return None
    return Found(data, datetime.fromtimestamp(at, UTC), stale=age > plan.cache_seconds, cached=True)


def _keep(plan: Plan, key: str, found: Found) -> None:
    if plan.private and plan.level < 1:
        return
    stored = encrypt(json.dumps([found.as_of.timestamp(), found.data]).encode())
    cache.set(key, stored, plan.cache_seconds + plan.stale_seconds)


__all__ = ["BadValues", "ConsentMissing", "Found", "Misconfigured", "Rejected", "Unavailable", "ask", "judge"]
