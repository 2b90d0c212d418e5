"""`manage.py check_pages`: the publication gate over all pages. Exit code 1 when a live page does not pass it.

A line a problem: code, language, "terbit" or "draf", field, what to do; separated by tabs. `--drafts` looks at what is not
live, too, and at drafts of live pages (these never fail).
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cms import checks
from cms.models import ServicePage


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--drafts", action="store_true")

    def handle(self, *args: Any, drafts: bool, **options: Any) -> None:
        pages = ServicePage.objects.filter(alias_of__isnull=True).select_related("locale").order_by("code", "locale")
        failing = looked = 0
        for page in pages if drafts else pages.live():
            looked += 1
            if page.live:
                failing += bool(self._tell(page, "terbit"))
            if drafts and (not page.live or page.has_unpublished_changes):
                self._tell(page.get_latest_revision_as_object(), "draf")
        self.stderr.write(f"{looked} pages, {failing} live ones with problems")
        if failing:
            raise SystemExit(1)

    def _tell(self, page: ServicePage, state: str) -> int:
        found = checks.problems(page)
        for problem in found:
            self.stdout.write("\t".join((page.code, page.locale.language_code, state, problem.field, problem.text)))
        return len(found)
