"""`/api/v1/cases`: the same submission as the pages, by Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey
from accounts.requests import SignedInApiRequest
from portal.lib.clocks import today
from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from services.cases import actions, queries
from services.cases.attachments import RefusedFileError, held_by, hold, judge
from services.cases.drafts import files_named, read_api_answers
from services.cases.models import Case
from services.catalogue.models import Channel, Service
from services.forms.queries import current_version

_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def _moment(value: datetime | None) -> str | None:
    """ISO 8601 in the city's zone, always the same for the same moment."""
    return timezone.localtime(value).isoformat() if value else None


def as_json(case: Case) -> dict[str, Any]:
    """A case as consumers see it."""
    return {
        "reference": case.reference,
        "service": case.service.code if case.service else None,
        "department": case.department.code,
        "status": case.status,
        "phase": case.phase,
        "receipts": {
            "city": _moment(case.created_at),
            "department": _moment(case.accepted_at),
        },
        "due_at": _moment(case.due_at),
        "url": f"/permohonan/{case.reference}/",
    }


_ReceiptsShape = inline_serializer(
    "Receipts", {"city": serializers.DateTimeField(), "department": serializers.DateTimeField(allow_null=True)}
)
CaseShape = inline_serializer(
    "Case",
    {
        "reference": serializers.CharField(),
        "service": serializers.CharField(),
        "department": serializers.CharField(),
        "status": serializers.CharField(),
        "phase": serializers.CharField(),
        "receipts": _ReceiptsShape,
        "due_at": serializers.DateTimeField(allow_null=True),
        "url": serializers.CharField(),
    },
)
NewCaseShape = inline_serializer(
    "NewCase", {"service": serializers.CharField(), "answers": serializers.DictField(child=serializers.JSONField())}
)
CaseListShape = inline_serializer(
    "CaseList",
    {
        "results": serializers.ListField(child=serializers.JSONField()),
        "next": serializers.CharField(allow_null=True),
        "count": serializers.IntegerField(allow_null=True),
    },
)


class CasesView(APIView):
    @extend_schema(
        responses=CaseListShape,
        operation_id="cases_list",
        parameters=[OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
    )
    def get(self, request: SignedInApiRequest) -> Response:
        return Response(page_of(request, queries.cases_of(request.user), as_json))

    @extend_schema(
        request=NewCaseShape,
        responses={201: CaseShape},
        operation_id="cases_create",
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)],
    )
    def post(self, request: SignedInApiRequest) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise Problem(400, "idempotency_key_missing", "Send an Idempotency-Key header of 1 to 100 visible ASCII signs.")
        body = request.data
        shape = {"service": str, "answers": dict}
        if not isinstance(body, dict) or {name: type(value) for name, value in body.items()} != shape:
            raise Problem(400, "invalid", "The body is an object with exactly `service` (code) and `answers` (object).")
        service = Service.objects.filter(code=body["service"], is_public=True, channel=Channel.FORM).first()
        if service is None or service.form is None:
            raise Problem(404, "service_not_found", "No online service with this code.")
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        consumer = f"key-{request.auth.pk}" if isinstance(request.auth, ApiKey) else f"user-{request.user.pk}"
        submission_key = f"api:{consumer}:{key}"
        try:
            case = actions.case_with_key(submission_key, digest)
            if case is None:
                case = self._submit(request, service, body["answers"], submission_key, digest)
        except actions.KeyReusedError:
            raise Problem(422, "key_reused", "This Idempotency-Key was used with another body.") from None
        except actions.NotAcceptingError:
            raise Problem(503, "not_accepting", "This service cannot accept applications right now.") from None
        return Response(as_json(case), status=201)

    def _submit(
        self, request: SignedInApiRequest, service: Service, given: dict[str, Any], submission_key: str, digest: str
    ) -> Case:
        assert service.form is not None, "an online service has a form"
        version, day, held = current_version(service.form), today(), held_by(request.user)
        answers, problems = read_api_answers(version, given, day, dict(held.values_list("ref", "question")))
        if problems:
            raise Problem(422, "invalid_answers", "Some answers are not acceptable.", errors=problems)
        return actions.submit_case(
            service,
            resident=request.user,
            version=version,
            answers=answers,
            attachments=files_named(answers, held),
            submission_key=submission_key,
            body_digest=digest,
            today=day,
        )


_AttachmentShape = inline_serializer(
    "Attachment",
    {
        "ref": serializers.CharField(),
        "question": serializers.CharField(),
        "name": serializers.CharField(),
        "content_type": serializers.CharField(),
        "size": serializers.IntegerField(),
    },
)
_NewAttachmentShape = inline_serializer(
    "NewAttachment", {"question": serializers.CharField(), "file": serializers.FileField()}
)


class AttachmentsView(APIView):
    """A file for a case that is submitted afterwards: its `ref` goes into the answer of its question."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": _NewAttachmentShape},
        responses={201: _AttachmentShape},
        operation_id="attachments_create",
    )
    def post(self, request: SignedInApiRequest) -> Response:
        upload, question = request.FILES.get("file"), request.POST.get("question", "")
        if upload is None or not re.fullmatch(r"[a-zA-Z0-9_-]{1,60}", question):
            raise Problem(400, "invalid", "Send multipart/form-data with `question` (key of the question) and one `file`.")
        try:
            made = hold(request.user, question, judge(upload))
        except RefusedFileError as error:
            raise Problem(422, "file_refused", str(error)) from None
        shown = {"ref": made.ref, "question": made.question, "name": made.name}
        return Response({**shown, "content_type": made.content_type, "size": made.size}, status=201)


class CaseView(APIView):
    @extend_schema(responses=CaseShape, operation_id="cases_retrieve")
    def get(self, request: SignedInApiRequest, reference: str) -> Response:
        case = queries.case_of(request.user, reference)
        if case is None:
            raise Problem(404, "not_found", "You have no case with this reference.")
        return Response(as_json(case))


FormShape = inline_serializer(
    "ServiceForm",
    {
        "service": serializers.CharField(),
        "version": serializers.IntegerField(),
        "schema": serializers.DictField(child=serializers.JSONField()),
        "ui": serializers.DictField(child=serializers.JSONField()),
    },
)


class ServiceFormView(APIView):
    """The questions of an online service, as JSON Schema 2020-12 and a UI schema."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=FormShape, operation_id="services_form_retrieve")
    def get(self, request: Request, code: str) -> Response:
        service = Service.objects.filter(code=code, is_public=True, channel=Channel.FORM).select_related("form").first()
        if service is None or service.form is None:
            raise Problem(404, "not_found", "No online service has this code.")
        version = current_version(service.form)
        return Response({"service": code, "version": version.number, "schema": version.schema, "ui": version.ui})
