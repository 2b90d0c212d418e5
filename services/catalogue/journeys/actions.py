"""The only writers of journeys. Each is idempotent; a journey is taken out of sight, never deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from portal.lib import editions
from services.catalogue.journeys.records import JourneyRecord, JourneyStepRecord, Place
from services.catalogue.journeys.shared_form import form_code, published_documents, shared_document
from services.catalogue.models import Journey, JourneyStep, LifeEvent, Service
from services.forms.actions import FormNotPublishableError, publish_form
from services.forms.models import FormDefinition


@transaction.atomic
def publish_journey(record: JourneyRecord) -> Journey | None:
    """Make the catalogue say exactly what the record says; None for a life event nobody knows.

    A step whose service is gone, and a shared question that no form asks any more, are left out: the gate (`lint`) speaks
    of them, and people who are on their way are asked in the step itself.
    """
    event = LifeEvent.objects.filter(slug=record.life_event).first()
    if event is None:
        return None
    journey = Journey.objects.select_for_update().filter(life_event=event).first() or Journey(life_event=event, title={})
    values = {
        "title": dict(record.title),
        "intro": dict(record.intro),
        "form": _form(record),
        "shared": [{"key": q.key, "to": _places(q.to)} for q in record.questions()],
        "illustrative": record.illustrative,
        "is_public": True,
    }
    if journey.pk is None or any(getattr(journey, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(journey, name, value)
        journey.save()
    _set_steps(journey, record)
    editions.announce()
    return journey


def _form(record: JourneyRecord) -> FormDefinition | None:
    document = shared_document(record, published_documents(record))
    if document is None:
        return None
    try:
        return publish_form(form_code(record.life_event), document).definition
    except FormNotPublishableError:  # the steps' forms have changed so much: everything is asked in its step
        return None


def _places(places: tuple[Place, ...]) -> list[list[str]]:
    return [list(place) for place in places]


def _set_steps(journey: Journey, record: JourneyRecord) -> None:
    services = dict(Service.objects.filter(code__in={s.service for s in record.steps}).values_list("code", "pk"))
    wanted: list[dict[str, Any]] = []
    for step in record.steps:
        if step.service in services and step.key not in {values["key"] for values in wanted}:
            wanted.append(_values(step, services[step.service], len(wanted) + 1))
    names = list(wanted[0]) if wanted else []
    if wanted == list(journey.steps.order_by("position").values(*names)) and len(wanted) == journey.steps.count():
        return
    journey.steps.all().delete()
    JourneyStep.objects.bulk_create([JourneyStep(journey=journey, **values) for values in wanted])


def _values(step: JourneyStepRecord, service: int, position: int) -> dict[str, Any]:
    return {
        "key": step.key,
        "position": position,
        "service_id": service,
        "why": dict(step.why),
        "how": dict(step.how),
        "after": list(step.after),
        "opens_on": step.opens_on,
        "optional": step.optional,
        "may_have": step.may_have,
        "presets": dict(step.presets),
        "gives": [{"name": g.name, "label": dict(g.label), "to": _places(g.to)} for g in step.gives],
    }


def withdraw_journey(life_event: str) -> None:
    """Take a journey out of sight. Those who are on their way go on."""
    if Journey.objects.filter(life_event__slug=life_event, is_public=True).update(is_public=False):
        editions.announce()
