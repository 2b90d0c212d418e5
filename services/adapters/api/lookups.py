"""`/api/v1/services/<code>/lookups/<name>`: a declared read of a department's system, passed through and nothing more.

Whose fault it is when there is no answer: `fault` is caller, department or portal.
"""

from __future__ import annotations

from typing import Any, Never

import orjson
from allauth.idp.oidc.models import Token
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import record_access
from accounts.api_tokens import BrieflyKeptToken, ScopeMissing, require_level
from accounts.consents.allowing import allow, withdraw
from accounts.models import User
from portal.lib.problems import Problem
from services.adapters.api import describing
from services.adapters.lookups import asking
from services.adapters.lookups.plans import Plan, plan_of, plans_of
from services.adapters.values import Misconfigured, Rejected, Unavailable
from services.catalogue.models import Service

_ConsentShape = inline_serializer("LookupConsent", {"subject": serializers.CharField(), "purpose": serializers.CharField()})
_ListShape = inline_serializer(
    "LookupList",
    {
        "results": serializers.ListField(child=serializers.JSONField()),
        "next": serializers.CharField(allow_null=True),
        "count": serializers.IntegerField(allow_null=True),
    },
)
_FoundShape = inline_serializer(
    "LookupAnswer",
    {
        "data": serializers.JSONField(),
        "as_of": serializers.DateTimeField(),
        "stale": serializers.BooleanField(),
        "source": serializers.JSONField(),
    },
)
_TIMEOUTS = frozenset({"timeout", "connect_timeout", "dns_timeout"})
_NOT_ASKED = frozenset({"breaker", "busy_here", "switched_off", "busy", "maintenance"})


def _plan(code: str, name: str) -> Plan:
    plan = plan_of(code, name)
    if plan is None:
        raise Problem(404, "not_found", "There is no such lookup of a public service.", fault="caller")
    return plan


def _person(request: Request, plan: Plan) -> User | None:
    """Who asks, sure enough for this lookup; None where nobody needs to be. Raises 401 and 403."""
    person = request.user if isinstance(request.user, User) and request.user.is_authenticated else None
    if isinstance(request.auth, Token):
        scope = plan.scope or ("profile:read" if plan.level else "")
        if scope and scope not in request.auth.get_scopes():
            raise ScopeMissing(scope)
        if plan.level and person is None:
            raise ScopeMissing("")
    if plan.level:
        if person is None:
            raise Problem(401, "not_authenticated", "This lookup needs a person: send a token, or sign in.", fault="caller")
        require_level(request, plan.level)
    return person


class LookupsAPI(APIView):
    """Every refusal says whose fault it is."""

    def handle_exception(self, exc: Exception) -> Response:
        """What no part of a lookup raised by itself (no token, too little scope or assurance, too many calls) is the caller's."""
        if isinstance(exc, APIException) and exc.status_code < 500:
            exc.members = {"fault": "caller", **getattr(exc, "members", {})}  # type: ignore[attr-defined]
        response = super().handle_exception(exc)
        if isinstance(exc, Problem) and exc.members.get("fault") == "department":
            # Its breaker, figures and exchanges tell it: an error of ours for each question of an outage would drown ours.
            response._has_been_logged = True  # type: ignore[attr-defined]
        return response


class LookupView(LookupsAPI):
    authentication_classes = (BrieflyKeptToken, SessionAuthentication)
    permission_classes = (AllowAny,)

    @extend_schema(
        responses=_FoundShape,
        operation_id="lookups_ask",
        auth=[{"portal": []}, {"cookieAuth": []}, {}],  # type: ignore[list-item]  # taken as it is
        description="The parameters of each lookup are its own: see `lookups` of the service, or its `openapi.json`.",
    )
    def get(self, request: Request, code: str, name: str) -> HttpResponse:
        """What the department's system says now, or said within the declared time."""
        plan = _plan(code, name)
        person = _person(request, plan)
        given = {key: request.query_params.getlist(key) for key in request.query_params}
        try:
            values = asking.judge(plan, given, person)
            found = asking.ask(plan, values, person=person, actor=_actor(request))
        except asking.BadValues as error:
            errors = [{"parameter": key, "code": why} for key, why in sorted(error.errors.items())]
            raise Problem(
                422, "invalid_parameters", "Some parameters cannot be used.", errors=errors, fault="caller"
            ) from None
        except asking.ConsentMissing:
            raise Problem(
                403, "consent_missing", "The person has not allowed this.", purpose=plan.purpose, fault="caller"
            ) from None
        except (Unavailable, Misconfigured, Rejected) as error:
            _explain(plan, error)
        if found.data is None:
            raise Problem(404, "nothing_found", "The department's system has nothing for these values.", fault="caller")
        answer = {
            "data": found.data,
            "as_of": timezone.localtime(found.as_of).isoformat(timespec="seconds"),
            "stale": found.stale,
            "source": {"department": plan.department, "name": plan.department_label},
        }
        response = HttpResponse(orjson.dumps(answer), content_type="application/json")
        private = plan.private or not plan.cache_seconds
        response["Cache-Control"] = "private, no-store" if private else f"public, max-age={min(60, plan.cache_seconds)}"
        return response


