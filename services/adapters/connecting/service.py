"""Operations and bindings: drafts while they are worked on, then put into service together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib import editions
from services.adapters import contract, gateway, keeping, mapping, standing
from services.adapters.connecting import forms
from services.adapters.connecting.forms import EXAMPLE_REFERENCE, known_of
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.declared.spec import row_problems
from services.adapters.models import Binding, Connection, ContractRun, Maintenance, Operation
from services.adapters.setup import newest_specs
from services.adapters.values import Misconfigured
from services.catalogue.models import Channel, Service
from services.forms.documents import Document
from services.forms.queries import current_version

_log = logging.getLogger(__name__)
MOST_WINDOWS = 50


def save_operation(connection: Connection, name: str, spec: Mapping[str, Any], *, purpose: str = "", by: str) -> Operation:
    """A new draft version, or the newest when nothing is different. Raises ConnectionProblem."""
    found = gateway.check_settings(connection.kind, options=connection.options, operations={name: spec}, mappings={})
    if problems := [one.split(": ", 1)[1] for one in found if one.startswith("operation ")]:
        raise ConnectionProblem({"spec": problems})
    with transaction.atomic():
        Connection.objects.select_for_update().get(pk=connection.pk)
        newest = connection.operations.filter(name=name).order_by("-version").first()
        if newest is not None and (newest.spec, newest.purpose, newest.retired_at) == (spec, purpose, None):
            return newest
        version = newest.version + 1 if newest else 1
        made = Operation.objects.create(
            connection=connection, name=name, version=version, spec=spec, purpose=purpose[:200], live_at=None
        )
    _log.info("operation saved", extra={"connection": connection.code, "operation": name, "version": version, "by": by})
    return made


def remove_operation(connection: Connection, name: str, *, by: str) -> bool:
    """Take an operation out of use. Deliveries that were made with it keep theirs. False when there was none.

    Raises ConnectionProblem while a service needs it.
    """
    used = [one for one in standing.bindings_of(connection) if one.operation == name]
    if used:
        codes = ", ".join(one.service.code for one in used)
        raise ConnectionProblem({"name": [_("Operasi ini masih dipakai oleh %(services)s.") % {"services": codes}]})
    if not connection.operations.filter(name=name, retired_at=None).update(retired_at=timezone.now()):
        return False
    _log.info("operation removed", extra={"connection": connection.code, "operation": name, "by": by})
    return True


def bind(connection: Connection, service: Service, rows: Any, *, operation: str = "submit", by: str) -> Binding:
    """A new draft of how the service's answers reach the operation. Raises ConnectionProblem.

    Of any service of the department: how people apply is said by its page, which can go live only once this is in service.
    """
    errors: dict[str, list[str]] = {}
    if service.department_id != connection.department_id:
        errors["service"] = [_("Layanan ini milik dinas lain.")]
    try:
        mapping.check_rows(rows)
    except mapping.MappingError as error:
        errors["mapping"] = error.problems
    else:
        if twice := row_problems(rows, newest_specs(connection).get(operation, {})):
            errors["mapping"] = twice
    if gateway.kind_of(connection.kind).uses_network and operation not in newest_specs(connection):
        errors["operation"] = [_("Sambungan ini belum punya operasi %(name)s.") % {"name": operation}]
    if errors:
        raise ConnectionProblem(errors)
    with transaction.atomic():
        Service.objects.select_for_update().get(pk=service.pk)
        newest = Binding.objects.filter(service=service).order_by("-version").first()
        same = newest is not None and (newest.connection_id, newest.mapping, newest.operation) == (
            connection.pk,
            rows,
            operation,
        )
        if newest is not None and same:
            return newest
        made = Binding.objects.create(
            service=service,
            connection=connection,
            operation=operation,
            mapping=rows,
            version=newest.version + 1 if newest else 1,
            live_at=None,
        )
    _log.info("binding saved", extra={"connection": connection.code, "service": service.code, "by": by})
    return made


def is_lookup(connection: Connection, operation: str) -> bool:
    """Is this a read that people may ask for, and not something that is sent?"""
    return "lookup" in newest_specs(connection).get(operation, {})


def newest_binding(connection: Connection, service: Service) -> Binding | None:
    """The newest binding of the service if it leads to this connection, draft or live."""
    found = Binding.objects.filter(service=service).select_related("connection", "service").order_by("-version").first()
    return found if found is not None and found.connection_id == connection.pk else None


def preview(binding: Binding, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each row with its values before and after every step, as the delivery would make them."""
    return [
        {"to": one.to, "values": list(one.values), "made": one.made, "written": one.written, "problem": one.problem}
        for one in mapping.preview(binding.mapping, answers, known_of(binding))
    ]


def check_mapping(rows: Any) -> None:
    """Raises ConnectionProblem with every row that cannot work."""
    try:
        mapping.check_rows(rows)
    except mapping.MappingError as error:
        raise ConnectionProblem({"mapping": error.problems}) from error


