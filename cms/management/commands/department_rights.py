"""`manage.py department_rights`: groups, folders and the review as the departments and their members say.

Every migration and every night do the same. `--check` changes nothing and ends with exit code 1 when something differs.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cms import review, scope


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        found = [*scope.keep(check=check), *review.keep(check=check)]
        for line in found:
            self.stdout.write(line)
        self.stderr.write(f"{len(found)} differences{'' if check else ', mended'}")
        if check and found:
            raise SystemExit(1)
