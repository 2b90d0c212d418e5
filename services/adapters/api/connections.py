"""A connection: settings, keys, the way to it, its record and its maintenance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import yaml
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from portal.lib.readers import LANG
from services.adapters import hops, manifest
from services.adapters.api import shapes
from services.adapters.api.shapes import ConnectionsAPI, body_of, by, connection_json, judged
from services.adapters.connecting import registering
from services.adapters.connecting import service as work
from services.adapters.documents import reading
from services.adapters.models import Connection
from services.catalogue.integrators import departments_behind

_SETTINGS: dict[str, type | tuple[type, ...]] = {
    "label": str,
    "base_url": str,
    "test_url": str,
    "options": dict,
    "idempotency": str,
    "settle_seconds": int,
    "ceiling": int,
    "stand_in": bool,
    "stand_in_fault": str,
}
_PAGES = [OpenApiParameter("page", int), OpenApiParameter("page_size", int)]


class ConnectionsView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_list", parameters=_PAGES)
    def get(self, request: Request) -> Response:
        mine = Connection.objects.filter(department__in=departments_behind(request)).select_related("department")
        return Response(page_of(request, mine, connection_json))

    @extend_schema(
        request=shapes.NewConnectionShape,
        responses={201: shapes.ConnectionShape},
        operation_id="connections_create",
        parameters=[LANG],
    )
    def post(self, request: Request) -> Response:
        body = body_of(request, code=str, kind=str, department=str, **_SETTINGS)
        departments = departments_behind(request)
        code = body.pop("department", None)
        department = departments.filter(code=code).first() if code else departments.first()
        if department is None or (code is None and departments.count() > 1):
            raise Problem(422, "invalid", "Name one of your departments.", errors=[{"field": "department", "detail": "-"}])
        with judged(request):
            made = registering.register(department, body, by=by(request))
        return Response(connection_json(made), status=201)


class ConnectionView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionShape, operation_id="connections_retrieve")
    def get(self, request: Request, code: str) -> Response:
        return Response(connection_json(self.connection(request, code)))

    @extend_schema(
        request=shapes.ChangeShape,
        responses=shapes.ConnectionShape,
        operation_id="connections_change",
        parameters=[LANG],
    )
    def patch(self, request: Request, code: str) -> Response:
        connection = self.connection(request, code)
        body = body_of(request, **_SETTINGS)
        with judged(request):
            registering.change(connection, body, by=by(request))
        return Response(connection_json(connection))


class ConnectionTestView(ConnectionsAPI):
    @extend_schema(
        request=None,
        responses=shapes.HopsShape,
        operation_id="connections_test",
        parameters=[OpenApiParameter("target", str, enum=["real", "test"]), LANG],
    )
    def post(self, request: Request, code: str) -> Response:
        """The way to the backend hop by hop, with a health question at its end. Nothing is changed there."""
        connection = self.connection(request, code)
        target = request.query_params.get("target", "real")
        if target not in {"real", "test"}:
            raise Problem(400, "invalid", "`target` is real or test.")
        with judged(request):
            found = hops.walk(connection, testing=target == "test")
        return Response({"ok": all(hop.ok for hop in found), "hops": [hop.plain() for hop in found]})


class ExchangesView(ConnectionsAPI):
    @extend_schema(
        responses=shapes.ConnectionListShape,
        operation_id="connections_exchanges",
        parameters=[*_PAGES, OpenApiParameter("reference", str), OpenApiParameter("failed", bool)],
    )
    def get(self, request: Request, code: str) -> Response:
        """The record of what was exchanged, newest first: shapes, sizes and codes, never what a resident wrote."""
        rows = self.connection(request, code).exchanges.order_by("-at", "-pk")
        if reference := request.query_params.get("reference", "").replace("\0", "")[:60]:
            rows = rows.filter(reference=reference)
        if request.query_params.get("failed") == "true":
            rows = rows.exclude(cause="", status__lt=400)
        return Response(page_of(request, rows, shapes.exchange_json))


class SecretsView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_secrets")
    def get(self, request: Request, code: str) -> Response:
        shown = registering.secrets_shown(self.connection(request, code))
        return Response({"results": shown, "next": None, "count": len(shown)})


class SecretView(ConnectionsAPI):
    @extend_schema(
        request=shapes.SecretShape,
        responses=shapes.SecretSetShape,
        operation_id="connections_secret_set",
        parameters=[LANG],
    )
    def put(self, request: Request, code: str, name: str) -> Response:
        """A secret is written and never shown again. A webhook's may be made here: that one is in this answer only."""
        connection = self.connection(request, code)
        body = body_of(request, value=str, testing=bool, expires_on=str, keep_old=bool)
        made = None
        with judged(request):
            if name == "webhook" and "value" not in body:
                made = registering.new_webhook_secret(connection, by=by(request))
            else:
                registering.set_secret(
                    connection,
                    name,
                    body.get("value", ""),
                    by=by(request),
                    testing=body.get("testing", False),
                    expires_on=_day(body.get("expires_on")),
                    keep_old=body.get("keep_old", False),
                )
        return Response({"name": name, "value": made})

    @extend_schema(
        request=None,
        responses={204: None},
        operation_id="connections_secret_remove",
        parameters=[OpenApiParameter("testing", bool), OpenApiParameter("only_old", bool)],
    )
    def delete(self, request: Request, code: str, name: str) -> Response:
        flags = {flag: request.query_params.get(flag) == "true" for flag in ("testing", "only_old")}
        if not registering.remove_secret(self.connection(request, code), name, by=by(request), **flags):
            raise Problem(404, "not_found", "There is no such secret.")
        return Response(status=204)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(400, "invalid", "`expires_on` is a day such as 2027-02-14.") from None


