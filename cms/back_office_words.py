"""The words of Wagtail's screens that departments open, and which of them have no Indonesian yet.

Wagtail brings about half of them; ours are in `portal/locale/id`. That catalogue holds Wagtail's English message ids only:
our own are Indonesian already (docs/adr/0004).
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation.trans_real import DjangoTranslation

DOMAINS = ("django", "djangojs")
# The parts whose screens a department's staff opens; users, sites, redirects and settings are the operator's.
PARTS = ("admin", "", "images", "documents", "contrib/simple_translation", "snippets", "search")
_LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)? ?(".*")$')


def words(domain: str) -> set[tuple[str, str]]:
    """Context ("" without) and message id of everything these screens say."""
    spec = importlib.util.find_spec("wagtail")
    assert spec is not None and spec.origin is not None
    root = Path(spec.origin).parent
    catalogues = [root / part / "locale" / "en" / "LC_MESSAGES" / f"{domain}.po" for part in PARTS]
    return {pair for path in catalogues if path.exists() for pair in _message_ids(path)}


def missing(domain: str) -> list[tuple[str, str]]:
    """Those that an Indonesian reader sees in English."""
    localedirs = None if domain == "django" else _script_catalogues()
    translations: Any = DjangoTranslation(settings.LANGUAGE_CODE, domain=domain, localedirs=localedirs)
    catalogue = translations._catalog
    found = []
    for context, message in sorted(words(domain)):
        key = f"{context}\x04{message}" if context else message
        if catalogue.get(key) is None and catalogue.get((key, 0)) is None:
            found.append((context, message))
    return found


def _script_catalogues() -> list[str]:
    """As Wagtail's own door of script words is set up: its own and ours."""
    spec = importlib.util.find_spec("wagtail.admin")
    assert spec is not None and spec.origin is not None
    return [str(Path(spec.origin).parent / "locale")]


def _message_ids(path: Path) -> Iterator[tuple[str, str]]:
    context = message = field = ""
    for line in [*path.read_text("utf-8").splitlines(), 'msgid ""']:
        found = _LINE.match(line)
        if line.startswith("#") or found is None:
            continue
        name, text = found[1] or field, ast.literal_eval(found[2])
        if found[1] in ("msgctxt", "msgid"):
            if message and (found[1] == "msgctxt" or field != "msgctxt"):
                yield context, message
            if found[1] == "msgctxt":
                context, message = text, ""
            else:
                context, message = (context if field == "msgctxt" else ""), text
        elif not found[1] and name == "msgid":
            message += text
        field = name
