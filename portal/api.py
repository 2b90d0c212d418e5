"""`/api/v1`: the routes of every app's API and the OpenAPI document."""

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from portal.errors import api_not_found
from services.adapters import api as adapters
from services.cases import api as cases
from services.catalogue import api as catalogue
from services.catalogue.journeys.api import LifeEventView
from services.subscriptions import api as subscriptions

urlpatterns: list[URLPattern | URLResolver] = [
    path("services", catalogue.ServicesView.as_view(), name="api-services"),
    path("services/<slug:code>", catalogue.ServiceView.as_view(), name="api-service"),
    path("services/<slug:code>/form", cases.ServiceFormView.as_view(), name="api-service-form"),
    path("services/<slug:code>/lookups", adapters.LookupsView.as_view(), name="api-lookups"),
    path("services/<slug:code>/lookups/openapi.json", adapters.LookupsDocumentView.as_view(), name="api-lookups-openapi"),
    path("services/<slug:code>/lookups/<slug:name>", adapters.LookupView.as_view(), name="api-lookup"),
    path(
        "services/<slug:code>/lookups/<slug:name>/consent", adapters.LookupConsentView.as_view(), name="api-lookup-consent"
    ),
    path("departments", catalogue.DepartmentsView.as_view(), name="api-departments"),
    path("categories", catalogue.CategoriesView.as_view(), name="api-categories"),
    path("life-events", catalogue.LifeEventsView.as_view(), name="api-life-events"),
    path("life-events/<slug:slug>", LifeEventView.as_view(), name="api-life-event"),
    path("attachments", cases.AttachmentsView.as_view(), name="api-attachments"),
    path("cases", cases.CasesView.as_view(), name="api-cases"),
    path("cases/<slug:reference>/answer", cases.AnswerView.as_view(), name="api-case-answer"),
    path("cases/<slug:reference>/attachments", cases.CaseAttachmentsView.as_view(), name="api-case-attachments"),
    path("cases/<slug:reference>/withdraw", cases.WithdrawView.as_view(), name="api-case-withdraw"),
    path("cases/<slug:reference>", cases.CaseView.as_view(), name="api-case"),
    path("connections", adapters.ConnectionsView.as_view(), name="api-connections"),
    path("connections/<slug:code>", adapters.ConnectionView.as_view(), name="api-connection"),
    path("connections/<slug:code>/test", adapters.ConnectionTestView.as_view(), name="api-connection-test"),
    path("connections/<slug:code>/document", adapters.DocumentView.as_view(), name="api-connection-document"),
    path("connections/<slug:code>/proposal", adapters.ProposalView.as_view(), name="api-connection-proposal"),
    path("connections/<slug:code>/operations", adapters.OperationsView.as_view(), name="api-operations"),
    path("connections/<slug:code>/operations/<slug:name>", adapters.OperationView.as_view(), name="api-operation"),
    path("connections/<slug:code>/bindings", adapters.BindingsView.as_view(), name="api-bindings"),
    path("connections/<slug:code>/bindings/<slug:service>", adapters.BindingView.as_view(), name="api-binding"),
    path(
        "connections/<slug:code>/bindings/<slug:service>/form", adapters.BindingFormView.as_view(), name="api-binding-form"
    ),
    path(
        "connections/<slug:code>/bindings/<slug:service>/preview",
        adapters.BindingPreviewView.as_view(),
        name="api-binding-preview",
    ),
    path(
        "connections/<slug:code>/bindings/<slug:service>/tests",
        adapters.BindingTestsView.as_view(),
        name="api-binding-tests",
    ),
    path(
        "connections/<slug:code>/bindings/<slug:service>/publish",
        adapters.BindingPublishView.as_view(),
        name="api-binding-publish",
    ),
    path("connections/<slug:code>/exchanges", adapters.ExchangesView.as_view(), name="api-exchanges"),
    path("connections/<slug:code>/secrets", adapters.SecretsView.as_view(), name="api-secrets"),
    path("connections/<slug:code>/secrets/<slug:name>", adapters.SecretView.as_view(), name="api-secret"),
    path("connections/<slug:code>/maintenances", adapters.MaintenancesView.as_view(), name="api-maintenances"),
    path("connections/<slug:code>/maintenances/<int:window>", adapters.MaintenanceView.as_view(), name="api-maintenance"),
    path("connections/<slug:code>/manifest", adapters.ManifestView.as_view(), name="api-manifest"),
    path("subscriptions", subscriptions.SubscriptionsView.as_view(), name="api-subscriptions"),
    path("subscriptions/<slug:ref>", subscriptions.SubscriptionView.as_view(), name="api-subscription"),
    path("subscriptions/<slug:ref>/secret", subscriptions.SecretView.as_view(), name="api-subscription-secret"),
    path("subscriptions/<slug:ref>/test", subscriptions.TestView.as_view(), name="api-subscription-test"),
    path("subscriptions/<slug:ref>/deliveries", subscriptions.DeliveriesView.as_view(), name="api-subscription-deliveries"),
    path("subscriptions/<slug:ref>/redeliver", subscriptions.RedeliverView.as_view(), name="api-subscription-redeliver"),
    path("openapi.json", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny]), name="openapi"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="openapi", permission_classes=[AllowAny]), name="api-docs"),
    re_path("", api_not_found),
]
