"""The demo city's apps: those that others rely on by name. Registered again at every start, so that ports may change."""

from __future__ import annotations

import os

from accounts.sso import clients
from portal.demo.pretend import QUEUE_APP


def ensure_apps() -> None:
    queue = f"http://127.0.0.1:{QUEUE_APP.chosen_port()}/"
    clients.register(
        "demo-dinas",
        "Antrean MPP Gajah Mada (contoh)",
        secret="demo-dinas-secret",  # noqa: S106  (published: docs of the demo)
        redirect_uris=[f"{queue}cb", "http://127.0.0.1:9777/cb"],
        post_logout_redirect_uris=[queue, "http://127.0.0.1:9777/"],
        scopes=["openid", "profile", "email", "phone", "nik", "cases:read", "cases:write", "profile:read"],
        department="dpmptspnaker",
        purpose="Memberi nomor antrean atas nama Anda (data contoh)",
        purpose_en="To give you a place in the queue in your name (sample data)",
        backchannel_logout_uri=f"{queue}backchannel-logout",
        address=f"{queue}masuk",
        service="antrean-mpp",
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
    if old_app := os.environ.get("OLD_APP_URL"):  # the full stack has one
        clients.register(
            "arsip-lama",
            "Arsip lama (contoh)",
            secret="arsip-lama-secret",  # noqa: S106  (published: docs of the demo)
            redirect_uris=[f"{old_app}/_portal/kembali"],
            scopes=["openid", "profile", "email"],
            department="disperpusip",
            purpose="Menampilkan arsip lama Anda (data contoh)",
            purpose_en="To show your old papers (sample data)",
            link_uri=f"{old_app}/tautkan",
        )
