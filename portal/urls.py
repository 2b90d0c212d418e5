"""Every address of the portal. The CMS comes last: it answers what nothing else claims.

Pages for people exist in every language at the same path (English behind `/en/`); doors of machines and the back office
exist once.
"""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from cms.urls import in_one_language as cms_in_one_language
from portal import health, staff_views
from portal.metrics import metrics
from services.cases.urls import webhooks

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("portal.api")),
    path("webhooks/", include(webhooks)),
    path("", include("accounts.sso.urls")),
    path("", include(cms_in_one_language)),
    *i18n_patterns(
        path("akun/", include("accounts.urls")),
        path("petugas/sistem/", staff_views.system, name="staff-system"),
        path("petugas/sistem/katalog/", staff_views.check_catalogue, name="staff-system-catalogue"),
        path("petugas/sistem/sambungan/<slug:code>/", staff_views.switch_connection, name="staff-system-connection"),
        path("", include("services.cases.urls")),
        path("", include("cms.urls")),
        prefix_default_language=False,
    ),
]
