"""The public catalogue at `/api/v1`: services, departments, categories, life events. No account is needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import http_date
from django.views.decorators.http import conditional_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.lib import languages
from portal.lib.clocks import read_moment
from portal.lib.pagination import page_of
from portal.lib.problems import Problem
from portal.lib.public_pages import public_page
from portal.lib.readers import LANG, reader_language
from services.catalogue import queries
from services.catalogue.models import Category, Department, LifeEvent, ServiceText
from services.catalogue.search import SearchQuery, search_services

MAX_AGE_SECONDS = 60
_FILTERS = ("category", "life_event", "need", "department", "channel")
# A change is stamped before it is committed: younger stamps than this say nothing certain yet.
_SETTLED = timedelta(seconds=60)


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
        "url": languages.path_in(text.language, f"/layanan/{text.slug}/"),
        "updated_at": timezone.localtime(service.updated_at).isoformat(),
        "withdrawn": False,
    }


def _changed_as_json(service: Any) -> dict[str, Any]:
    if service.is_public:
        return as_json(service.shown[0])
    return {"code": service.code, "updated_at": timezone.localtime(service.updated_at).isoformat(), "withdrawn": True}


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
    "updated_at": serializers.DateTimeField(),
    "withdrawn": serializers.BooleanField(),
}
_ITEM = inline_serializer("ServiceItem", dict(_MEMBERS))
_WITHDRAWN = inline_serializer("WithdrawnService", {name: _MEMBERS[name] for name in ("code", "updated_at", "withdrawn")})
_DETAIL = inline_serializer(
    "ServiceDetail",
    {
        **_MEMBERS,
        "content": serializers.DictField(child=serializers.JSONField()),
        "untranslated": serializers.ListField(child=serializers.CharField()),
    },
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
    LANG,
    OpenApiParameter("category", str, many=True),
    OpenApiParameter("life_event", str, many=True),
    OpenApiParameter("department", str, many=True),
    OpenApiParameter("channel", str, many=True),
    OpenApiParameter("need", str, many=True),
    OpenApiParameter("free", bool),
    OpenApiParameter(
        "updated_since",
        OpenApiTypes.DATETIME,
        description="Only what changed then or later, by code; services withdrawn since come as code, moment and `withdrawn`.",
    ),
    OpenApiParameter("page", int),
    OpenApiParameter("page_size", int, description="From 1 on; above 200 it counts as 200."),
]


def _answers(shape: Any) -> dict[int, Any]:
    return {200: shape, 304: OpenApiResponse(description="As `If-None-Match` says, you have it already.")}


class PublicView(APIView):
    """Open data: no account, no session, no cookie. An answer may be kept for a minute."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()  # the same answer for every stranger, and kept
    parameters: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return public_page(*cls.parameters)(conditional_page(super().as_view(**initkwargs)))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 200:
            patch_cache_control(response, public=True, max_age=MAX_AGE_SECONDS)
        return response


def _dated(response: Response, changed: datetime | None) -> Response:
    """With `Last-Modified`, once nothing older can still be on its way."""
    if changed is not None and timezone.now() - changed > _SETTLED:
        response["Last-Modified"] = http_date(changed.timestamp())
    return response


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("updated_since")
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError:
        raise Problem(
            400,
            "invalid_updated_since",
            "`updated_since` is a moment as in RFC 3339 with its offset, such as 2026-11-24T08:00:00+07:00 "
            "(in an address + is written %2B), or a date such as 2026-11-24.",
        ) from None


_FREE = {"": False, "0": False, "false": False, "1": True, "true": True}


def _filter(request: Request) -> queries.ServiceFilter:
    """Raises Problem 400 for a value that no service can have: an empty list would look like an answer."""
    params = request.query_params
    given = {name: tuple(value for value in params.getlist(name)[:50] if value) for name in _FILTERS if name in params}
    known = queries.known_values(given)
    errors = [
        {"parameter": name, "value": value[:60], "code": "unknown"}
        for name, values in given.items()
        for value in values
        if value not in known[name]
    ]
    if params.get("free", "").lower() not in _FREE:
        errors.append({"parameter": "free", "value": params["free"][:60], "code": "unknown"})
    if errors:
        raise Problem(
            400,
            "invalid_filter",
            "A filter has a value that does not exist. The codes are in the lists of categories, life events and departments; "
            "channels are written as in the answers.",
            errors=errors,
        )
    return queries.ServiceFilter(**given, free=_FREE[params.get("free", "").lower()])


class ServicesView(PublicView):
    parameters = tuple(p.name for p in _QUERY)

    @extend_schema(
        parameters=_QUERY,
        responses=_answers(
            _list_shape(
                "ServiceList",
                PolymorphicProxySerializer(
                    "ListedService", serializers=[_ITEM, _WITHDRAWN], resource_type_field_name=None, many=True
                ),
            )
        ),
        operation_id="services_list",
    )
    def get(self, request: Request) -> Response:
        params = request.query_params
        if any("\0" in value for _name, values in params.lists() for value in values):
            raise Problem(400, "invalid_filter", "A parameter holds a NUL character.")
        language = reader_language(request)  # what is not translated comes in Indonesian, and its `language` says so
        chosen = _filter(request)
        changed = queries.last_change()
        words, since = params.get("q", "").strip(), _since(request)
        if since is not None:
            if words:
                raise Problem(400, "invalid_filter", "Ask with `q` or with `updated_since`, not with both.")
            return _dated(
                Response(page_of(request, queries.changed_services(chosen, since, language=language), _changed_as_json)),
                changed,
            )
        if not words:
            return _dated(Response(page_of(request, queries.list_services(chosen, language=language), as_json)), changed)
        ids = search_services(SearchQuery(words)).ids
        order = {pk: place for place, pk in enumerate(ids)}
        hits = sorted(queries.list_services(chosen, language=language, ids=ids), key=lambda text: order[text.service_id])
        return _dated(Response(page_of(request, hits, as_json)), changed)


class ServiceView(PublicView):
    parameters = ("lang",)

    @extend_schema(
        parameters=[LANG],
        responses=_answers(_DETAIL),
        operation_id="services_retrieve",
    )
    def get(self, request: Request, code: str) -> Response:
        text = queries.service_by_code(code, reader_language(request))
        if text is None:
            raise Problem(404, "not_found", "No public service has this code.")
        body = {**as_json(text), "content": text.content, "untranslated": sorted(text.foreign)}
        return _dated(Response(body), text.service.updated_at)


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
        found = Department.objects.filter(is_template=False, merged_into=None).order_by("code").select_related("parent")
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
        responses=_answers(
            _named_shape(
                "Department",
                short_name=serializers.CharField(),
                kind=serializers.CharField(),
                parent=serializers.CharField(allow_null=True),
                illustrative=serializers.BooleanField(),
            )
        ),
        operation_id="departments_list",
    )
    def get(self, request: Request) -> Response:
        return self.answer()


class CategoriesView(_NamedList):
    def rows(self) -> list[dict[str, Any]]:
        return [{"code": c.slug, "name": c.name, "name_en": c.name_en} for c in Category.objects.all()]

    @extend_schema(responses=_answers(_named_shape("Category")), operation_id="categories_list")
    def get(self, request: Request) -> Response:
        return self.answer()


class LifeEventsView(_NamedList):
    def rows(self) -> list[dict[str, Any]]:
        return [{"code": e.slug, "name": e.name, "name_en": e.name_en} for e in LifeEvent.objects.all()]

    @extend_schema(responses=_answers(_named_shape("LifeEvent")), operation_id="life_events_list")
    def get(self, request: Request) -> Response:
        return self.answer()
