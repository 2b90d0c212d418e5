"""`manage.py api_key create EMAIL --label ...` prints a key once; `revoke PREFIX` ends one; `list` shows prefixes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, User


class Command(BaseCommand):
    help = "Make, list and revoke plain API keys. A key acts as the account it belongs to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["create", "list", "revoke"])
        parser.add_argument("target", nargs="?", default="", help="create: e-mail of the account; revoke: prefix of the key")
        parser.add_argument("--label", default="", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            for key in ApiKey.objects.select_related("user").order_by("created_at"):
                state = "revoked" if key.revoked_at else "valid"
                self.stdout.write(f"{key.prefix}  {state}  {key.user.email}  {key.label}")
        elif options["act"] == "create":
            user = User.objects.filter(email__iexact=options["target"], is_active=True).first()
            if user is None or not options["label"]:
                raise CommandError("Name the e-mail of an active account, and say with --label what the key is for.")
            self.stdout.write(create_api_key(user, label=options["label"][:80]))
        elif not ApiKey.objects.filter(prefix=options["target"], revoked_at=None).update(revoked_at=timezone.now()):
            raise CommandError("There is no valid key with this prefix; see `api_key list`.")
