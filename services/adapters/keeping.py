"""Keeping watch over contracts: tested at night, drift told once, maintenance begun and ended on time."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from services.adapters import contract, gateway, standing
from services.adapters.models import Binding, Connection, ContractRun, Exchange
from services.adapters.setup import live_specs, newest_specs
from services.adapters.values import Misconfigured
from services.catalogue.models import DepartmentMember, DepartmentRole
from services.notifications.actions import notify

_log = logging.getLogger(__name__)
EXCHANGE_DAYS = 30
RUNS_KEPT = 50
LOOK_BACK = timedelta(minutes=15)


def watched() -> list[Binding]:
    """Bindings in use of kinds with a network that have somewhere to be tested, those tested longest ago first."""
    found: list[Binding] = []
    for connection in Connection.objects.filter(is_active=True).filter(Q(stand_in=True) | ~Q(test_url="")):
        try:
            if gateway.kind_of(connection.kind).uses_network:
                found += standing.bindings_of(connection)
        except Misconfigured:
            continue
    last = dict(ContractRun.objects.order_by("at").values_list("binding_id", "at"))
    return sorted(found, key=lambda one: (last.get(one.pk) is not None, last.get(one.pk) or timezone.now()))


def test_again(binding: Binding) -> ContractRun:
    """One nightly run and what follows."""
    run = contract.run(binding, nightly=True)
    follow(binding, run)
    return run


def test_now(binding: Binding) -> ContractRun:
    """A run that somebody asked for. Where it has tested exactly what is in service, the same follows as at night."""
    run = contract.run(binding)
    connection = binding.connection
    in_use = binding.pk in {one.pk for one in standing.bindings_of(connection)}
    if in_use and live_specs(connection) == newest_specs(connection):
        follow(binding, run)
    return run


def follow(binding: Binding, run: ContractRun) -> None:
    """Drift makes the service queue and is told once; a green run ends it, and says so."""
    if run.drift and run.drift != binding.drift:
        _set(binding, run.drift)
        _log.error("a contract has drifted", extra={"connection": binding.connection.code, "service": binding.service.code})
        _tell(binding, "contract_drift")
    elif run.green and binding.drift:
        _tell(binding, "contract_kept")
        _set(binding, "")


def _set(binding: Binding, drift: str) -> None:
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=binding.connection_id)
        binding.drift, binding.drifted_at = drift, timezone.now() if drift else None
        binding.save(update_fields=["drift", "drifted_at"])
        standing.settle(binding.connection)


def _tell(binding: Binding, template: str) -> None:
    """The department's managers and integrators, each once for this drift."""
    since = f"{binding.drifted_at:%Y%m%d%H%M%S}" if binding.drifted_at else ""
    roles = (DepartmentRole.MANAGER, DepartmentRole.INTEGRATOR)
    people = DepartmentMember.objects.filter(department=binding.connection.department, role__in=roles, user__is_active=True)
    context = {
        "service": binding.service.code,
        "label": binding.connection.label,
        "code": binding.connection.code,
        "drift": binding.drift,
    }
    for user_id in sorted(set(people.values_list("user_id", flat=True))):
        notify(user_id, template=template, key=f"{template}:{binding.pk}:{since}:{user_id}", context=context)


def settle_windows() -> int:
    """Write down how services stand whose maintenance has begun or ended lately; returns how many connections were looked at."""
    now = timezone.now()
    since = now - LOOK_BACK
    lately = Q(maintenances__starts_at__range=(since, now)) | Q(maintenances__ends_at__range=(since, now))
    found = list(Connection.objects.filter(lately).distinct())
    for connection in found:
        standing.settle(connection, now)
    return len(found)


def forget_old() -> int:
    """Exchanges of more than 30 days and all but the newest 50 runs of a binding; returns how many rows went."""
    before = timezone.now() - timedelta(days=EXCHANGE_DAYS)
    gone, _rows = Exchange.objects.filter(
        pk__in=list(Exchange.objects.filter(at__lt=before).values_list("pk", flat=True)[:20_000])
    ).delete()
    for binding in Binding.objects.filter(runs__isnull=False).distinct():
        old = list(binding.runs.values_list("pk", flat=True)[RUNS_KEPT:])
        gone += ContractRun.objects.filter(pk__in=old).delete()[0]
    return gone
