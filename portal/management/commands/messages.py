"""`manage.py messages`: collect every visible word into the English catalogue and compile it; needs gettext's tools.

`--check` fails when that changes anything, or when a message has no English or only a guessed (fuzzy) one.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.commands import makemessages

IGNORED = [".venv", "var", "tests", "docs", "docker", "portal/demo", "portal/stack", "*/migrations/*"]
_DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date): .*\\n"\n', re.MULTILINE)


class Collector(makemessages.Command):
    """Django's own, which also finds `say("...")` and writes what merges well: no places, no wrapping, no leftovers."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=say"]


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail instead of leaving work behind")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        catalogue = Path(settings.LOCALE_PATHS[0]) / "en" / "LC_MESSAGES" / "django.po"
        compiled = catalogue.with_suffix(".mo")
        before = [path.read_bytes() if path.exists() else b"" for path in (catalogue, compiled)]
        call_command(
            Collector(),
            locale=["en"],
            no_location=True,
            no_wrap=True,
            no_obsolete=True,
            ignore_patterns=IGNORED,
            verbosity=0,
        )
        catalogue.write_text(_DATES.sub("", catalogue.read_text("utf-8")), "utf-8")
        subprocess.run(["msgfmt", "--check-format", "--no-hash", "-o", str(compiled), str(catalogue)], check=True)
        open_ones = self._open(catalogue, "--untranslated") + self._open(catalogue, "--only-fuzzy")
        for message in open_ones:
            self.stderr.write(f"no English yet: {message}")
        changed = before != [catalogue.read_bytes(), compiled.read_bytes()]
        if check and (open_ones or changed):
            raise CommandError("Run `make messages`, write the English that is missing, run it again, commit both files.")
        self.stdout.write(f"{len(open_ones)} messages without English")

    def _open(self, catalogue: Path, which: str) -> list[str]:
        found = subprocess.run(
            ["msgattrib", which, "--no-obsolete", "--no-wrap", str(catalogue)], check=True, capture_output=True, text=True
        )
        return [message for message in re.findall(r'^msgid "(.*)"$', found.stdout, re.MULTILINE) if message]
