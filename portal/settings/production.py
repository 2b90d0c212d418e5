"""Production: refuses to start without real keys, or as a demo. `check --deploy` passes with nothing silenced."""

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403
from portal.settings.base import (
    DEMO,
    FAULT_FILE,
    FIELD_KEYS,
    IDP_OIDC_PRIVATE_KEYS,
    PUBLIC_URL,
    SECRET_KEY,
    SHORT_CHANNELS,
    env,
)
from portal.settings.https import *  # noqa: F403

if DEMO:
    raise ImproperlyConfigured(
        "DEMO=1 opens accounts with a published password: it cannot be used with production settings."
    )
if FAULT_FILE:
    raise ImproperlyConfigured("FAULT_FILE makes processes kill themselves: it cannot be used with production settings.")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY (or SECRET_KEY_FILE): 50 random characters or more.")
if not FIELD_KEYS:
    raise ImproperlyConfigured("Set FIELD_KEYS (or FIELD_KEYS_FILE): `id:base64 of 32 random bytes`, newest first.")
if not IDP_OIDC_PRIVATE_KEYS:
    raise ImproperlyConfigured("Set OIDC_KEYS_FILE to a file made by `python -m portal.lib.signing_keys FILE`.")
if not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL must be the https:// address that residents use.")

for _channel, _gateway in SHORT_CHANNELS.items():
    if not _gateway["secret"]:
        raise ImproperlyConfigured(f"Set {_channel.upper()}_WEBHOOK_SECRET: messages to its gateway are signed.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[PUBLIC_URL.removeprefix("https://").split("/")[0].split(":")[0]])
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
