"""Strangers look at pages: what they get, whether it was kept, and what it cost."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.lib import editions


def visit(path: str, **headers: str) -> Any:
    return Client().get(path, headers=headers)


def how(path: str, **headers: str) -> str:
    return str(visit(path, **headers).get("X-Page-Cache", "none"))


def queries_of(path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert how(path) == "hit"
    return len(captured)


def truth(path: str) -> tuple[int, str]:
    """What a stranger would read if there were no cache."""
    caches[editions.CACHE].clear()
    answer = visit(path)
    return answer.status_code, answer.content.decode()
