"""`/api/v1/cases`: the same submission as the pages, by Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey
from accounts.requests import SignedInApiRequest
from portal.lib.clocks import today
from portal.lib.problems import Problem
from services.cases import actions, queries
from services.cases.drafts import read_api_answers
from services.cases.models import Case
from services.catalogue.models import Channel, Service
from services.forms.queries import current_version

_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def as_json(case: Case) -> dict[str, Any]:
    """A case as consumers see it."""
    return {
        "reference": case.reference,
        "service": case.service.code if case.service else None,
        "department": case.department.code,
        "status": case.status,
        "phase": case.phase,
        "receipts": {
            "city": case.created_at.isoformat(),
            "department": case.accepted_at.isoformat() if case.accepted_at else None,
        },
        "due_at": case.due_at.isoformat() if case.due_at else None,
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
    @extend_schema(responses=CaseListShape, operation_id="cases_list")
    def get(self, request: SignedInApiRequest) -> Response:
        found = [as_json(case) for case in queries.cases_of(request.user)[:200]]
        return Response({"results": found, "next": None, "count": len(found)})

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
        if not isinstance(body, dict) or set(body) - {"service", "answers"} or not isinstance(body.get("answers"), dict):
            raise Problem(400, "invalid", "The body is an object with exactly `service` (code) and `answers` (object).")
        service = Service.objects.filter(
            code=str(body.get("service", ""))[:80], is_public=True, channel=Channel.FORM
        ).first()
        if service is None or service.form is None:
            raise Problem(404, "service_not_found", "No online service with this code.")
        version = current_version(service.form)
        day = today()
        answers, problems = read_api_answers(version, body["answers"], day)
        if problems:
            raise Problem(422, "invalid_answers", "Some answers are not acceptable.", errors=problems)
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        consumer = f"key-{request.auth.pk}" if isinstance(request.auth, ApiKey) else f"user-{request.user.pk}"
        try:
            case = actions.submit_case(
                service,
                resident=request.user,
                version=version,
                answers=answers,
                attachments=[],
                submission_key=f"api:{consumer}:{key}",
                body_digest=digest,
                today=day,
            )
        except actions.KeyReusedError:
            raise Problem(422, "key_reused", "This Idempotency-Key was used with another body.") from None
        except actions.NotAcceptingError:
            raise Problem(503, "not_accepting", "This service cannot accept applications right now.") from None
        return Response(as_json(case), status=201)


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
