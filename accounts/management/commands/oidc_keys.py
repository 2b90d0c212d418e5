"""`manage.py oidc_keys rotate FILE` adds a signing key that begins in a day; `list FILE` shows what signs when.

Run `rotate` every 90 days and start the portal again afterwards: apps have the new key a day before it signs, and can still
read the old signatures a day after. A stolen key: `rotate FILE --now` ends all others at once; people sign in again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from allauth.core.internal.jwkkit import load_jwk_from_pem
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.lib import signing_keys


class Command(BaseCommand):
    help = "The provider's signing keys (setting OIDC_KEYS_FILE)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["rotate", "list"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--now", action="store_true", help="a key was stolen: the new one signs at once, all others end")

    def handle(self, *args: Any, **options: Any) -> None:
        path, now = options["file"], datetime.now(UTC)
        try:
            keys = signing_keys.read(path) if path.exists() else []
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} is no list of signing keys: {error}") from error
        if options["act"] == "rotate":
            keys = [signing_keys.new_key(now)] if options["now"] else signing_keys.rotated(keys, now)
            try:
                signing_keys.write(path, keys)
            except OSError as error:
                raise CommandError(f"{path} cannot be written: {error}") from error
        for key in keys:
            kid = load_jwk_from_pem(key["pem"])[0]["kid"]
            self.stdout.write(f"{kid}  signs from {key.get('not_before') or '-'}  read until {key.get('expires_at') or '-'}")
