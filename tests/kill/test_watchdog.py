"""A worker whose consumer has fallen silent ends its own process, so that a supervisor starts it again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import ROOT, plain_environment
from tests.kill.conftest import Store

pytestmark = [pytest.mark.kill, pytest.mark.timeout(480)]

SUBMIT = """
import django, sys
django.setup()
from django.test import Client
from tests.kill.conftest import ANSWERS
from tests.kill.seed import SERVICES
body = {"service": SERVICES["key"], "answers": ANSWERS}
headers = {"Authorization": f"Bearer {sys.argv[1]}", "Idempotency-Key": "silent"}
answer = Client(SERVER_NAME="localhost").post("/api/v1/cases", body, content_type="application/json", headers=headers)
assert answer.status_code == 201, answer.content
"""


def run(environment: dict[str, str], *command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )


def test_a_worker_that_hears_nothing_while_a_delivery_waits_ends_itself(store: Store, tmp_path: Path) -> None:
    environment = plain_environment() | {
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",
        "DEMO": "1",
        "VAR_DIR": str(store.copy(tmp_path)),
        "WORKER_SILENCE_SECONDS": "2",
        "PYTHONPATH": os.fspath(ROOT),
    }
    submitted = run(environment, "-c", SUBMIT, store.api_key, seconds=90)
    assert submitted.returncode == 0, submitted.stderr
    worker = ["-m", "celery", "-q", "-A", "portal", "worker", "--pool", "threads", "--concurrency", "1"]
    ended = run(environment, *worker, "--queues", "elsewhere", seconds=120)
    assert ended.returncode == 1
    assert "this worker ends itself" in ended.stdout + ended.stderr
