"""Every address of the portal, with samples in place of its arguments, and who gets what there.

The table is `doors.txt`: one line an address, one cell a person: what GET and an empty POST (with a valid CSRF token)
answer there, "in" where they are led to sign-in. It is written anew by

    WRITE_DOORS=1 .venv/bin/python -m pytest tests/portal/test_doors.py

and read by a person before it is committed: what it may say at all is held by the rules in the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import get_resolver
from django.urls.resolvers import RoutePattern, URLPattern, URLResolver

TABLE = Path(__file__).parent / "doors.txt"
# visitor, a resident without anything, the owner of the sample case; of its department the clerk and editor, one who is only
# a clerk, one who is only an editor, the manager, the integrator; a clerk and editor of another department, the reviewer of
# Diskominfo (complaint coordinator too), leadership, the operator, the superuser
PEOPLE = tuple("visitor adi alice bob klerk sunting kepala ivan dewi rina wali oper admin".split())


def addresses() -> list[str]:
    """The patterns of all addresses, as the resolver has them."""
    return sorted({pattern for pattern, _parts in _walk(get_resolver().url_patterns, "", ())})


def path_of(wanted: str, samples: dict[str, str]) -> str:
    """This pattern with samples in place of its arguments."""
    parts = next(parts for pattern, parts in _walk(get_resolver().url_patterns, "", ()) if pattern == wanted)
    return "/" + "".join(_filled(part, wanted, samples) for part in parts)


def _walk(patterns: Any, prefix: str, parts: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for row in patterns:
        here, known = prefix + str(row.pattern), (*parts, row.pattern)
        if isinstance(row, URLResolver):
            yield from _walk(row.url_patterns, here, known)
        elif isinstance(row, URLPattern):
            yield here, known


def _filled(pattern: Any, whole: str, samples: dict[str, str]) -> str:
    text = str(pattern)
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:(\w+):)?(\w+)>", lambda found: _sample(found[2], found[1] or "str", whole, samples), text)
    text = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda found: _sample(found[1], "str", whole, samples), text)
    text = re.sub(r"\(\?:[^()]*\)\?", "", text)
    return re.sub(r"\([^()]*\)", "1", text).replace("^", "").replace("$", "").replace("\\", "").replace("?", "")


def _sample(name: str, kind: str, whole: str, samples: dict[str, str]) -> str:
    parts = whole.split("/")
    for key in ("/".join([*parts[:3], name]), "/".join([*parts[:2], name]), f"{parts[0]}/{name}", name):
        if key in samples:
            return samples[key]
    return "1" if kind == "int" else "x"
