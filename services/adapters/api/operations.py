"""The department's document, what it proposes, and the operations that are kept."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.lib.problems import Problem
from portal.lib.readers import LANG
from services.adapters.api import shapes
from services.adapters.api.shapes import ConnectionsAPI, body_of, by, judged
from services.adapters.connecting import documents
from services.adapters.connecting import service as work
from services.adapters.connecting.documents import MAIN
from services.adapters.documents import reading
from services.adapters.models import ApiDocument

MOST_FILES = 20


class RawParser(BaseParser):
    """The bytes as they came, whatever the media type says; one byte more than is allowed at most."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return bytes(stream.read(reading.MAX_BYTES + 1))


class DocumentView(ConnectionsAPI):
    parser_classes = (MultiPartParser, RawParser)

    @extend_schema(responses=shapes.DocumentShape, operation_id="connections_document", parameters=[LANG])
    def get(self, request: Request, code: str) -> Response:
        document = _newest(self, request, code)
        with judged(request):
            return Response({"digest": document.digest, **documents.report(documents.api_of(document))})

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=shapes.DocumentShape,
        operation_id="connections_document_upload",
        parameters=[LANG],
    )
    def put(self, request: Request, code: str) -> Response:
        """The department's own API document, as it is: OpenAPI or Swagger (JSON or YAML), or WSDL.

        What a WSDL imports comes as further parts of multipart/form-data, named as the document names them; `main` is the
        document. Nothing is ever fetched. 422 says what is wrong, with the line.
        """
        connection = self.connection(request, code)
        data = request.data
        files = {MAIN: data} if isinstance(data, bytes) else {name: part.read() for name, part in request.FILES.items()}
        if len(files) > MOST_FILES:
            raise Problem(422, "invalid", f"At most {MOST_FILES} files.")
        with judged(request):
            document, api = documents.store(connection, files)
            return Response({"digest": document.digest, **documents.report(api)})


def _newest(view: ConnectionsAPI, request: Request, code: str) -> ApiDocument:
    document = documents.newest(view.connection(request, code))
    if document is None:
        raise Problem(404, "not_found", "This connection has no API document yet.")
    return document


class ProposalView(ConnectionsAPI):
    @extend_schema(
        responses=shapes.ProposalShape,
        operation_id="connections_proposal",
        parameters=[
            OpenApiParameter("operation_id", str, required=True),
            OpenApiParameter("role", str, required=True),
            OpenApiParameter("service", str),
            LANG,
        ],
    )
    def get(self, request: Request, code: str) -> Response:
        """An operation of ours made from one of theirs: spec, mapping, form and sample answers. Nothing is kept."""
        document = _newest(self, request, code)
        asked = request.query_params
        service = self.service(request, asked["service"]) if asked.get("service") else None
        with judged(request):
            made = documents.propose(document, asked.get("operation_id", ""), asked.get("role", ""), service=service)
        return Response(
            {
                "role": made.role,
                "operation_id": made.operation_id,
                "spec": made.spec,
                "mapping": made.rows,
                "form": made.form,
                "samples": made.samples,
                "notes": list(made.notes),
                "open": list(made.open),
            }
        )


class OperationsView(ConnectionsAPI):
    @extend_schema(responses=shapes.ConnectionListShape, operation_id="connections_operations")
    def get(self, request: Request, code: str) -> Response:
        """The newest version of each, and the live one where that is another."""
        shown: dict[tuple[str, bool], Any] = {}
        for row in self.connection(request, code).operations.filter(retired_at=None).order_by("name", "version"):
            shown[row.name, row.live_at is not None] = shapes.operation_json(row)
        newest = {name: max(row["version"] for (one, _live), row in shown.items() if one == name) for name, _ in shown}
        kept = [row for (name, live), row in shown.items() if live or row["version"] == newest[name]]
        return Response({"results": kept, "next": None, "count": len(kept)})


class OperationView(ConnectionsAPI):
    @extend_schema(responses=shapes.OperationShape, operation_id="connections_operation")
    def get(self, request: Request, code: str, name: str) -> Response:
        found = self.connection(request, code).operations.filter(name=name, retired_at=None).order_by("-version").first()
        if found is None:
            raise Problem(404, "not_found", "There is no such operation.")
        return Response(shapes.operation_json(found))

    @extend_schema(
        request=shapes.NewOperationShape,
        responses=shapes.OperationShape,
        operation_id="connections_operation_save",
        parameters=[LANG],
    )
    def put(self, request: Request, code: str, name: str) -> Response:
        """A new draft version, or the same when nothing is different. It is used once a binding is published."""
        connection = self.connection(request, code)
        body = body_of(request, spec=dict, purpose=str)
        with judged(request):
            made = work.save_operation(
                connection, name, body.get("spec") or {}, purpose=body.get("purpose", ""), by=by(request)
            )
        return Response(shapes.operation_json(made))

    @extend_schema(request=None, responses={204: None}, operation_id="connections_operation_remove", parameters=[LANG])
    def delete(self, request: Request, code: str, name: str) -> Response:
        with judged(request):
            if not work.remove_operation(self.connection(request, code), name, by=by(request)):
                raise Problem(404, "not_found", "There is no such operation.")
        return Response(status=204)
