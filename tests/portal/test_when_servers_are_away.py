"""Redis or the database is away: pages are slower or plain, nothing is guessed without being counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from celery import current_app
from django.db import OperationalError
from django.test import Client, RequestFactory

from accounts.models import User
from portal import errors, watchdog
from portal.lib import cache as tolerant
from portal.lib.throttle import too_many

AWAY = {"BACKEND": "portal.lib.cache.TolerantRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}


@pytest.fixture
def redis_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant, "_silent_until", float("-inf"))
    settings.CACHES = {"default": AWAY, "pages": AWAY}


def test_with_redis_every_cache_is_the_one_that_may_be_away() -> None:
    ask = "from portal.settings import base; print(*{c['BACKEND'] for c in base.CACHES.values()})"
    environment = {**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0"}
    found = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [AWAY["BACKEND"]]


def test_without_redis_pages_are_there_and_readyz_says_what_is_missing(
    redis_away: None, demo_city: Any, client: Client
) -> None:
    assert client.get("/").status_code == client.get("/layanan/").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["cache"] == {"ok": False}


def test_without_redis_nobody_signs_in_and_alice_reads_why(redis_away: None, client: Client, alice: User) -> None:
    alice.set_password("mojokerto-demo")
    alice.save()
    answer = client.post("/akun/masuk/", {"login": alice.email, "password": "mojokerto-demo"})
    assert answer.status_code == 429 and "tidak bisa menghitungnya" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_without_redis_alice_who_is_signed_in_goes_on(redis_away: None, client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/akun/").status_code == 200


def test_what_cannot_be_counted_is_too_many(redis_away: None) -> None:
    assert too_many("x", limit=5, seconds=60)


@pytest.mark.parametrize("path", ["/layanan/", "/api/v1/services"])
def test_a_database_that_is_away_is_a_503_that_says_to_send_again(path: str) -> None:
    try:
        raise OperationalError("the server closed the connection")
    except OperationalError:
        answer = errors.server_error(RequestFactory().get(path))
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    if path.startswith("/api/"):
        assert json.loads(answer.content)["code"] == "unavailable"
    else:
        assert "tidak hilang" in answer.content.decode() and "is not lost" in answer.content.decode()


def test_a_fault_of_our_own_stays_a_500() -> None:
    try:
        raise ValueError
    except ValueError:
        assert errors.server_error(RequestFactory().get("/api/v1/services")).status_code == 500


@pytest.mark.parametrize(
    ("heard_ago", "running", "due", "silent"),
    [(60, 0, 60, True), (10, 0, 60, False), (60, 1, 60, False), (60, 0, 10, False)],
)
def test_a_worker_is_silent_when_it_hears_nothing_while_deliveries_wait(
    heard_ago: int, running: int, due: int, silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "oldest_due_seconds", lambda: float(due))
    monkeypatch.setattr(watchdog, "close_old_connections", lambda: None)
    dog = watchdog.Watchdog(current_app)
    dog.running, dog.heard = running, time.monotonic() - heard_ago
    assert dog.is_silent() is silent
