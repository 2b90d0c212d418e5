"""`/api/v1/subscriptions`: events of a department's cases to its own systems, for its integrators and its programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from services.catalogue.integrators import ConnectsDepartments, departments_behind
from services.catalogue.models import Department
from services.subscriptions import actions
from services.subscriptions.constants import EventState, EventType
from services.subscriptions.models import EventDelivery, Subscription
from services.subscriptions.queries import subscriptions_in
from services.subscriptions.targets import LONGEST, TargetRefusedError

_Integrators = ConnectsDepartments.of(read="events:read", write="connections:write")


def _moment(value: datetime | None) -> str | None:
    return timezone.localtime(value).isoformat() if value else None


def as_json(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.ref,
        "department": one.department.code,
        "label": one.label,
        "url": one.url,
        "event_types": one.event_types,
        "is_active": one.is_active,
        "off_reason": one.off_reason,
        "failures": one.failures,
        "last_cause": one.last_cause,
        "last_success_at": _moment(one.last_success_at),
        "last_failure_at": _moment(one.last_failure_at),
        "created_at": _moment(one.created_at),
    }


def delivery_as_json(row: EventDelivery) -> dict[str, Any]:
    return {
        "event_id": row.event_id,
        "event_type": row.event_type,
        "case": row.case_reference or None,
        "state": row.state,
        "attempts": row.attempts,
        "last_status": row.last_status,
        "last_cause": row.last_cause,
        "next_try": _moment(row.next_try) if row.state == EventState.WAITING else None,
        "created_at": _moment(row.created_at),
        "sent_at": _moment(row.sent_at),
    }


class Changes(serializers.Serializer[Any]):
    """What may be set of a subscription."""

    label = serializers.CharField(max_length=120)  # type: ignore[assignment]  # DRF's fields have an attribute of that name
    url = serializers.CharField(max_length=LONGEST)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.values), min_length=1, max_length=len(EventType.values)
    )
    is_active = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({name: ["There is no such member."] for name in unknown})
        return super().to_internal_value(data)


class NewSubscription(Changes):
    department = serializers.CharField(max_length=60, required=False, help_text="Its code; needed by who has several.")


class Overlap(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=actions.MOST_OVERLAP_HOURS, required=False, default=actions.OVERLAP_HOURS
    )


class Wish(serializers.Serializer[Any]):
    event_id = serializers.CharField(max_length=80, required=False, help_text="Left out: everything that was given up.")


_Moment = serializers.DateTimeField
_MEMBERS: dict[str, Any] = {
    "id": serializers.CharField(),
    "department": serializers.CharField(),
    "label": serializers.CharField(),
    "url": serializers.CharField(),
    "event_types": serializers.ListField(child=serializers.ChoiceField(choices=EventType.values)),
    "is_active": serializers.BooleanField(),
    "off_reason": serializers.CharField(),
    "failures": serializers.IntegerField(),
    "last_cause": serializers.CharField(),
    "last_success_at": _Moment(allow_null=True),
    "last_failure_at": _Moment(allow_null=True),
    "created_at": _Moment(),
}
Shape = inline_serializer("Subscription", _MEMBERS)
MadeShape = inline_serializer("SubscriptionWithSecret", {**_MEMBERS, "secret": serializers.CharField()})
SecretShape = inline_serializer(
    "SubscriptionSecret", {"secret": serializers.CharField(), "old_ones_sign_until": _Moment(allow_null=True)}
)
DeliveryShape = inline_serializer(
    "EventDelivery",
    {
        "event_id": serializers.CharField(),
        "event_type": serializers.CharField(),
        "case": serializers.CharField(allow_null=True),
        "state": serializers.ChoiceField(choices=EventState.values),
        "attempts": serializers.IntegerField(),
        "last_status": serializers.IntegerField(allow_null=True),
        "last_cause": serializers.CharField(),
        "next_try": _Moment(allow_null=True),
        "created_at": _Moment(),
        "sent_at": _Moment(allow_null=True),
    },
)
CountShape = inline_serializer("Redelivered", {"redelivered": serializers.IntegerField()})


def _list_of(name: str, shape: Any) -> Any:
    members: dict[str, Any] = {
        "results": serializers.ListField(child=shape),
        "next": serializers.CharField(allow_null=True),
        "count": serializers.IntegerField(allow_null=True),
    }
    return inline_serializer(name, members)


_PAGES = [OpenApiParameter("page", int), OpenApiParameter("page_size", int)]


def _judged(serializer: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    judged = serializer(data=request.data, partial=partial)
    judged.is_valid(raise_exception=True)
    return dict(judged.validated_data)


def _by(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _mine(request: Request, ref: str) -> Subscription:
    found = subscriptions_in(departments_behind(request)).filter(ref=ref).first()
    if found is None:
        raise Http404
    return found


def _targeted(do: Callable[[], Any]) -> Any:
    """Do it; an address that may not be used is 422 with the sentence in `detail`."""
    try:
        with translation.override("en"):
            return do()
    except TargetRefusedError as error:
        with translation.override("en"):
            raise Problem(422, "target_refused", f"{error}.") from error


class IntegratorView(APIView):
    """Own department only: another's subscription is as absent as none. A person who is nobody's integrator gets 403."""

    permission_classes = (_Integrators,)


class SubscriptionsView(IntegratorView):
    @extend_schema(operation_id="subscriptions_list", responses=_list_of("SubscriptionList", Shape), parameters=_PAGES)
    def get(self, request: Request) -> Response:
        return Response(page_of(request, subscriptions_in(departments_behind(request)), as_json))

    @extend_schema(operation_id="subscriptions_create", request=NewSubscription, responses={201: MadeShape})
    def post(self, request: Request) -> Response:
        """The secret is in this answer and never again."""
        given = _judged(NewSubscription, request)
        department = self._department(request, given.pop("department", ""))
        active = given.pop("is_active", True)
        try:
            made, secret = _targeted(lambda: actions.create_subscription(department, by=_by(request), **given))
        except actions.TooManyError:
            raise Problem(422, "too_many", "The department has 50 subscriptions; delete those that are not used.") from None
        if not active:
            made = actions.change_subscription(made, by=_by(request), is_active=False)
        return Response({**as_json(made), "secret": secret}, status=201)

    def _department(self, request: Request, code: str) -> Department:
        mine = departments_behind(request)
        found = list(mine.filter(code=code) if code else mine[:2])
        if len(found) != 1:
            detail = "Not a department of yours." if code else "Say which of your departments, by its code."
            raise Problem(422, "department", detail)
        return found[0]


class SubscriptionView(IntegratorView):
    @extend_schema(operation_id="subscriptions_read", responses=Shape)
    def get(self, request: Request, ref: str) -> Response:
        return Response(as_json(_mine(request, ref)))

    @extend_schema(operation_id="subscriptions_change", request=Changes, responses=Shape)
    def patch(self, request: Request, ref: str) -> Response:
        """Events that wait go to the new address."""
        found, changed = _mine(request, ref), _judged(Changes, request, partial=True)
        return Response(as_json(_targeted(lambda: actions.change_subscription(found, by=_by(request), **changed))))

    @extend_schema(operation_id="subscriptions_delete", responses={204: None})
    def delete(self, request: Request, ref: str) -> Response:
        actions.delete_subscription(_mine(request, ref), by=_by(request))
        return Response(status=204)


class SecretView(IntegratorView):
    @extend_schema(operation_id="subscriptions_rotate_secret", request=Overlap, responses=SecretShape)
    def post(self, request: Request, ref: str) -> Response:
        """A new secret, in this answer only. Until the overlap is over, each event is signed with the old one as well."""
        found, hours = _mine(request, ref), _judged(Overlap, request)["overlap_hours"]
        secret = actions.rotate_secret(found, overlap_hours=hours, by=_by(request))
        until = timezone.now() + timedelta(hours=hours) if hours else None
        return Response({"secret": secret, "old_ones_sign_until": _moment(until)})


class TestView(IntegratorView):
    @extend_schema(operation_id="subscriptions_test", request=None, responses={202: DeliveryShape})
    def post(self, request: Request, ref: str) -> Response:
        """Send an event of type `id.layanankota.subscription.test.v1`, tried for five minutes."""
        return Response(delivery_as_json(actions.send_test(_mine(request, ref))), status=202)


class DeliveriesView(IntegratorView):
    @extend_schema(
        operation_id="subscriptions_deliveries",
        responses=_list_of("EventDeliveryList", DeliveryShape),
        parameters=[*_PAGES, OpenApiParameter("state", str, enum=EventState.values)],
    )
    def get(self, request: Request, ref: str) -> Response:
        """The newest first, kept for 30 days."""
        rows = _mine(request, ref).deliveries.order_by("-pk").defer("body")
        state = request.query_params.get("state", "")
        if state:
            if state not in EventState.values:
                raise Problem(400, "invalid_state", f"`state` is one of {', '.join(EventState.values)}.")
            rows = rows.filter(state=state)
        return Response(page_of(request, rows, delivery_as_json))


class RedeliverView(IntegratorView):
    @extend_schema(operation_id="subscriptions_redeliver", request=Wish, responses={202: CountShape})
    def post(self, request: Request, ref: str) -> Response:
        """One event, or everything that was given up, again under the same id. What is still waiting is left as it is."""
        found, event_id = _mine(request, ref), _judged(Wish, request).get("event_id", "")
        row = found.deliveries.filter(event_id=event_id).first() if event_id else None
        if event_id and row is None:
            raise Http404
        return Response({"redelivered": actions.redeliver(found, delivery=row)}, status=202)
