"""Doors of the provider. They exist once: only pages for people exist in every language."""

from allauth.idp.oidc.views import jwks
from django.urls import path

from accounts.sso import authorize, forward, linking, logout, national_views

urlpatterns = [
    path(".well-known/openid-configuration", authorize.discovery, name="oidc-discovery"),
    path("oidc/authorize", authorize.authorize, name="oidc-authorize"),
    path("oidc/token", authorize.token, name="oidc-token"),
    path("oidc/userinfo", authorize.userinfo, name="oidc-userinfo"),
    path("oidc/revoke", authorize.revoke, name="oidc-revoke"),
    path("oidc/introspect", authorize.introspect, name="oidc-introspect"),
    path("oidc/logout", logout.logout, name="oidc-logout"),
    path("oidc/nasional/kembali", national_views.callback, name="national-callback"),
    path("oidc/nasional/kunci.json", national_views.keys, name="national-keys"),
    path("oidc/forward/check", forward.check, name="forward-check"),
    path("oidc/forward/start", forward.start, name="forward-start"),
    path("oidc/forward/callback", forward.callback, name="forward-callback"),
    path("oidc/forward/leave", forward.leave, name="forward-leave"),
    path("oidc/link", linking.claim, name="oidc-link"),
    path("oidc/jwks.json", jwks, name="oidc-jwks"),
]
