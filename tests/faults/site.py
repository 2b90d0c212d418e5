"""A full stack of its own with pretend departments of every class, in processes that a fault may hit."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

from portal.demo.pretend import PRETEND_DEPARTMENTS
from portal.stack.configuration import ROOT, Stack
from tests.faults.verdict import Verdict, judge
from tests.journeys.conftest import free_port, until
from tests.kill.conftest import ANSWERS
from tests.kill.seed import ALL, KINDS, SERVICES

CLASSES = tuple(SERVICES)
EVERY = (*CLASSES, *KINDS)  # the three classes by `rest`, and the other kinds that have a network
SHORT_WAITS = {
    "SWEEP_SECONDS": "0.5",
    "DELIVERY_CALL_SECONDS": "3",
    "DELIVERY_LEASE_SECONDS": "4",
    "DELIVERY_HUNG_SECONDS": "2",
    "DELIVERY_BACKOFF_CAP_SECONDS": "2",
    "DELIVERY_WAKE_SILENCE_SECONDS": "2",
    "WEB_WORKERS": "1",
    "WEB_THREADS": "16",
    "WORKER_THREADS": "8",
    "FULL_WORKERS": "4",  # while one starts again after a kill, another is there to be hit next
    "POLL_ROWS": "2",  # a sweep comes twice a second here, not every ten seconds
    "LOG_LEVEL": "WARNING",
    "API_LIMIT_MINUTE": "1000000",
    "API_LIMIT_DAY": "100000000",
}


class Site:
    """Submits as a client would, breaks what a row asks for, and reads both records."""

    def __init__(self, var: Path) -> None:
        self.stack = Stack(var.resolve(), *(free_port() for _ in range(6)))
        self.fault = var / "fault"
        self.ports = {kind: free_port() for kind in ALL}
        self.api_key = ""
        self.chosen: tuple[str, ...] = EVERY  # of the rows that run once for each class
        self.refusals = 0  # answers of 5xx that a client got
        self.last_status = 0
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()
        self._run = f"{time.time():.0f}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Site]:
        self.stack.var.mkdir(parents=True, exist_ok=True)
        chosen = {name: str(port) for name, port in self.stack.ports.items()}
        chosen |= {d.port_setting: str(free_port()) for d in PRETEND_DEPARTMENTS}
        environment = os.environ | SHORT_WAITS | chosen
        environment |= {"FULL_DIR": str(self.stack.var), "FULL_FAULT_FILE": str(self.fault)}
        os.environ.update(SHORT_WAITS | chosen)
        log = self.stack.var / "up.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "portal.stack", "up"]
            supervisor = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
            departments = [self._department(kind, output) for kind in ALL]
            try:
                until(lambda: supervisor.poll() is not None or b"Ctrl-C" in log.read_bytes(), 240)
                if supervisor.poll() is not None:
                    raise RuntimeError(log.read_text())
                self.api_key = self._seed()
                yield self
            finally:
                for process in (supervisor, *departments):
                    process.terminate()  # SIGINT is ignored by what a shell starts in the background
                for process in (supervisor, *departments):
                    process.wait(60)

    def _department(self, kind: str, output: Any) -> subprocess.Popen[bytes]:
        by_soap = kind.endswith("-soap")
        module = "tests.backends.city_tax" if by_soap else "tests.backends.civil_registry"
        command = [sys.executable, "-m", module, "--port", str(self.ports[kind])]
        command += ["--store", str(self.stack.var / f"department-{kind}.sqlite3")]
        command += [*([] if by_soap else ["--portal", self.stack.url]), "--idempotency", kind.partition("-")[0]]
        environment = os.environ | {"SSL_CERT_FILE": str(self.stack.certificate_authority)}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)

    def _seed(self) -> str:
        made = subprocess.run(
            [sys.executable, "-m", "tests.kill.seed", *map(str, self.ports.values())],
            cwd=ROOT,
            env=self.stack.environment() | {"DATABASE_STATEMENT_SECONDS": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(made.stderr)
        return made.stdout.strip().splitlines()[-1]

    # --- what a resident's client does ------------------------------------------------------------------------------
    def submit(self, kind: str, *, file_bytes: int = 0, seconds: float = 90) -> str:
        """A submission by the API, sent again with the same key until a receipt comes. Returns the receipt's reference."""
        with self._lock:
            key = f"{self._run}-{next(self._numbers)}"
        answers: dict[str, Any] = dict(ANSWERS)
        if file_bytes:
            answers["lampiran"] = [self._upload(file_bytes, seconds)]
        body = json.dumps({"service": ALL[kind], "answers": answers}).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return str(self._post("/api/v1/cases", body, headers, seconds)["reference"])

    def _upload(self, file_bytes: int, seconds: float) -> str:
        """A PDF of about this size; returns its reference."""
        content = b"%PDF-1.4\n" + b"% contoh\n" * (file_bytes // 9) + b"%%EOF\n"
        line = "--batas\r\nContent-Disposition: form-data; name="
        head = f'{line}"question"\r\n\r\nlampiran\r\n{line}"file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        body = head.encode() + content + b"\r\n--batas--\r\n"
        made = self._post("/api/v1/attachments", body, {"Content-Type": "multipart/form-data; boundary=batas"}, seconds)
        return str(made["ref"])

    def _post(self, path: str, body: bytes, headers: dict[str, str], seconds: float) -> dict[str, Any]:
        """Sent again until it is answered; a refusal of the content is an error of the test."""
        headers = headers | {"Authorization": f"Bearer {self.api_key}"}
        end = time.monotonic() + seconds
        while True:
            try:
                request = urllib.request.Request(f"{self.stack.url}{path}", body, headers)
                with urllib.request.urlopen(request, timeout=15, context=self._tls) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return found
            except urllib.error.HTTPError as error:
                self.last_status = error.code
                self.refusals += 1
                if error.code < 500:
                    raise RuntimeError(error.read().decode()) from error
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"no answer from {path}")
            time.sleep(0.3)

    def submit_many(self, kind: str, count: int, *, threads: int = 4) -> list[str]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda _: self.submit(kind), range(count)))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.stack.certificate_authority))

    # --- faults -----------------------------------------------------------------------------------------------------
    def arm(self, point: str, action: str = "kill", **more: Any) -> None:
        fresh = self.fault.with_suffix(".new")
        fresh.write_text(json.dumps({"point": point, "action": action, **more}))
        fresh.rename(self.fault)

    def disarm(self) -> None:
        self.fault.unlink(missing_ok=True)

    def hits(self) -> int:
        hit = Path(f"{self.fault}.hit")
        return len(hit.read_text().splitlines()) if hit.exists() else 0

    def pid(self, name: str) -> int:
        return int(json.loads((self.stack.var / "processes.json").read_text())[name])

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid(name), number)

    @contextlib.contextmanager
    def held_down(self, name: str) -> Iterator[None]:
        mark = self.stack.var / "held" / name
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def tell(self, kind: str, **mode: Any) -> None:
        body = json.dumps(mode).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{self.ports[kind]}/mode", body, headers), timeout=5
        ).close()

    # --- the two records --------------------------------------------------------------------------------------------
    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        def ask() -> list[list[tuple[Any, ...]]] | None:
            try:
                with psycopg.connect(self.stack.database_url, autocommit=True, connect_timeout=3) as connection:
                    cursor = connection.execute(sql, values)  # type: ignore[arg-type]
                    return [cursor.fetchall() if cursor.description else []]
            except psycopg.OperationalError:
                return None

        found: list[list[tuple[Any, ...]]] = until(ask, 60)
        return found[0]

    def states(self, references: list[str]) -> dict[str, str]:
        return dict(self.query("SELECT key, state FROM cases_delivery WHERE key = ANY(%s)", references))

    def ledger(self, kind: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[kind]}/ledger", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def settle(self, references: list[str], seconds: float = 120) -> dict[str, str]:
        """Wait until nothing is on its way any more, or nothing has been tried for so long; the states then."""
        seen, end = (-1, -1), 0.0
        sql = (
            "SELECT state IN ('PENDING', 'SENDING'), count(*), sum(tries) FROM cases_delivery WHERE key = ANY(%s) GROUP BY 1"
        )
        while True:
            found = {waits: (count, int(tries)) for waits, count, tries in self.query(sql, references)}
            now = (found.get(True, (0, 0))[0], sum(tries for _, tries in found.values()))
            if now != seen:
                seen, end = now, time.monotonic() + seconds
            if not now[0] or time.monotonic() > end:
                return self.states(references)
            time.sleep(0.5)

    def verdict(self, kind: str, references: list[str], *, faults: int, after: float = 0) -> Verdict:
        states = self.settle(references)
        time.sleep(after)  # work that the department finishes after we gave up
        made = judge(kind.partition("-")[0], references, states, self.ledger(kind))
        return replace(made, faults=faults)


def within(seconds: float, what: Callable[[], Any]) -> float | None:
    """Seconds until `what` was true, or None when it was not in time."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        with contextlib.suppress(OSError, ValueError):
            if what():
                return time.monotonic() - start
        time.sleep(0.1)
    return None
