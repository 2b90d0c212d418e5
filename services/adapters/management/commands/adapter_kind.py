"""`manage.py adapter_kind NAME` (`make adapter name=NAME`): the files of a new kind of backend, with tests that fail."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from services.adapters import gateway, scaffold

_NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
_TEMPLATES = Path(scaffold.__file__).parent


class Command(BaseCommand):
    help = "Write the files of a new adapter kind, and tests that fail until it keeps the contract."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="small letters, digits, _")
        parser.add_argument("--into", type=Path, help="a folder of your own instead of this repository")

    def handle(self, *args: Any, name: str, into: Path | None, **options: Any) -> None:
        gateway.load_kinds()
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise CommandError("A name has 2 to 30 small letters, digits and _, and begins with a letter.")
        if name in gateway.kinds:
            raise CommandError(f"There is a kind {name!r} already.")
        base = Path(settings.BASE_DIR)
        kind = (into or base / "services" / "adapters" / "kinds") / f"{name}.py"
        test = (into or base / "tests" / "services" / "adapters" / "kinds") / f"test_{name}.py"
        for path in (kind, test):
            if path.exists():
                raise CommandError(f"{path} is there already; nothing was written.")
        for path, template in ((kind, "kind.py.txt"), (test, "test_kind.py.txt")):
            text = (_TEMPLATES / template).read_text(encoding="utf-8")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("NAME", name).replace("CLASS", _class(name)), encoding="utf-8")
        self.stdout.write(_next_steps(name, kind, test, outside=into is not None))


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _next_steps(name: str, kind: Path, test: Path, *, outside: bool) -> str:
    module = name if outside else f"services.adapters.kinds.{name}"
    where = f"PYTHONPATH={kind.parent}:. " if outside else ""
    steps = [
        f"Written: {kind}",
        f"         {test}",
        "",
        "1. See the tests fail:",
        f"   {where}ADAPTER_MODULES={module} .venv/bin/python -m pytest -q -c pyproject.toml --rootdir . {test}",
        "2. Write the methods until they pass (docs/how-to/write-a-kind.md).",
    ]
    if outside:
        steps.append(f"3. Install the package beside the portal and set ADAPTER_MODULES={module} there.")
    else:
        steps.append(f'3. Add "{module}" to ADAPTER_MODULES in portal/settings/base.py and to contract 5 in pyproject.toml.')
    return "\n".join(steps)
