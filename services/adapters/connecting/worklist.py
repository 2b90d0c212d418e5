"""Applications of a service whose department has no system of its own: they land in the work list of its staff, in the portal."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib import editions
from services.adapters import gateway
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.models import Binding, Connection
from services.catalogue.models import Department, Service

_log = logging.getLogger(__name__)
KIND = "inbox"


def take_in_here(service: Service, *, by: str) -> Binding:
    """Let the department's own staff answer in the portal, from now on. by: who decides it, for the log.

    Only where nothing is in service yet: to take a system out of service is the integrator's. The same again changes nothing.
    Raises ConnectionProblem.
    """
    with transaction.atomic():
        locked = Service.objects.select_for_update().select_related("department").get(pk=service.pk)
        live = gateway.binding_for(locked)
        if live is not None and live.connection.kind == KIND:
            return live
        if live is not None:
            raise ConnectionProblem(
                {"service": [_("Layanan ini sudah tersambung ke “%(label)s”.") % {"label": live.connection.label}]}
            )
        newest = Binding.objects.filter(service=locked).order_by("-version").first()
        made = Binding.objects.create(
            service=locked,
            connection=_work_list_of(locked.department),
            operation="submit",
            mapping=[],
            version=newest.version + 1 if newest else 1,
            live_at=timezone.now(),
        )
        editions.announce()
    _log.warning("applications go to the work list", extra={"service": locked.code, "by": by})
    return made


def being_connected(service: Service) -> Binding | None:
    """What an integrator prepares for this service and has not put into service."""
    newest = Binding.objects.filter(service=service).select_related("connection").order_by("-version").first()
    return newest if newest is not None and newest.live_at is None else None


def _work_list_of(department: Department) -> Connection:
    """The one that is there, or a new one under a free code: another's connection may have the one that we would choose.

    No address and no key: nothing has to be tested.
    """
    found = Connection.objects.filter(department=department, kind=KIND, is_active=True).order_by("pk").first()
    if found is not None:
        return found
    wanted = f"daftar-kerja-{department.code}"[:56]
    taken = set(Connection.objects.filter(code__startswith=wanted).values_list("code", flat=True))
    code = next(one for one in (wanted, *(f"{wanted}-{number}" for number in range(2, 1000))) if one not in taken)
    label = f"Daftar kerja {department.short_name}"[:120]
    return Connection.objects.create(code=code, department=department, kind=KIND, label=label)
