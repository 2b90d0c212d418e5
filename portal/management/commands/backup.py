"""`manage.py backup [FOLDER]`: database and files of one moment, while the portal runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backup import archive
from portal.backup.databases import BackupError


class Command(BaseCommand):
    help = "Write a backup of database and files into FOLDER (default VAR_DIR/backups). The portal goes on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=settings.VAR_DIR / "backups")
        parser.add_argument("--keep", type=int, help="delete all but the newest so many backups in FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep takes a number from 1: the backup that is made now is among those kept.")
        try:
            made = archive.make(folder)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(made))
        if options["keep"]:
            for old in archive.older_than_newest(folder, options["keep"]):
                archive.delete(old)
                self.stdout.write(f"deleted {old}")
