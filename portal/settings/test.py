"""The test suite. The test database is kept between runs under a name made from the migrations."""

import hashlib
import os

from portal.lib.signing_keys import kept_here
from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, DATABASES, STORAGES, VAR_DIR

SECRET_KEY = "test-key-0123456789abcdefghijklmnopqrstuvwxyz-0123456789"
FIELD_KEYS = "t2:dGVzdC1rZXktdHdvLTAxMjM0NTY3ODkwMTIzNDU2Nzg=,t1:dGVzdC1rZXktb25lLTAxMjM0NTY3ODkwMTIzNDU2Nzg="
IDP_OIDC_PRIVATE_KEYS = kept_here(VAR_DIR / "test" / "oidc_keys.json")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SHORT_CHANNELS = {"sms": {"folder": VAR_DIR / "test" / "pesan"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
ADAPTER_ALLOWED_NETWORKS = ["127.0.0.0/8", "::1/128"]
ADAPTER_ALLOW_HTTP = True
DEMO = True

_digest = hashlib.sha256()
for _path in sorted(BASE_DIR.glob("**/migrations/*.py")):
    if ".venv" not in _path.parts:
        _digest.update(_path.read_bytes())
_lane = os.environ.get("TEST_LANE", "main")
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # pytest-django names its database after it
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    (VAR_DIR / "test").mkdir(exist_ok=True)
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test" / f"{_lane}-{_digest.hexdigest()[:12]}.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_{_lane}_{_digest.hexdigest()[:12]}"}
    # A test is one transaction, however long a busy machine lets it wait between two statements.
    DATABASES["default"]["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"
(VAR_DIR / "static").mkdir(exist_ok=True)  # WhiteNoise warns about a missing folder
UPLOADS_ROOT = VAR_DIR / "test" / f"uploads{_worker}"
GROUP_COMMIT = False  # a test sees its rows at once, and its transaction takes them back
