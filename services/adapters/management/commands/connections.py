"""`manage.py connections export|apply|check`: departments' connections as one YAML document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from services.adapters import manifest


class Command(BaseCommand):
    help = "Export connections, apply a manifest (idempotent), or check one without changing anything."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Options before or after the file: `apply --dry-run FILE` and `apply FILE --dry-run`."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["export", "apply", "check"])
        parser.add_argument("--dry-run", action="store_true", help="apply: say what would change, and change nothing")
        parser.add_argument(
            "target", nargs="*", help="apply, check: the file (- for standard input); export: codes, else all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "export":
            self.stdout.write(
                yaml.safe_dump(manifest.export(options["target"] or None), sort_keys=False, allow_unicode=True)
            )
            return
        if len(options["target"]) != 1:
            raise CommandError("Name one file, or - for standard input.")
        source = options["target"][0]
        try:
            document = yaml.safe_load(sys.stdin.read()) if source == "-" else manifest.load(Path(source))
        except (OSError, yaml.YAMLError, KeyError, AttributeError, TypeError) as error:
            raise CommandError(f"{source} cannot be read: {error}") from error
        if options["act"] == "check":
            if problems := manifest.problems_of(document):
                raise CommandError("\n".join(problems))
            self.stdout.write("Nothing is wrong with it.")
            return
        try:
            changes = manifest.apply(document, dry_run=options["dry_run"])
        except manifest.ManifestError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(changes) or "Nothing to change.")
