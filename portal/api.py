"""`/api/v1`: the routes of every app's API and the OpenAPI document."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from portal.errors import api_not_found
from services.cases import api as cases
from services.catalogue import api as catalogue

urlpatterns: list[URLPattern | URLResolver] = [
    path("services", catalogue.ServicesView.as_view(), name="api-services"),
    path("services/<slug:code>", catalogue.ServiceView.as_view(), name="api-service"),
    path("services/<slug:code>/form", cases.ServiceFormView.as_view(), name="api-service-form"),
    path("departments", catalogue.DepartmentsView.as_view(), name="api-departments"),
    path("categories", catalogue.CategoriesView.as_view(), name="api-categories"),
    path("life-events", catalogue.LifeEventsView.as_view(), name="api-life-events"),
    path("attachments", cases.AttachmentsView.as_view(), name="api-attachments"),
    path("cases", cases.CasesView.as_view(), name="api-cases"),
    path("cases/<slug:reference>/answer", cases.AnswerView.as_view(), name="api-case-answer"),
    path("cases/<slug:reference>/attachments", cases.CaseAttachmentsView.as_view(), name="api-case-attachments"),
    path("cases/<slug:reference>/withdraw", cases.WithdrawView.as_view(), name="api-case-withdraw"),
    path("cases/<slug:reference>", cases.CaseView.as_view(), name="api-case"),
    path("openapi.json", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny]), name="openapi"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="openapi", permission_classes=[AllowAny]), name="api-docs"),
    re_path("", api_not_found),
]
