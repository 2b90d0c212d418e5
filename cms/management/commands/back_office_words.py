"""`manage.py back_office_words`: which words of Wagtail's screens have no Indonesian; compiles `portal/locale/id` (gettext's tools)."""

import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cms.back_office_words import DOMAINS, missing, words


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for domain in DOMAINS:
            catalogue = Path(settings.LOCALE_PATHS[0]) / "id" / "LC_MESSAGES" / f"{domain}.po"
            compiled = catalogue.with_suffix(".mo")
            subprocess.run(["msgfmt", "--check-format", "--no-hash", "-o", str(compiled), str(catalogue)], check=True)
            open_ones = missing(domain)
            for _context, message in open_ones:
                self.stderr.write(f"no Indonesian yet: {message}")
            self.stdout.write(f"{domain}: {len(open_ones)} of {len(words(domain))} words are English")
