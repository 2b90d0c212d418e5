"""`make run`: the embedded default. SQLite, no services, demo city, loopback backends allowed."""

import os

from portal.lib.signing_keys import elliptic_key_kept_here, kept_here
from portal.settings.base import *  # noqa: F403
from portal.settings.base import (
    DEMO,
    FIELD_KEYS,
    IDP_OIDC_PRIVATE_KEYS,
    NATIONAL_ID_ISSUER,
    SECRET_KEY,
    SHORT_CHANNELS,
    VAR_DIR,
    env,
)
from portal.settings.upstream import upstream

# Keys of a demo on one's own machine protect nothing; production refuses to start without real ones.
SECRET_KEY = SECRET_KEY or "demo-only-key-not-for-production-0123456789abcdefghijklmnopqrstuvwxyz"
FIELD_KEYS = FIELD_KEYS or "demo1:ZGVtby1vbmx5LWtleS1ub3QtZm9yLXByb2R1Y3Q="
IDP_OIDC_PRIVATE_KEYS = IDP_OIDC_PRIVATE_KEYS or kept_here(VAR_DIR / "oidc_keys.json")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ADAPTER_ALLOWED_NETWORKS = env.list("ADAPTER_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DEMO else [])
ADAPTER_ALLOW_HTTP = True

# Mails and short messages of the demo are files: nothing leaves the machine.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
SHORT_CHANNELS = SHORT_CHANNELS or {name: {"folder": VAR_DIR / "pesan"} for name in ("sms", "whatsapp")}

if DEMO and not NATIONAL_ID_ISSUER:  # the pretend national identity provider
    NATIONAL_ID_ISSUER = f"http://127.0.0.1:{env.int('NATIONAL_ID_PORT', default=8104)}"
    NATIONAL_ID_NAME, NATIONAL_ID_CLIENT_ID = "Identitas Nasional (tiruan)", "layanan-kota"
    NATIONAL_ID_KEY = elliptic_key_kept_here(VAR_DIR / "national_id_key.json")
    NATIONAL_ID_ACR = ["urn:contoh:nasional:tinggi"]
    SOCIALACCOUNT_PROVIDERS = upstream(NATIONAL_ID_ISSUER, NATIONAL_ID_NAME, NATIONAL_ID_CLIENT_ID, "", acr=NATIONAL_ID_ACR)

if DEMO:  # the secrets of the pretend departments, published in their source
    os.environ.setdefault("ADAPTER_SECRET__DUKCAPIL__CLIENT_SECRET", "dukcapil-demo-secret")
    os.environ.setdefault("ADAPTER_SECRET__DUKCAPIL__WEBHOOK", "whsec_ZGVtby1kdWtjYXBpbC13ZWJob29rLXNlY3JldC0wMQ==")
    os.environ.setdefault("ADAPTER_SECRET__PEKERJAAN_UMUM__API_KEY", "pu-demo-api-key")
    os.environ.setdefault("ADAPTER_SECRET__PAJAK_KOTA__PASSWORD", "pajak-demo-sandi")
    os.environ.setdefault("ADAPTER_SECRET__UJI_KIR__TOKEN", "dishub-demo-token")
    os.environ.setdefault("ADAPTER_SECRET__KARTU_PENCARI_KERJA__PASSWORD", "naker-demo-password")
    os.environ.setdefault("ADAPTER_SECRET__JKN_DAERAH__API_KEY", "dinkes-demo-key")
    POLL_SHORTEST_SECONDS = env.float("POLL_SHORTEST_SECONDS", default=10.0)
