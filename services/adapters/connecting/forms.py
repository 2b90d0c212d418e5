"""The form of a service that is being connected: an integrator may write it until residents use it."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext as _

from services.adapters.connecting.problems import ConnectionProblem
from services.catalogue.models import Channel, Service
from services.forms.actions import FormNotPublishableError, publish_form
from services.forms.models import FormVersion

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
        Service.objects.filter(pk=service.pk).update(form=version.definition)
        service.form = version.definition
    _log.info("form written", extra={"service": service.code, "version": version.number, "by": by})
    return version
