"""Run `check --deploy` under production settings, with nothing silenced and any warning an error."""

import base64
import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from portal.lib.signing_keys import new_key

environment = {
    **os.environ,
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "FIELD_KEYS": "check:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "OIDC_KEYS": json.dumps([new_key(datetime.now(UTC))]),
    "PUBLIC_URL": "https://layanan.example.org",
    "DEMO": "",
}
command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
sys.exit(subprocess.run(command, env=environment, check=False).returncode)