class MaintenancesView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_maintenances")
    def get(self, request: Request, code: str) -> Response:
        coming = self.connection(request, code).maintenances.filter(ends_at__gt=timezone.now())
        return Response(page_of(request, coming, shapes.window_json))

    @extend_schema(
        request=shapes.NewWindowShape,
        responses={201: shapes.WindowShape},
        operation_id="connections_maintenance_create",
        parameters=[LANG],
    )
    def post(self, request: Request, code: str) -> Response:
        connection = self.connection(request, code)
        body = body_of(request, starts_at=str, ends_at=str, pauses=bool, reason=str)
        with judged(request):
            made = work.add_window(
                connection,
                starts_at=_moment(body.get("starts_at"), "starts_at"),
                ends_at=_moment(body.get("ends_at"), "ends_at"),
                pauses=body.get("pauses", False),
                reason=body.get("reason", ""),
                by=request.user if isinstance(request.user, User) else None,
            )
        return Response(shapes.window_json(made), status=201)


class MaintenanceView(ConnectionsAPI):
    @extend_schema(request=None, responses={204: None}, operation_id="connections_maintenance_remove")
    def delete(self, request: Request, code: str, window: int) -> Response:
        if not work.remove_window(self.connection(request, code), window):
            raise Problem(404, "not_found", "There is no such window.")
        return Response(status=204)


def _moment(text: str | None, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
        if not 2000 <= found.year <= 2200:
            raise ValueError
    except ValueError:
        raise Problem(400, "invalid", f"`{name}` is a time such as 2026-11-25T20:00:00+07:00.") from None
    return found if found.tzinfo else timezone.make_aware(found)


class ManifestParser(BaseParser):
    """YAML or JSON by the strict reader, whatever the media type says."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return reading.read(stream.read(reading.MAX_BYTES + 1))
        except reading.DocumentError as error:
            raise Problem(400, "invalid", str(error)) from None


class ManifestView(ConnectionsAPI):
    parser_classes = (ManifestParser,)

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.STR}, operation_id="connections_manifest")
    def get(self, request: Request, code: str) -> HttpResponse:
        """The connection with its operations and bindings as one YAML document, without secrets."""
        document = manifest.export([self.connection(request, code).code])
        return HttpResponse(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), content_type="application/yaml")

    @extend_schema(
        request={"application/yaml": OpenApiTypes.STR},
        responses=shapes.ConnectionListShape,
        operation_id="connections_manifest_apply",
        parameters=[OpenApiParameter("dry_run", bool)],
    )
    def put(self, request: Request, code: str) -> Response:
        """Make the connection say what the document says; `dry_run=true` tells what would change. Changes are drafts."""
        connection = self.connection(request, code)
        document = request.data
        entries = document.get("connections") if isinstance(document, dict) else None
        if not isinstance(entries, list) or [e.get("code") if isinstance(e, dict) else None for e in entries] != [code]:
            raise Problem(422, "invalid", f"The document has exactly one connection: {code}.")
        if entries[0].get("department") != connection.department.code:
            raise Problem(422, "invalid", "A connection stays with its department.")
        try:
            changes = manifest.apply(
                document, dry_run=request.query_params.get("dry_run") == "true", live=False, department=connection.department
            )
        except manifest.ManifestError as error:
            errors = [{"field": "document", "detail": text} for text in error.problems]
            raise Problem(422, "invalid", "The manifest cannot be applied; nothing was changed.", errors=errors) from None
        return Response({"results": changes, "next": None, "count": len(changes)})
