"""One life event at `/api/v1/life-events/<slug>`: its steps in their order, and its other services. No account is needed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.lib import languages
from portal.lib.problems import Problem
from portal.lib.readers import LANG, reader_language
from services.catalogue.api import PublicView
from services.catalogue.journeys import queries
from services.catalogue.journeys.queries import JourneyView, Said, StepView
from services.catalogue.models import LifeEvent


def _step(step: StepView) -> dict[str, Any]:
    service = step.service
    return {
        "key": step.key,
        "number": step.number,
        "service": service.code,
        "name": step.name.text,
        "department": service.department.code,
        "channel": service.channel,
        "availability": service.availability,
        "why": step.why.text,
        "how": step.how.text,
        "after": [other.key for other in step.after],
        "opens_on": step.row.opens_on,
        "optional": step.row.optional,
        "free": service.is_free,
        "fee_amount": service.fee_amount,
        "time": {"value": service.time_value, "unit": service.time_unit} if service.time_unit else None,
        "url": languages.path_in(step.text.language, f"/layanan/{step.text.slug}/") if step.text else None,
    }


def _journey(view: JourneyView) -> dict[str, Any]:
    papers = [{"name": paper.name, "language": paper.language, "steps": list(paper.steps)} for paper in view.papers()]
    return {
        "title": view.title.text,
        "intro": view.intro.text,
        "language": view.title.language,
        "illustrative": view.journey.illustrative,
        "steps": [_step(step) for step in view.steps],
        "papers": papers,
    }


_STEP = inline_serializer(
    "JourneyStepItem",
    {
        "key": serializers.CharField(),
        "number": serializers.IntegerField(),
        "service": serializers.CharField(),
        "name": serializers.CharField(),
        "department": serializers.CharField(),
        "channel": serializers.CharField(),
        "availability": serializers.CharField(),
        "why": serializers.CharField(),
        "how": serializers.CharField(),
        "after": serializers.ListField(child=serializers.CharField()),
        "opens_on": serializers.CharField(),
        "optional": serializers.BooleanField(),
        "free": serializers.BooleanField(),
        "fee_amount": serializers.IntegerField(allow_null=True),
        "time": inline_serializer(
            "JourneyStepTime",
            {"value": serializers.IntegerField(allow_null=True), "unit": serializers.CharField()},
            allow_null=True,
        ),
        "url": serializers.CharField(allow_null=True),
    },
    many=True,
)
_PAPER = inline_serializer(
    "JourneyPaper",
    {
        "name": serializers.CharField(),
        "language": serializers.CharField(),
        "steps": serializers.ListField(child=serializers.IntegerField()),
    },
    many=True,
)
_SHAPE = inline_serializer(
    "LifeEventDetail",
    {
        "code": serializers.CharField(),
        "name": serializers.CharField(),
        "name_en": serializers.CharField(),
        "url": serializers.CharField(),
        "journey": inline_serializer(
            "JourneyDetail",
            {
                "title": serializers.CharField(),
                "intro": serializers.CharField(),
                "language": serializers.CharField(),
                "illustrative": serializers.BooleanField(),
                "steps": _STEP,
                "papers": _PAPER,
            },
            allow_null=True,
        ),
        "other_services": serializers.ListField(child=serializers.CharField()),
    },
)


class LifeEventView(PublicView):
    parameters = ("lang",)

    @extend_schema(
        parameters=[LANG],
        responses={200: _SHAPE, 304: OpenApiResponse(description="As `If-None-Match` says, you have it already.")},
        operation_id="life_events_retrieve",
    )
    def get(self, request: Request, slug: str) -> Response:
        language = reader_language(request)
        event = LifeEvent.objects.filter(slug=slug).first()
        if event is None:
            raise Problem(404, "not_found", "No life event has this code.")
        view = queries.public_journey(slug, language)
        others = queries.other_services(slug, view, language)
        title = view.title if view else Said(event.name, languages.DEFAULT)
        return Response(
            {
                "code": event.slug,
                "name": event.name,
                "name_en": event.name_en,
                "url": languages.path_in(title.language, f"/peristiwa/{event.slug}/"),
                "journey": _journey(view) if view else None,
                "other_services": [text.service.code for text in others],
            }
        )
