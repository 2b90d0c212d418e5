"""`manage.py publish_scheduled`: publications and expiries that are due, one page at a time (in place of Wagtail's own command).

The worker runs the same every minute. Exit code 1 when a page failed for a reason that is not the publication gate.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from wagtail.models import Page, Revision

from cms import schedule


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dryrun", action="store_true", help="say what is due, change nothing")

    def handle(self, *args: Any, dryrun: bool, **options: Any) -> None:
        if dryrun:
            pages, revisions = schedule.due(timezone.now())
            for page in Page.objects.filter(pk__in=pages):
                self.stdout.write(f"expires: {page.title}")
            for revision in Revision.objects.filter(pk__in=revisions):
                self.stdout.write(f"goes live: {revision.object_str}")
            return
        outcome = schedule.run()
        for word, titles in vars(outcome).items():
            for title in titles:
                self.stdout.write(f"{word}: {title}")
        if outcome.failed:
            raise SystemExit(1)
