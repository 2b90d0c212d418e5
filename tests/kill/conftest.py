"""A portal with three pretend departments, one of each idempotency class, in processes that a test may kill."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clock import standing_still
from tests.journeys.conftest import ROOT, free_port, plain_environment, until
from tests.kill.seed import SERVICES

NIK = "3576014507900001"
ANSWERS = {
    "nik": NIK,
    "nama": "Alice Contoh",
    "telepon": "081200000001",
    "kelurahan": "kel-mentikan",
    "alamat": "Jl. Contoh 1",
    "keperluan": "Untuk percobaan",
    "setuju_data": True,
}


@dataclass
class Site:
    """A portal under test with its three departments and its fault file."""

    base: str
    ports: dict[str, int]
    var: Path
    api_key: str
    log: Path

    @property
    def fault(self) -> Path:
        return self.var / "fault"

    def arm(self, point: str, action: str = "kill", **more: Any) -> None:
        (self.var / "fault.hit").unlink(missing_ok=True)
        new = self.var / "fault.new"
        new.write_text(json.dumps({"point": point, "action": action, **more}))
        new.rename(self.fault)

    def was_hit(self) -> bool:
        return (self.var / "fault.hit").exists() and not self.fault.exists()

    def post(self, kind: str, key: str) -> dict[str, Any]:
        """Submit by the API until an answer comes: a client that retries with the same Idempotency-Key."""
        return self.call("cases", {"service": SERVICES[kind], "answers": ANSWERS}, key)

    def answer(self, reference: str, key: str) -> dict[str, Any]:
        """Answer the department's question by the API, in the same way."""
        return self.call(f"cases/{reference}/answer", {"text": "Ini keterangan saya"}, key)

    def call(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json", "Idempotency-Key": key}

        def attempt() -> dict[str, Any] | None:
            data = None if body is None else json.dumps(body).encode()
            try:
                request = urllib.request.Request(f"{self.base}/api/v1/{path}", data, headers)
                with urllib.request.urlopen(request, timeout=10) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return found
            except urllib.error.HTTPError as error:
                assert error.code >= 500, error.read()
                return None

        made: dict[str, Any] = until(attempt, 120)
        return made

    def asked(self, kind: str, key: str) -> str:
        """A new case that has arrived and about which the department asks the resident something."""
        reference = str(self.post(kind, key)["reference"])
        assert self.settled(reference) == "SENT"
        self.tell(kind, "/aksi", nomor=self.ledger(kind)["numbers"][reference], aksi="tanya")
        until(lambda: self.call(f"cases/{reference}")["status"] == "WAITING_FOR_RESIDENT", 90)
        return reference

    def tell(self, kind: str, path: str, **values: Any) -> None:
        """Speak to a department as its staff: `/mode` and `/aksi`."""
        address, body = f"http://127.0.0.1:{self.ports[kind]}{path}", json.dumps(values).encode()
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=5).close()

    def ledger(self, kind: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[kind]}/ledger", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def row(self, reference: str) -> tuple[str, int]:
        """State and tries of the delivery, read from the database file."""
        with sqlite3.connect(f"file:{self.var / 'portal.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
            query = "SELECT state, tries FROM cases_delivery WHERE key = ?"
            found: tuple[str, int] = database.execute(query, (reference,)).fetchone()
            return found

    def cases_with_key(self, key: str) -> int:
        with sqlite3.connect(f"file:{self.var / 'portal.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
            query = "SELECT count(*) FROM cases_case WHERE submission_key LIKE ?"
            return int(database.execute(query, (f"%:{key}",)).fetchone()[0])

    def settled(self, reference: str) -> str:
        return str(until(lambda: (s := self.row(reference)[0]) in ("SENT", "UNCLEAR", "NEEDS_ATTENTION") and s, 120))


@dataclass
class Store:
    """A folder with the city and its three departments, before anything has happened; a portal starts from a copy."""

    folder: Path
    ports: dict[str, int]
    api_key: str

    def copy(self, var: Path) -> Path:
        return Path(shutil.copytree(self.folder, var, dirs_exist_ok=True))


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Made once for all: tables and the demo city take a minute, and several on a busy machine."""
    folder, ports = tmp_path_factory.mktemp("store"), {kind: free_port() for kind in SERVICES}
    with standing_still():
        made = subprocess.run(
            [sys.executable, "-m", "tests.kill.seed", *map(str, ports.values())],
            cwd=ROOT,
            env={**plain_environment(), "DEMO": "1", "VAR_DIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert made.returncode == 0, made.stderr
    return Store(folder, ports, made.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def site(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    var, ports = store.copy(tmp_path_factory.mktemp("site")), store.ports
    port = free_port()
    environment = {
        **plain_environment(),
        "DEMO": "1",
        "VAR_DIR": str(var),
        "PORT": str(port),
        "FAULT_FILE": str(var / "fault"),
        "SWEEP_SECONDS": "0.5",
        "DELIVERY_CALL_SECONDS": "3",
        "DELIVERY_LEASE_SECONDS": "4",
        "DELIVERY_BACKOFF_CAP_SECONDS": "2",
        "DELIVERY_WAKE_SILENCE_SECONDS": "2",
        "POLL_SHORTEST_SECONDS": "1",
        "POLL_AGE_SHARE": "1",  # the cases of earlier tests must not keep the one worker busy with questions
    }
    log = var / "launch.log"
    processes = []
    with log.open("wb") as output:
        for kind, registry_port in ports.items():
            command = [sys.executable, "-m", "tests.backends.civil_registry", "--port", str(registry_port)]
            command += [
                "--store",
                str(var / f"{kind}.sqlite3"),
                "--portal",
                f"http://127.0.0.1:{port}",
                "--idempotency",
                kind,
            ]
            processes.append(subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output))
        command = [sys.executable, "manage.py", "launch", "--port", str(port)]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output))
    try:
        with standing_still():
            until(lambda: b"Ctrl-C" in log.read_bytes(), 240)
        yield Site(f"http://127.0.0.1:{port}", ports, var, store.api_key, log)
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait(25)


def judge(site: Site, kind: str, reference: str, *, effects: set[int]) -> None:
    ledger = site.ledger(kind)
    assert ledger["effects"].get(reference, 0) in effects, (ledger, site.row(reference))
    assert ledger["keyless"] == 0
    assert ledger["bodies"].get(reference, 1) == 1, "the body is the same at every attempt"
