"""How a service's answers reach an operation: mapping, preview, contract tests, and into service."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from portal.lib.readers import LANG
from services.adapters.api import shapes
from services.adapters.api.shapes import ConnectionsAPI, binding_json, body_of, by, judged
from services.adapters.connecting import forms
from services.adapters.connecting import service as work
from services.adapters.models import Binding, ContractRun

_FormShape = inline_serializer("ProposedForm", {"document": serializers.JSONField()})
_FormSetShape = inline_serializer("FormPublished", {"version": serializers.IntegerField()})
_PreviewShape = inline_serializer("MappingPreview", {"answers": serializers.JSONField()})


class BindingsView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_bindings")
    def get(self, request: Request, code: str) -> Response:
        """The newest binding of each service that leads here, draft or live."""
        newest: dict[int, Binding] = {}
        rows = Binding.objects.filter(connection=self.connection(request, code)).select_related("service", "connection")
        for row in rows.order_by("service__code", "version"):
            newest[row.service_id] = row
        with judged(request):
            return Response(page_of(request, list(newest.values()), binding_json))


class BindingView(ConnectionsAPI):
    @extend_schema(responses=shapes.BindingShape, operation_id="connections_binding", parameters=[LANG])
    def get(self, request: Request, code: str, service: str) -> Response:
        with judged(request):
            return Response(binding_json(self.binding(request, code, service)))

    @extend_schema(
        request=shapes.NewBindingShape,
        responses=shapes.BindingShape,
        operation_id="connections_binding_save",
        parameters=[LANG],
    )
    def put(self, request: Request, code: str, service: str) -> Response:
        """A new draft of the mapping, or the same when nothing is different."""
        connection, bound = self.connection(request, code), self.service(request, service)
        body = body_of(request, mapping=list, operation=str)
        with judged(request):
            made = work.bind(
                connection, bound, body.get("mapping", []), operation=body.get("operation", "submit"), by=by(request)
            )
            return Response(binding_json(made))


class BindingFormView(ConnectionsAPI):
    @extend_schema(request=_FormShape, responses=_FormSetShape, operation_id="connections_binding_form", parameters=[LANG])
    def put(self, request: Request, code: str, service: str) -> Response:
        """The form of a service that is not public yet. 409 once residents use it: then its editor changes it."""
        self.connection(request, code)
        bound = self.service(request, service)
        body = body_of(request, document=dict)
        with judged(request):
            try:
                version = forms.publish(bound, body.get("document") or {}, by=by(request))
            except forms.FormInUse:
                raise Problem(409, "form_in_use", "Residents use this form; the department's editor changes it.") from None
        return Response({"version": version.number})


class BindingPreviewView(ConnectionsAPI):
    @extend_schema(
        request=_PreviewShape,
        responses=shapes.ConnectionListShape,
        operation_id="connections_binding_preview",
        parameters=[LANG],
    )
    def post(self, request: Request, code: str, service: str) -> Response:
        """Each row before and after every step. Nothing is sent or kept."""
        found = self.binding(request, code, service)
        body = body_of(request, answers=dict)
        with judged(request):
            shown = work.preview(found, body.get("answers") or {})
        return Response({"results": shown, "next": None, "count": len(shown)})


class BindingTestsView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_binding_tests")
    def get(self, request: Request, code: str, service: str) -> Response:
        found = self.binding(request, code, service)
        runs = ContractRun.objects.filter(binding__service=found.service, binding__connection=found.connection)
        return Response(page_of(request, runs, shapes.run_json))

    @extend_schema(
        request=None, responses={201: shapes.RunShape}, operation_id="connections_binding_test", parameters=[LANG]
    )
    def post(self, request: Request, code: str, service: str) -> Response:
        """Run the contract tests now, against the test address or the stand-in."""
        found = self.binding(request, code, service)
        with judged(request):
            run = work.test(found)
        return Response(shapes.run_json(run), status=201)


class BindingPublishView(ConnectionsAPI):
    @extend_schema(
        request=None, responses=shapes.BindingShape, operation_id="connections_binding_publish", parameters=[LANG]
    )
    def post(self, request: Request, code: str, service: str) -> Response:
        """Put the mapping and the newest operations into service. 422 names what is missing."""
        found = self.binding(request, code, service)
        with judged(request):
            work.publish(found, by=by(request))
            return Response(binding_json(found))
