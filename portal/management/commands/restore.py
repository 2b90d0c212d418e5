"""`manage.py restore BACKUP`: put a backup back. Nothing that may have been sent since is sent again unasked."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backup import archive
from portal.backup.databases import BackupError


class Command(BaseCommand):
    help = "Put a backup into the database of DATABASE_URL and the files of VAR_DIR. End web, worker and beat first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        parser.add_argument("--replace", action="store_true", help="also when the database has cases: they are lost")
        parser.add_argument("--check", action="store_true", help="only prove that the backup is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                manifest = archive.check(options["backup"])
                self.stdout.write(f"whole, made at {manifest['made_at']}, {manifest['files']['count']} files")
                return
            found = archive.restore(options["backup"], replace=options["replace"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored: {found['tables']} tables, {found['rows']} rows, {found['cases']} cases, {found['files']} files; "
            "counts and digests are those of the backup.\n"
            f"On their way then: {found['again']} go again with the same key, {found['asked']} are asked for first, "
            f"{found['unclear']} wait for a person; {found['mails_held']} mails and {found['events_held']} events are held.\n"
            "Run migrate if this release is newer, then start the portal."
        )
        if found["missing_files"]:
            raise CommandError(f"Files missing: {', '.join(found['missing_files'][:20])}")
