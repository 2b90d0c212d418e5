"""`manage.py catalogue export FILE` and `import FILE`: the public catalogue as one file, and a fresh portal filled from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from cms.open_data import whole
from portal.lib.strict_json import InvalidJSON, loads

MAX_BYTES = 64 * 1024 * 1024


class Command(BaseCommand):
    help = "Write the public catalogue to a file, or fill an empty portal from one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["export", "import"])
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, act: str, file: Path, **options: Any) -> None:
        try:
            if act == "export":
                text = json.dumps(whole.export(), ensure_ascii=False, indent=1, sort_keys=True)
                file.write_text(f"{text}\n", encoding="utf-8")
                self.stdout.write(f"{file}: {len(text.encode())} bytes")
                return
            if file.stat().st_size > MAX_BYTES:
                raise CommandError(f"{file} is larger than {MAX_BYTES // 1024 // 1024} MiB.")
            body = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        try:
            outcome = whole.fill(loads(body))
        except (InvalidJSON, whole.NotACatalogueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(outcome.live)} services are public, {len(outcome.drafts)} wait as drafts.")
        for code, why in outcome.drafts.items():
            self.stdout.write(f"  {code}: {why}")
