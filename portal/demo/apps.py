"""The demo city's apps: those that others rely on by name. Registered again at every start, so that ports may change."""

from __future__ import annotations

from accounts.sso import clients


def ensure_apps() -> None:
    clients.register(
        "demo-dinas",
        "Aplikasi contoh dinas",
        secret="demo-dinas-secret",  # noqa: S106  (published: docs of the demo)
        redirect_uris=["http://127.0.0.1:9777/cb"],
        post_logout_redirect_uris=["http://127.0.0.1:9777/"],
        scopes=["openid", "profile", "email", "phone", "nik", "cases:read", "cases:write", "profile:read"],
        department="dispendukcapil",
        purpose="Mencoba masuk dari aplikasi dinas (data contoh)",
        purpose_en="Trying to sign in from a department's app (sample data)",
        backchannel_logout_uri="http://127.0.0.1:9777/backchannel-logout",
        address="http://127.0.0.1:9777/",
    )
    clients.register(
        "demo-mobile",
        "Aplikasi HP contoh",
        public=True,
        redirect_uris=["http://127.0.0.1:9778/cb", "id.example.mobile:/cb"],
        scopes=["openid", "profile", "email", "cases:read", "cases:write"],
        purpose="Mencoba masuk dari aplikasi HP (data contoh)",
        purpose_en="Trying to sign in from a phone app (sample data)",
    )
