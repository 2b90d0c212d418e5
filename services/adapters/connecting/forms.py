"""The form of a service that is being connected: an integrator may write it until residents use it.

A form that a live binding reads must go on having what is read: `sending_problems` says it before the form is published.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.lib.clocks import today
from services.adapters import contract, gateway, mapping
from services.adapters.connecting.problems import ConnectionProblem
from services.adapters.contract.samples import Wishes
from services.adapters.envelope import local
from services.adapters.mapping import MappingError
from services.adapters.models import Binding
from services.adapters.setup import newest_specs
from services.adapters.values import Misconfigured
from services.catalogue.actions import attach_form
from services.catalogue.models import Channel, Service
from services.catalogue.regions import kelurahan_source
from services.forms.actions import FormNotPublishableError, publish_form
from services.forms.documents import Document, load
from services.forms.models import FormVersion
from services.forms.samples import sample_answers

EXAMPLE_REFERENCE = "MJK-0000-AAAA-A"
_log = logging.getLogger(__name__)


class FormInUse(Exception):
    """Residents use the form: the department's editor changes it."""


def publish(service: Service, document: dict[str, Any], *, by: str) -> FormVersion:
    """The first form of a service, or the next until its page takes applications. Raises FormInUse, ConnectionProblem."""
    in_use = service.is_public and service.channel == Channel.FORM
    if in_use and service.form is not None and service.form.versions.exists():
        raise FormInUse
    try:
        version = publish_form(service.code, document)
    except FormNotPublishableError as error:
        raise ConnectionProblem({"document": [f"{one.path}: {one.text}" for one in error.findings]}) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ConnectionProblem({"document": [_("Dokumen bukan formulir yang bisa dibaca.")]}) from error
    if service.form_id != version.definition_id:
        attach_form(service.code, version.definition)
        service.form = version.definition
    _log.info("form written", extra={"service": service.code, "version": version.number, "by": by})
    return version


def lost_questions(rows: Iterable[Mapping[str, Any]], document: Document) -> list[str]:
    """Keys (`key`, or `group.key`) that a mapping reads and this form does not ask, in the order of the rows."""
    asked: dict[str, set[str]] = {}
    for part in document["parts"]:
        for question in part["questions"]:
            asked[question["key"]] = {inner["key"] for inner in question.get("questions", ())}
    lost = [
        ".".join(path)
        for path in mapping.reads(list(rows))
        if path[0] not in asked or (len(path) > 1 and asked[path[0]] and path[1] not in asked[path[0]])
    ]
    return list(dict.fromkeys(lost))


def sending_problems(service: Service, document: Document) -> list[str]:
    """Why what this form asks could not be sent by the binding that is in service; [] when it could, or nothing is bound."""
    binding = gateway.binding_for(service)
    return binding_problems(binding, document) if binding is not None else []


def binding_problems(binding: Binding, document: Document) -> list[str]:
    """The same for one binding: first what it reads in vain, else what invented answers come to."""
    spec = newest_specs(binding.connection).get(binding.operation, {})
    if "lookup" in spec:
        return []
    if lost := lost_questions(binding.mapping, document):
        return [
            _(
                "Pemetaan ke sistem dinas membaca pertanyaan “%(key)s”, yang tidak ada di formulir. "
                "Kembalikan pertanyaannya, atau minta integrator mengubah pemetaan lebih dulu."
            )
            % {"key": key}
            for key in lost
        ]
    wishes, form = Wishes(binding, spec), load(document)
    found: list[str] = []
    for full in (True, False):
        sample = sample_answers(
            form, today=today(), hints=wishes.hints, accepts=wishes.accept, sources=kelurahan_source(), full=full
        )
        answers = {key: value for key, value in sample.answers.items() if key not in sample.files.values()}
        try:
            mapping.run(binding.mapping, answers, known_of(binding))
        except MappingError as error:
            why = "; ".join(error.problems[:3])
            found = [
                _("Dengan formulir ini kiriman ke sistem dinas tidak bisa dibuat (%(why)s). Minta integrator memeriksanya.")
                % {"why": why}
            ]
    return found


@dataclass(frozen=True)
class Tried:
    """`place`: where the invented answers went, in words; empty when they went nowhere. `rows`: as of a contract test."""

    place: str
    rows: list[contract.Row]

    @property
    def good(self) -> bool:
        return bool(self.rows) and all(row.result != contract.BAD for row in self.rows)


def try_document(service: Service, document: Document) -> Tried:
    """Send invented answers of this form to the test address or the stand-in of its connection, never to the real system."""
    binding = gateway.binding_for(service)
    if binding is None:
        return Tried("", [contract.Row("setup", contract.BAD, _("Layanan ini belum punya tujuan permohonan."))])
    try:
        tested = gateway.kind_of(binding.connection.kind).uses_network
    except Misconfigured as error:
        return Tried("", [contract.Row("setup", contract.BAD, error.detail)])
    found = [contract.Row("mapping", contract.BAD, text) for text in binding_problems(binding, document)]
    if found:
        return Tried("", found)
    if not tested:
        text = _("Permohonan masuk ke daftar kerja petugas. Tidak ada sistem lain yang perlu diuji.")
        return Tried("", [contract.Row("inbox", "good", text)])
    return Tried(str(contract.target_of(binding).label), contract.try_form(binding, document))


def known_of(binding: Binding) -> dict[str, Any]:
    """What the portal itself puts into a submission."""
    return {
        "reference": EXAMPLE_REFERENCE,
        "service": binding.service.code,
        "department": binding.service.department.code if binding.service.department else "",
        "submitted_at": local(timezone.now()),
    }
