"""`manage.py rebuild_catalogue`: make the catalogue from the live pages; `--check` only reports where they differ."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms import publishing


class Command(BaseCommand):
    help = "Rebuild the catalogue from the live pages (upsert by code, withdraw, never delete)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a service differs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            differing = publishing.note_drift()
            if differing:
                raise CommandError(f"Berbeda dari halamannya: {', '.join(differing)}. Jalankan rebuild_catalogue.")
            self.stdout.write("Katalog sama dengan halamannya.")
            return
        differing = publishing.drift()
        publishing.rebuild()
        publishing.note_drift()
        self.stdout.write(f"Katalog dibangun ulang; {len(differing)} layanan berubah.")
