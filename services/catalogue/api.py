"""The public catalogue at `/api/v1`: services, departments, categories, life events. No account is needed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from services.catalogue import queries
from services.catalogue.models import Category, Department, LifeEvent, ServiceText
from services.catalogue.search import SearchQuery, search_services

LANGUAGES = ("id", "en")


def as_json(text: ServiceText) -> dict[str, Any]:
    """A service in a list."""
    service = text.service
    return {
        "code": service.code,
        "name": text.name,
        "summary": text.summary,
        "language": text.language,
        "department": service.department.code,
        "category": service.category.slug if service.category else None,
        "channel": service.channel,
        "availability": service.availability,
        "free": service.is_free,
        "fee_amount": service.fee_amount,
        "fee_note": text.fee_note,
        "time": {"value": service.time_value, "unit": service.time_unit} if service.time_unit else None,
        "illustrative": service.illustrative,
        "url": f"/layanan/{text.slug}/",
    }


_TimeShape = inline_serializer(
    "ServiceTime", {"value": serializers.IntegerField(allow_null=True), "unit": serializers.CharField()}, allow_null=True
)
_MEMBERS: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "code": serializers.CharField(),
    "name": serializers.CharField(),
    "summary": serializers.CharField(),
    "language": serializers.CharField(),
    "department": serializers.CharField(),
    "category": serializers.CharField(allow_null=True),
    "channel": serializers.CharField(),
    "availability": serializers.CharField(),
    "free": serializers.BooleanField(),
    "fee_amount": serializers.IntegerField(allow_null=True),
    "fee_note": serializers.CharField(),
    "time": _TimeShape,
    "illustrative": serializers.BooleanField(),
    "url": serializers.CharField(),
}
ServiceShape = inline_serializer("Service", _MEMBERS)
ServiceDetailShape = inline_serializer(
    "ServiceDetail", {**_MEMBERS, "content": serializers.DictField(child=serializers.JSONField())}
)


def _list_shape(name: str, inner: Any) -> Any:
    return inline_serializer(
        name,
        {
            "results": inner,
            "next": serializers.CharField(allow_null=True),
            "count": serializers.IntegerField(allow_null=True),
        },
    )


_QUERY = [
    OpenApiParameter("q", str, description="Words of the search; hits come in the order shown to people."),
    OpenApiParameter("lang", str, enum=LANGUAGES),
    OpenApiParameter("category", str, many=True),
    OpenApiParameter("life_event", str, many=True),
    OpenApiParameter("department", str, many=True),
    OpenApiParameter("channel", str, many=True),
    OpenApiParameter("free", bool),
    OpenApiParameter("page", int),
    OpenApiParameter("page_size", int, description="Up to 200."),
]


class PublicView(APIView):
    """Open data: no account, no session, no cookie."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


def _language(request: Request) -> str:
    wanted = request.query_params.get("lang", "id")
    if wanted not in LANGUAGES:
        raise Problem(400, "unknown_language", "`lang` is id or en.")
    return wanted


class ServicesView(PublicView):
    @extend_schema(
        parameters=_QUERY,
        responses=_list_shape("ServiceList", serializers.ListField(child=inline_serializer("ServiceItem", _MEMBERS))),
        operation_id="services_list",
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        if any("\0" in value for _name, values in params.lists() for value in values):
            raise Problem(400, "invalid_filter", "A parameter holds a NUL character.")
        _language(request)  # texts are Indonesian in every language until they are translated; `language` says so
        chosen = queries.ServiceFilter(
            category=tuple(params.getlist("category")[:50]),
            life_event=tuple(params.getlist("life_event")[:50]),
            need=tuple(params.getlist("need")[:50]),
            department=tuple(params.getlist("department")[:50]),
            channel=tuple(params.getlist("channel")[:50]),
            free=params.get("free", "").lower() in ("1", "true"),
        )
        words = params.get("q", "").strip()
        if not words:
            return Response(page_of(request, queries.list_services(chosen), as_json))
        ids = search_services(SearchQuery(words)).ids
        order = {pk: place for place, pk in enumerate(ids)}
        hits = sorted(queries.list_services(chosen, ids=ids), key=lambda text: order[text.service_id])
        return Response(page_of(request, hits, as_json))


class ServiceView(PublicView):
    @extend_schema(responses=ServiceDetailShape, operation_id="services_retrieve")
    def get(self, request: Request, code: str) -> Response:
        text = queries.public_texts().filter(service__code=code).first()
        if text is None:
            raise Problem(404, "not_found", "No public service has this code.")
        return Response({**as_json(text), "content": text.content})


class _NamedList(PublicView):
    """A short list of codes and names."""

    def rows(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def answer(self) -> Response:
        rows = self.rows()
        return Response({"results": rows, "next": None, "count": len(rows)})


def _named_shape(name: str, **more: serializers.Field[Any, Any, Any, Any]) -> Any:
    members = {"code": serializers.CharField(), "name": serializers.CharField(), "name_en": serializers.CharField(), **more}
    return _list_shape(f"{name}List", serializers.ListField(child=inline_serializer(f"{name}Item", members)))


class DepartmentsView(_NamedList):
    def rows(self) -> list[dict[str, Any]]:
        found = Department.objects.filter(is_template=False).order_by("code").select_related("parent")
        return [
            {
                "code": d.code,
                "name": d.name,
                "name_en": d.name_en,
                "short_name": d.short_name,
                "kind": d.kind,
                "parent": d.parent.code if d.parent else None,
                "illustrative": d.illustrative,
            }
            for d in found
        ]

    @extend_schema(
        responses=_named_shape(
            "Department",
            short_name=serializers.CharField(),
            kind=serializers.CharField(),
            parent=serializers.CharField(allow_null=True),
            illustrative=serializers.BooleanField(),
        ),
        operation_id="departments_list",
    )
    def get(self, request: Request) -> Response:
        return self.answer()


class CategoriesView(_NamedList):
    def rows(self) -> list[dict[str, Any]]:
        return [{"code": c.slug, "name": c.name, "name_en": c.name_en} for c in Category.objects.all()]

    @extend_schema(responses=_named_shape("Category"), operation_id="categories_list")
    def get(self, request: Request) -> Response:
        return self.answer()


class LifeEventsView(_NamedList):
    def rows(self) -> list[dict[str, Any]]:
        return [{"code": e.slug, "name": e.name, "name_en": e.name_en} for e in LifeEvent.objects.all()]

    @extend_schema(responses=_named_shape("LifeEvent"), operation_id="life_events_list")
    def get(self, request: Request) -> Response:
        return self.answer()
