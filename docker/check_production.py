"""Run `check --deploy` under production settings, with nothing silenced and any warning an error."""

import base64
import os
import secrets
import subprocess
import sys

environment = {
    **os.environ,
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "FIELD_KEYS": "check:" + base64.b64encode(secrets.token_bytes(32)).decode(),
    "PUBLIC_URL": "https://layanan.example.org",
    "DEMO": "",
}
command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
sys.exit(subprocess.run(command, env=environment, check=False).returncode)
