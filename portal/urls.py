"""Every address of the portal. The CMS comes last: it answers what nothing else claims."""

from django.urls import URLPattern, URLResolver, include, path

from portal import health

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("akun/", include("accounts.urls")),
    path("api/v1/", include("portal.api")),
    path("", include("services.cases.urls")),
    path("", include("cms.urls")),
]
