"""`/api/v1/connections`: everything the integrator's console does, for programs. Only the own department's; all else is 404."""

from services.adapters.api.bindings import (
    BindingFormView,
    BindingPreviewView,
    BindingPublishView,
    BindingsView,
    BindingTestsView,
    BindingView,
)
from services.adapters.api.connections import (
    ConnectionsView,
    ConnectionTestView,
    ConnectionView,
    ExchangesView,
    MaintenancesView,
    MaintenanceView,
    ManifestView,
    SecretsView,
    SecretView,
)
from services.adapters.api.lookups import LookupConsentView, LookupsDocumentView, LookupsView, LookupView
from services.adapters.api.operations import DocumentView, OperationsView, OperationView, ProposalView

__all__ = [
    "BindingFormView",
    "BindingPreviewView",
    "BindingPublishView",
    "BindingTestsView",
    "BindingView",
    "BindingsView",
    "ConnectionTestView",
    "ConnectionView",
    "ConnectionsView",
    "DocumentView",
    "ExchangesView",
    "LookupConsentView",
    "LookupView",
    "LookupsDocumentView",
    "LookupsView",
    "MaintenanceView",
    "MaintenancesView",
    "ManifestView",
    "OperationView",
    "OperationsView",
    "ProposalView",
    "SecretView",
    "SecretsView",
]
