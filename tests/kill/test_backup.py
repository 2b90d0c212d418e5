"""A backup taken while residents submit, restored elsewhere: the same rows and files, and nothing is sent twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.faults.verdict import judge
from tests.journeys.conftest import ROOT, free_port, plain_environment, until
from tests.kill.conftest import Site

pytestmark = [pytest.mark.kill, pytest.mark.timeout(480)]
CLASSES = ("key", "lookup", "none")


def manage(var: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    chosen = {**plain_environment(), "DEMO": "1", "VAR_DIR": str(var), **environment}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=chosen, capture_output=True, text=True, timeout=300, check=False)


def backup_under_load(site: Site, folder: Path) -> tuple[Path, dict[str, list[str]]]:
    """Three clients submit before, during and after the backup; returns it and every reference a receipt was shown for."""
    made: dict[str, list[str]] = {kind: [] for kind in CLASSES}
    over = threading.Event()

    def client(kind: str) -> None:
        while not over.is_set():
            made[kind].append(site.post(kind, f"backup-{kind}-{len(made[kind])}")["reference"])

    clients = [threading.Thread(target=client, args=(kind,)) for kind in CLASSES]
    for thread in clients:
        thread.start()
    until(lambda: all(len(references) >= 3 for references in made.values()), 30)
    answer = manage(site.var, "backup", str(folder))
    over.set()
    for thread in clients:
        thread.join()
    assert answer.returncode == 0, answer.stderr
    for references in made.values():
        for reference in references:
            site.settled(reference)
    return Path(answer.stdout.strip().splitlines()[-1]), made


def rows(var: Path, query: str) -> list[tuple[Any, ...]]:
    import sqlite3

    with sqlite3.connect(f"file:{var / 'portal.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(query).fetchall()


def test_a_backup_under_load_restored_elsewhere_sends_nothing_twice(site: Site, tmp_path: Path) -> None:
    made, references = backup_under_load(site, tmp_path)
    manifest = json.loads((made / "manifest.json").read_text())
    other = tmp_path / "elsewhere"
    answer = manage(other, "restore", str(made))
    assert answer.returncode == 0, answer.stderr
    cases = {reference for (reference,) in rows(other, "SELECT reference FROM cases_case")}
    assert len(cases) == manifest["database"]["tables"]["cases_case"]["rows"] > 0
    assert not rows(other, "SELECT 1 FROM cases_delivery WHERE state = 'SENDING'")

    port = free_port()
    environment = {
        **plain_environment(),
        "DEMO": "1",
        "VAR_DIR": str(other),
        "PORT": str(port),
        "SWEEP_SECONDS": "0.5",
        "DELIVERY_BACKOFF_CAP_SECONDS": "2",
    }
    log = other / "launch.log"
    with log.open("wb") as output:
        command = [sys.executable, "manage.py", "launch", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        waiting = "SELECT 1 FROM cases_delivery WHERE state IN ('PENDING', 'SENDING')"
        until(lambda: process.poll() is not None or b"Ctrl-C" in log.read_bytes(), 240)
        assert process.poll() is None, log.read_text()
        until(lambda: not rows(other, waiting), 150)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(25)
    states = dict(rows(other, "SELECT key, state FROM cases_delivery"))
    for kind in CLASSES:
        kept = [reference for reference in references[kind] if reference in cases]
        assert judge(kind, kept, states, site.ledger(kind)).is_good
        assert max(site.ledger(kind)["effects"].values()) == 1


def test_a_damaged_backup_is_refused_by_name(site: Site, tmp_path: Path) -> None:
    made = Path(manage(site.var, "backup", str(tmp_path)).stdout.strip())
    with (made / "database.sqlite3").open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2\3")
    answer = manage(tmp_path / "elsewhere", "restore", str(made))
    assert answer.returncode == 1 and "database.sqlite3 is missing or damaged" in answer.stderr


def test_other_keys_are_refused_before_anything_is_touched(site: Site, tmp_path: Path) -> None:
    made = Path(manage(site.var, "backup", str(tmp_path)).stdout.strip())
    keys = "another:YW5vdGhlci1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyE="
    answer = manage(tmp_path / "elsewhere", "restore", str(made), FIELD_KEYS=keys)
    assert answer.returncode == 1 and "FIELD_KEYS lacks the keys demo1" in answer.stderr
    assert not (tmp_path / "elsewhere" / "portal.sqlite3").exists()


def test_a_database_with_cases_is_not_overwritten_by_mistake(site: Site, tmp_path: Path) -> None:
    site.post("key", "before-restore")
    made = Path(manage(site.var, "backup", str(tmp_path)).stdout.strip())
    before = (site.var / "portal.sqlite3").stat().st_ino
    answer = manage(site.var, "restore", str(made))
    assert answer.returncode == 1 and "--replace" in answer.stderr
    assert (site.var / "portal.sqlite3").stat().st_ino == before
