"""`manage.py demo`: load the demo city into an empty database; `--reset` empties it first. Only with DEMO=1."""

import logging
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.demo import city, codes, journeys
from portal.demo.apps import ensure_apps
from portal.demo.pretend import PRETEND_DEPARTMENTS
from services.adapters.models import Connection


class Command(BaseCommand):
    help = "Load the demo city (94 services, departments, accounts). Does nothing when a city is already there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="empty the whole database first, cases included")
        parser.add_argument(
            "--at-chosen-ports", action="store_true", help="point the connections to where the pretend departments listen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo city is loaded only with DEMO=1, and never under production settings.")
        if options["reset"]:
            call_command("flush", interactive=False, verbosity=0)
            self.stdout.write("Database dikosongkan.")
        ensure_apps()
        if city.is_loaded():
            codes.ensure()
            journeys.ensure()
            self._say(options, "Kota contoh sudah ada; tidak ada yang diubah. Pakai --reset untuk mengulang.")
        else:
            self._load(options)
        if options["at_chosen_ports"]:
            for department in [row for row in PRETEND_DEPARTMENTS if row.connection]:
                address = f"http://127.0.0.1:{department.chosen_port()}"
                Connection.objects.filter(code=department.connection).update(base_url=address, test_url=address)

    def _load(self, options: dict[str, Any]) -> None:
        logging.getLogger("services.adapters.connecting").setLevel(logging.WARNING)
        logging.getLogger("wagtail").setLevel(logging.WARNING)  # one line for each of 150 pages helps nobody
        started = time.monotonic()
        city.load(lambda line: self.stdout.write(f"  {line}"))
        self.stdout.write(self.style.SUCCESS(f"Kota contoh dimuat dalam {time.monotonic() - started:.1f} detik."))

    def _say(self, options: dict[str, Any], line: str) -> None:
        if options["verbosity"]:
            self.stdout.write(line)
