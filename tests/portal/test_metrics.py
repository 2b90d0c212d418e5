"""The machine that watches the portal may read figures, with the token only, and learns nothing about a person."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from cms.models import CatalogueCheck
from services.adapters.models import Connection
from services.cases.constants import DeliveryState
from services.cases.models import Delivery

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-of-the-test"


@pytest.fixture
def scrape(client: Client, db: None, settings: Any, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """What the watching machine reads: samples by series and labels."""
    settings.METRICS_TOKEN, settings.VAR_DIR = TOKEN, tmp_path

    def ask() -> dict[str, Any]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
        assert answer["Content-Type"].startswith("text/plain")
        return {
            f"{sample.name}{sorted(sample.labels.values())}": sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return ask


def test_nobody_reads_figures_while_they_are_off(client: Client, db: None) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer kunci-é"])
def test_a_stranger_without_the_token_is_asked_for_it(sent: str, client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer") and answer["Cache-Control"] == "no-store"
    assert b"portal_" not in answer.content


def test_a_request_is_counted_by_its_route_never_by_its_address(scrape: Any, client: Client) -> None:
    name = "portal_requests_total['2xx', 'GET', 'healthz']"
    before = scrape().get(name, 0)
    client.get("/healthz?nik=3576014507900001")
    client.get("/permohonan/MJK-2611-AAAA-A/")
    seen = scrape()
    assert seen[name] == before + 1
    assert not [key for key in seen if "3576014507900001" in key or "MJK-" in key]


def test_what_waits_for_a_department_is_seen_with_its_age(scrape: Any, connect: Any, submit: Any) -> None:
    backend = connect()
    submit(), submit()
    first = Delivery.objects.order_by("pk").first()
    assert first is not None
    hours = timezone.now() - timedelta(hours=3)
    Delivery.objects.filter(pk=first.pk).update(state=DeliveryState.UNCLEAR, created_at=hours)
    Delivery.objects.exclude(pk=first.pk).update(next_try=timezone.now() - timedelta(minutes=5))
    seen = scrape()
    assert seen[f"portal_deliveries['pending', '{backend.code}']"] == 1
    assert seen[f"portal_deliveries['{backend.code}', 'unclear']"] == 1
    assert 10_800 <= seen["portal_oldest_attention_seconds[]"] < 10_860
    assert 300 <= seen["portal_oldest_due_seconds[]"] < 360
    assert seen[f"portal_connection_up['{backend.code}']"] == 1


def test_a_department_that_is_down_is_seen_and_its_queue_is_not_called_late(scrape: Any, connect: Any, submit: Any) -> None:
    backend = connect()
    submit()
    ago = timezone.now() - timedelta(minutes=20)
    Delivery.objects.update(next_try=ago)
    Connection.objects.update(failures=9, open_until=timezone.now(), down_since=ago)
    seen = scrape()
    assert seen[f"portal_connection_up['{backend.code}']"] == 0
    assert 1200 <= seen[f"portal_connection_down_seconds['{backend.code}']"] < 1260
    assert seen["portal_oldest_due_seconds[]"] == 0


def test_drift_and_backup_are_absent_until_there_was_one(scrape: Any, settings: Any) -> None:
    assert not [name for name in scrape() if name.startswith(("portal_backup", "portal_catalogue"))]
    CatalogueCheck.objects.create(differing=["akta-kelahiran"])
    folder = settings.VAR_DIR / "backups"
    folder.mkdir()
    finished = (timezone.now() - timedelta(hours=1)).isoformat()
    (folder / "last.json").write_text(f'{{"finished_at": "{finished}"}}')
    seen = scrape()
    assert seen["portal_catalogue_drift[]"] == 1
    assert 3600 <= seen["portal_backup_age_seconds[]"] < 3660


def test_reading_the_figures_asks_few_queries(
    scrape: Any, connect: Any, submit: Any, django_assert_max_num_queries: Any
) -> None:
    connect()
    for _ in range(6):
        submit()
    with django_assert_max_num_queries(7):
        scrape()


def test_the_reference_names_every_series_and_no_other(scrape: Any, client: Client, connect: Any, settings: Any) -> None:
    connect()
    CatalogueCheck.objects.create()
    (settings.VAR_DIR / "backups").mkdir()
    (settings.VAR_DIR / "backups" / "last.json").write_text('{"finished_at": "2026-11-24T02:00:00+00:00"}')
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    exposed = set(re.findall(r"^# TYPE (\S+) \w+$", text, re.M)) - {
        name for name in text.split() if name.endswith("_created")
    }
    table = (ROOT / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert exposed == set(re.findall(r"^\| `(\w+)` \|", table, re.M))


PROCESS = """
import django, os, sys, time
django.setup()
from portal.lib.measuring import counter
counter("portal_trial", "Trial").inc(int(sys.argv[1]))
print("counted", flush=True)
time.sleep(float(sys.argv[2]))
"""
READER = """
import django
django.setup()
from portal.lib.measuring import counted
from prometheus_client import generate_latest
with counted() as registry:
    print(generate_latest(registry).decode())
"""


def test_the_sum_of_all_processes_survives_the_death_of_one(tmp_path: Path) -> None:
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "METRICS_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}

    def run(*command: str) -> subprocess.Popen[str]:
        made = [sys.executable, "-c", *command]
        return subprocess.Popen(made, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def total() -> float:
        text = run(READER).communicate(timeout=60)[0]
        found = re.search(r"^portal_trial_total (\S+)$", text, re.M)
        assert found, text
        return float(found.group(1))

    living, dying = run(PROCESS, "3", "90"), run(PROCESS, "4", "90")
    try:
        for process in (living, dying):
            assert process.stdout is not None and process.stdout.readline() == "counted\n"
        assert total() == 7
        dying.send_signal(signal.SIGKILL)
        dying.wait(10)
        assert total() == 7
        assert total() == 7
        assert len(list((tmp_path / "metrics").glob("counter_*.db"))) == 2, "the living one and the past"
        assert len(list((tmp_path / "metrics").glob("*.alive"))) == 2, "the living one and the last reader"
    finally:
        for process in (living, dying):
            process.kill()
            process.communicate()
