"""`/api/v1/cases`: the same submission as the pages, by Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_tokens import Needs, consumer_of, require_level
from accounts.requests import SignedInApiRequest
from portal.lib.clocks import today
from portal.lib.languages import DEFAULT
from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from portal.lib.readers import LANG, reader_language, spoken_to_reader
from portal.lib.strict_json import StrictJSONParser
from services.cases import actions, acts, queries
from services.cases.attachments import JudgedFile, NoRoomError, RefusedFileError, held_by, hold, judge
from services.cases.constants import Act, DeliveryState
from services.cases.drafts import files_named, read_api_answers
from services.cases.models import Case, Delivery
from services.catalogue.models import Channel, Service
from services.forms.queries import current_version
from services.forms.schemas import schema_in


@extend_schema_field(OpenApiTypes.BINARY)
class UploadField(serializers.FileField):
    """A file of multipart/form-data; the OpenAPI document says bytes, not a URL."""


_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def _refused(error: RefusedFileError) -> Problem:
    """A file that is wrong, or one that can be sent again later."""
    if isinstance(error, NoRoomError):
        return Problem(503, "no_room", "The portal cannot take files right now. Send the same request again later.", wait=60)
    return Problem(422, "file_refused", str(error))


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
        "acts": [act_as_json(delivery) for delivery in case.deliveries.all() if delivery.number],
        "url": f"/permohonan/{case.reference}/",
    }


def act_as_json(delivery: Delivery) -> dict[str, Any]:
    """A later act as consumers see it."""
    return {
        "reference": delivery.key,
        "act": delivery.act,
        "state": delivery.state,
        "at": _moment(delivery.created_at),
        "sent_at": _moment(delivery.sent_at),
    }


_ReceiptsShape = inline_serializer(
    "Receipts", {"city": serializers.DateTimeField(), "department": serializers.DateTimeField(allow_null=True)}
)
ActShape = inline_serializer(
    "Act",
    {
        "reference": serializers.CharField(),
        "act": serializers.ChoiceField(choices=[Act.ANSWER, Act.ATTACHMENT, Act.WITHDRAW]),
        "state": serializers.ChoiceField(choices=DeliveryState.values),
        "at": serializers.DateTimeField(),
        "sent_at": serializers.DateTimeField(allow_null=True),
    },
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
        "acts": serializers.ListField(child=ActShape),
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


_IdempotencyKey = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)


def _request_key(request: SignedInApiRequest) -> str:
    """The consumer's Idempotency-Key, made unique among all consumers. Raises Problem."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Problem(400, "idempotency_key_missing", "Send an Idempotency-Key header of 1 to 100 visible ASCII signs.")
    if not _KEY.fullmatch(key):
        raise Problem(
            400, "idempotency_key_invalid", "The Idempotency-Key header has 1 to 100 visible ASCII signs, no spaces."
        )
    return f"api:{consumer_of(request)}:{key}"


_Cases = Needs.of(read="cases:read", write="cases:write")


class CasesView(APIView):
    permission_classes = (_Cases,)

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
        parameters=[_IdempotencyKey, LANG],
    )
    def post(self, request: SignedInApiRequest) -> Response:
        submission_key, _language = _request_key(request), reader_language(request)
        body = request.data
        shape = {"service": str, "answers": dict}
        if not isinstance(body, dict) or {name: type(value) for name, value in body.items()} != shape:
            raise Problem(400, "invalid", "The body is an object with exactly `service` (code) and `answers` (object).")
        service = (
            Service.objects.filter(code=body["service"], is_public=True, channel=Channel.FORM).select_related("form").first()
        )
        if service is None or service.form is None:
            raise Problem(404, "service_not_found", "No online service with this code.")
        require_level(request, service.min_level)
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        try:
            case = actions.case_with_key(submission_key, digest)
            if case is None:
                case = self._submit(request, service, body["answers"], submission_key, digest)
        except actions.KeyReusedError:
            raise Problem(422, "key_reused", "This Idempotency-Key was used with another body.") from None
        except actions.PausedError:
            raise Problem(
                503, "service_paused", "This service is paused. Nothing was stored; send the same request later.", wait=3600
            ) from None
        except actions.NotAcceptingError:
            raise Problem(503, "not_accepting", "This service cannot accept applications right now.") from None
        return Response(as_json(case), status=201)

    def _submit(
        self, request: SignedInApiRequest, service: Service, given: dict[str, Any], submission_key: str, digest: str
    ) -> Case:
        assert service.form is not None, "an online service has a form"
        version, day, held = current_version(service.form), today(), held_by(request.user)
        with spoken_to_reader(request):
            answers, problems = read_api_answers(version, given, day, held)
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
_NewAttachmentShape = inline_serializer("NewAttachment", {"question": serializers.CharField(), "file": UploadField()})


class AttachmentsView(APIView):
    """A file for a case that is submitted afterwards: its `ref` goes into the answer of its question."""

    parser_classes = (MultiPartParser,)
    permission_classes = (_Cases,)

    @extend_schema(
        request={"multipart/form-data": _NewAttachmentShape},
        responses={201: _AttachmentShape},
        operation_id="attachments_create",
        parameters=[LANG],
    )
    def post(self, request: SignedInApiRequest) -> Response:
        upload, question = request.FILES.get("file"), request.POST.get("question", "")
        if upload is None or not re.fullmatch(r"[a-zA-Z0-9_-]{1,60}", question):
            raise Problem(400, "invalid", "Send multipart/form-data with `question` (key of the question) and one `file`.")
        try:
            with spoken_to_reader(request):
                made = hold(request.user, question, judge(upload))
        except RefusedFileError as error:
            raise _refused(error) from None
        shown = {"ref": made.ref, "question": made.question, "name": made.name}
        return Response({**shown, "content_type": made.content_type, "size": made.size}, status=201)


