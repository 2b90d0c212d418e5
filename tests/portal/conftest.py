"""The small city of the tests of cases is enough for the shell's own tests too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.models import User
from portal.lib import cache as tolerant
from portal.lib import editions
from tests.services.cases.conftest import connect, department, service, submit
from tests.tokens import access_token_for

__all__ = ["connect", "department", "service", "submit"]


@pytest.fixture
def api() -> Client:
    """A consumer whose mistakes become answers, as they do in production, and who owes a CSRF token like everybody."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def key(alice: User) -> str:
    return access_token_for(alice)


@pytest.fixture
def no_pages(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    caches[editions.CACHE].clear()
    monkeypatch.setattr(tolerant, "_silent_until", float("-inf"))


@pytest.fixture
def shared(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A cache that several processes see, and a clock that stands still until it is moved."""
    settings.CACHE_IS_SHARED = True
    clock = [1000.0]
    monkeypatch.setattr(editions.time, "monotonic", lambda: clock[0])
    editions._memory = editions._Memory("", "", float("-inf"))
    yield clock
    editions._memory = editions._Memory("", "", float("-inf"))