def _actor(request: Request) -> str:
    return request.auth.client.name if isinstance(request.auth, Token) else "Portal"


def _explain(plan: Plan, error: Exception) -> Never:
    """The problem document of what kept the answer away. Nothing of the backend's words but a refusal's sentence is in it."""
    if isinstance(error, Rejected):
        said = error.message or "The department's system refuses these values."
        raise Problem(422, "refused_by_department", said, fault="caller") from None
    if isinstance(error, Misconfigured):
        detail = "The connection to the department is not set up completely."
        raise Problem(502, "misconfigured", detail, cause=error.cause, fault="portal") from None
    assert isinstance(error, Unavailable)
    wait = max(1, round(error.retry_after or 5))
    members: dict[str, Any] = {"cause": error.cause, "department": plan.department, "fault": "department"}
    if error.cause in _NOT_ASKED:
        detail = "The department's system is not available just now; it was not asked."
        raise Problem(503, "department_unavailable", detail, wait=wait, **members) from None
    if error.cause in _TIMEOUTS:
        raise Problem(
            504, "department_timeout", "The department's system did not answer in time.", wait=wait, **members
        ) from None
    raise Problem(502, "department_failed", "The department's system gave no usable answer.", wait=wait, **members) from None


class LookupsView(LookupsAPI):
    permission_classes = (AllowAny,)

    @extend_schema(responses=_ListShape, operation_id="lookups_list")
    def get(self, request: Request, code: str) -> Response:
        """What may be asked about this service, with the JSON Schema of each answer."""
        shown = [describing.lookup_json(plan) for plan in _plans(code)]
        return Response({"results": shown, "next": None, "count": len(shown)})


class LookupsDocumentView(LookupsAPI):
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: {"type": "object"}}, operation_id="lookups_openapi")
    def get(self, request: Request, code: str) -> HttpResponse:
        """The OpenAPI 3.1 document of this service's lookups, made from their declarations."""
        document = describing.document(code, _plans(code), request.build_absolute_uri("/"))
        return HttpResponse(orjson.dumps(document, option=orjson.OPT_INDENT_2), content_type="application/json")


def _plans(code: str) -> list[Plan]:
    service = Service.objects.filter(code=code, is_public=True).first()
    if service is None:
        raise Problem(404, "not_found", "There is no public service with this code.", fault="caller")
    return plans_of(service)


class LookupConsentView(LookupsAPI):
    """A person allows a lookup, or takes that back. At our own pages, or by an app that may write for the person."""

    permission_classes = (AllowAny,)

    @extend_schema(request=None, responses=_ConsentShape, operation_id="lookups_consent_give")
    def put(self, request: Request, code: str, name: str) -> Response:
        plan, person = self._checked(request, code, name)
        allow(person, plan.subject, plan.purpose)
        record_access(person, actor=_actor(request), action="consent.given", data=plan.subject, purpose=plan.purpose)
        return Response({"subject": plan.subject, "purpose": plan.purpose})

    @extend_schema(request=None, responses={204: None}, operation_id="lookups_consent_withdraw")
    def delete(self, request: Request, code: str, name: str) -> Response:
        plan, person = self._checked(request, code, name)
        if withdraw(person, plan.subject):
            record_access(person, actor=_actor(request), action="consent.withdrawn", data=plan.subject, purpose=plan.purpose)
        return Response(status=204)

    def _checked(self, request: Request, code: str, name: str) -> tuple[Plan, User]:
        plan = _plan(code, name)
        if isinstance(request.auth, Token) and "cases:write" not in request.auth.get_scopes():
            raise ScopeMissing("cases:write")
        if not isinstance(request.user, User):
            raise Problem(401, "not_authenticated", "This needs a person.", fault="caller")
        return plan, request.user