class CaseView(APIView):
    permission_classes = (_Cases,)

    @extend_schema(responses=CaseShape, operation_id="cases_retrieve")
    def get(self, request: SignedInApiRequest, reference: str) -> Response:
        case = queries.case_of(request.user, reference)
        if case is None:
            raise Problem(404, "not_found", "You have no case with this reference.")
        return Response(as_json(case))


class _ActView(APIView):
    """Something that a resident adds to an own case. 201 the first time, 200 when the same request comes again."""

    parser_classes = (StrictJSONParser, MultiPartParser)
    permission_classes = (_Cases,)

    def act(self, request: SignedInApiRequest, reference: str, action: Callable[[Case, str, str], Delivery]) -> Response:
        case = queries.case_of(request.user, reference)
        if case is None:
            raise Problem(404, "not_found", "You have no case with this reference.")
        key, text, _language = _request_key(request), self._text(request), reader_language(request)
        again = Delivery.objects.filter(request_key=key).exists()
        try:
            with spoken_to_reader(request):
                delivery = action(case, text, key)
        except actions.KeyReusedError:
            raise Problem(422, "key_reused", "This Idempotency-Key was used with another body.") from None
        except acts.NotOfferedError as error:
            raise Problem(409, "not_offered", str(error)) from None
        except actions.ConflictError as error:
            raise Problem(409, "conflict", str(error), case_status=case.status) from None
        except RefusedFileError as error:
            raise _refused(error) from None
        return Response(act_as_json(delivery), status=200 if again else 201)

    def _text(self, request: SignedInApiRequest) -> str:
        body = request.data
        text = body.get("text", "") if isinstance(body, Mapping) and set(body) <= {"text", "file"} else None
        if not isinstance(text, str) or len(text) > acts.MOST_LETTERS:
            allowed = (
                f"`text` (at most {acts.MOST_LETTERS} letters) and, as multipart/form-data, up to {acts.MOST_FILES} `file`"
            )
            raise Problem(400, "invalid", f"The body may have {allowed}, and nothing else.")
        return text.strip()

    def _files(self, request: SignedInApiRequest) -> list[JudgedFile]:
        """The files of a multipart body. Raises RefusedFileError."""
        return [judge(upload) for upload in request.FILES.getlist("file")[: acts.MOST_FILES + 1]]


_TextShape = inline_serializer("ActText", {"text": serializers.CharField(required=False, max_length=acts.MOST_LETTERS)})
_FilesShape = inline_serializer(
    "ActFiles",
    {
        "text": serializers.CharField(required=False, max_length=acts.MOST_LETTERS),
        "file": serializers.ListField(child=UploadField(), required=False),
    },
)


class AnswerView(_ActView):
    @extend_schema(
        request={"application/json": _TextShape, "multipart/form-data": _FilesShape},
        responses={200: ActShape, 201: ActShape},
        operation_id="cases_answer",
        parameters=[_IdempotencyKey, LANG],
    )
    def post(self, request: SignedInApiRequest, reference: str) -> Response:
        """Answer the department's question: text, files, or both."""

        def answer(case: Case, text: str, key: str) -> Delivery:
            files = self._files(request)
            if not text and not files:
                raise Problem(400, "invalid", "Send `text` or at least one `file`.")
            return acts.answer_question(case, text=text, files=files, request_key=key)

        return self.act(request, reference, answer)


class CaseAttachmentsView(_ActView):
    @extend_schema(
        request={"multipart/form-data": _FilesShape},
        responses={200: ActShape, 201: ActShape},
        operation_id="cases_attachments",
        parameters=[_IdempotencyKey, LANG],
    )
    def post(self, request: SignedInApiRequest, reference: str) -> Response:
        """Add files to a case that was sent before."""

        def add(case: Case, text: str, key: str) -> Delivery:
            files = self._files(request)
            if not files:
                raise Problem(400, "invalid", "Send multipart/form-data with at least one `file`.")
            return acts.add_files(case, text=text, files=files, request_key=key)

        return self.act(request, reference, add)


class WithdrawView(_ActView):
    @extend_schema(
        request=_TextShape,
        responses={200: ActShape, 201: ActShape},
        operation_id="cases_withdraw",
        parameters=[_IdempotencyKey, LANG],
    )
    def post(self, request: SignedInApiRequest, reference: str) -> Response:
        """Ask the department to let go of the case; one that never left the portal is withdrawn at once."""
        return self.act(request, reference, lambda case, text, key: acts.withdraw_case(case, reason=text, request_key=key))


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
    """The questions of an online service, as JSON Schema 2020-12 and a UI schema.

    The Indonesian schema and the UI schema, which keeps the other languages, are together the whole form.
    """

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(responses=FormShape, operation_id="services_form_retrieve", parameters=[LANG])
    def get(self, request: Request, code: str) -> Response:
        service = Service.objects.filter(code=code, is_public=True, channel=Channel.FORM).select_related("form").first()
        if service is None or service.form is None:
            raise Problem(404, "not_found", "No online service has this code.")
        version, language = current_version(service.form), reader_language(request)
        schema = version.schema if language == DEFAULT else schema_in(language, version.document)
        return Response({"service": code, "version": version.number, "schema": schema, "ui": version.ui})
