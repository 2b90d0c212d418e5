"""`manage.py reencrypt`: everything encrypted at rest under the newest of FIELD_KEYS (docs/how-to/operate.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.rekeying import left, renew_all


class Command(BaseCommand):
    help = "Put fields, seeds of second factors and residents' files under the newest key. Safe while the portal runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only count what is under an older key; 1 when there is any"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            if count := left():
                raise CommandError(f"{count} values and files are under an older key.")
            self.stdout.write("Everything is under the newest key.")
            return
        if failed := renew_all(self.stdout.write):
            raise CommandError(f"{failed} could not be read: keep every key until they are mended.")
        self.stdout.write("Everything is under the newest key.")
