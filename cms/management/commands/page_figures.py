"""`manage.py page_figures [LOG ...]`: count the public pages in these logs (default: `PAGE_LOGS`), each line once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from cms import figures


class Command(BaseCommand):
    help = "Count how often public pages were read, from the log of the server in front."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("logs", nargs="*", type=Path)

    def handle(self, *args: Any, logs: list[Path], **options: Any) -> None:
        chosen = logs or [Path(name) for name in settings.PAGE_LOGS]
        if not chosen:
            raise CommandError("Name a log, or set PAGE_LOGS (docs/how-to/observe.md).")
        for log in chosen:
            try:
                count = figures.read_log(log)
            except OSError as error:
                raise CommandError(f"{log} cannot be read: {error.strerror}") from error
            self.stdout.write(f"{log}: {count}")