def would_send(binding: Binding, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The mapped request for these answers. Raises ConnectionProblem."""
    try:
        made = mapping.run(binding.mapping, answers, known_of(binding))
        key = newest_specs(binding.connection).get(binding.operation, {}).get("key") or {}
        if key.get("place") == "field":
            mapping.put_at(made, key["name"], EXAMPLE_REFERENCE)
        return made
    except mapping.MappingError as error:
        raise ConnectionProblem({"mapping": error.problems}) from error


def obstacles(binding: Binding) -> list[str]:
    """What keeps a binding from being put into service, as sentences; empty when nothing does."""
    connection = binding.connection
    try:
        adapter = gateway.kind_of(connection.kind)
    except Misconfigured as error:
        return [error.detail]
    found: list[str] = []
    sends = not is_lookup(connection, binding.operation)
    if sends and (binding.service.form is None or not binding.service.form.versions.exists()):
        found.append(_("Layanan ini belum punya formulir yang terbit."))
    if not sends and _takes_applications(binding.service):
        found.append(_only_reads())
    if sends and not found:
        found += forms.binding_problems(binding, _form_of(binding.service))
    if not adapter.uses_network:
        return found
    if not connection.base_url:
        found.append(_("Alamat sistem dinas belum diisi."))
    last = contract.last_run(binding)
    if last is None:
        found.append(_("Uji kontrak belum dijalankan untuk pemetaan dan operasi yang sekarang."))
    elif not last.green:
        wrong = next((row for row in last.rows if row["result"] == contract.BAD), {"name": "", "text": ""})
        found.append(_("Uji kontrak terakhir merah: %(why)s") % {"why": wrong["text"] or wrong["name"]})
    if binding.drift and not _green_since(binding, last):
        found.append(_("Sistem dinas berubah: %(field)s. Perbaiki, lalu uji lagi.") % {"field": binding.drift})
    return found


def _green_since(binding: Binding, run: ContractRun | None) -> bool:
    """Was what the binding is now tested well after its drift was found?"""
    return run is not None and run.green and (binding.drifted_at is None or run.at >= binding.drifted_at)


def _takes_applications(service: Service) -> bool:
    return service.is_public and service.channel == Channel.FORM


def _only_reads() -> str:
    return _("Operasi ini hanya menjawab pertanyaan. Layanan daring perlu operasi yang menerima permohonan.")


def no_destination() -> str:
    return _("Layanan ini belum tersambung ke daftar kerja atau sistem dinas. Pilih daftar kerja, atau minta integrator.")


def publication_problems(service: Service) -> list[str]:
    """What keeps the page of an online service from going live: no live binding, one that only asks or reads what the form does
    not ask, contract tests that are not green, drift.

    Kinds without a network (work list) have no contract tests and count as green.
    """
    binding = gateway.binding_for(service)
    if binding is None:
        return [no_destination()]
    try:
        tested = gateway.kind_of(binding.connection.kind).uses_network
    except Misconfigured as error:
        return [error.detail]
    if is_lookup(binding.connection, binding.operation):
        return [_only_reads()]
    asked = service.form is not None and service.form.versions.exists()
    if asked and (found := forms.binding_problems(binding, _form_of(service))):
        return found
    if not tested:
        return []
    if binding.drift:
        return [_("Sistem dinas berubah: %(field)s. Minta integrator memperbaikinya.") % {"field": binding.drift}]
    last = binding.runs.first()
    if last is not None and not last.green:
        return [_("Uji kontrak terakhir merah. Minta integrator memperbaikinya.")]
    return []


def _form_of(service: Service) -> Document:
    assert service.form is not None, "asked only of services with a form"
    document: Document = current_version(service.form).document
    return document


def publish(binding: Binding, *, by: str) -> bool:
    """Put a binding and the connection's newest operations into service. False when they were already.

    Raises ConnectionProblem with what is missing.
    """
    if found := obstacles(binding):
        raise ConnectionProblem({"publish": found})
    now = timezone.now()
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=binding.connection_id)
        operations = connection.operations.filter(live_at__isnull=True).update(live_at=now)
        bound = Binding.objects.filter(pk=binding.pk, live_at__isnull=True).update(live_at=now)
        standing.settle(connection, now)
    if binding.drift and (last := contract.last_run(binding)) is not None:
        keeping.follow(binding, last)
    if bound or operations:
        editions.announce()
        extra = {"connection": connection.code, "service": binding.service.code, "by": by}
        _log.warning("connection put into service", extra=extra)
    binding.refresh_from_db()
    return bool(bound or operations)


def test(binding: Binding) -> ContractRun:
    """Run the contract tests now. What they find about a binding in service follows at once."""
    return keeping.test_now(binding)


def add_window(
    connection: Connection, *, starts_at: datetime, ends_at: datetime, pauses: bool, reason: str, by: Any
) -> Maintenance:
    """A maintenance window; one that has begun counts at once. Raises ConnectionProblem."""
    if ends_at <= starts_at or ends_at <= timezone.now():
        raise ConnectionProblem({"ends_at": [_("Waktu selesai harus sesudah waktu mulai dan belum lewat.")]})
    if connection.maintenances.filter(ends_at__gt=timezone.now()).count() >= MOST_WINDOWS:
        raise ConnectionProblem({"starts_at": [_("Paling banyak %(n)d jadwal pemeliharaan.") % {"n": MOST_WINDOWS}]})
    window = Maintenance.objects.create(
        connection=connection, starts_at=starts_at, ends_at=ends_at, pauses=pauses, reason=reason[:200], created_by=by
    )
    standing.settle(connection)
    return window


def remove_window(connection: Connection, window_id: int) -> bool:
    removed, _rows = connection.maintenances.filter(pk=window_id).delete()
    standing.settle(connection)
    return bool(removed)
