"""Targets as processes of their own: started, pinned to a core, measured by the CPU time that the kernel counted, stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
TARGET_CORE, LOAD_CORE = str(CORES[0]), str(CORES[-1])


def free_port() -> int:
    first = int(os.environ.get("BENCH_PORT", "18300"))
    for port in range(first, first + 200):
        if port in _taken:
            continue
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port
    raise SystemExit(f"No free port from {first} on. Choose another range: BENCH_PORT=20000 make bench")


_taken: set[int] = set()


def granian(application: str, port: int, *, threads: int = 16) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--log-level", "warning", application),
    ]


class Target:
    """A server and its children. `with Target(...) as target:` waits until it answers and ends it afterwards."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        url: str = "",
        environment: dict[str, str] | None = None,
        pinned: bool = True,
        user: str | None = None,
    ) -> None:
        self.name, self.url, self.log = name, url, log
        self.command = ["taskset", "-c", TARGET_CORE, *command] if pinned else command
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(environment or {})}
        self.user = user
        self.started_after = 0.0

    def __enter__(self) -> Target:
        begin = time.monotonic()
        with (self.log / f"{self.name}.log").open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT if self.user is None else "/",
                start_new_session=True,
                user=self.user,
                group=self.user,
            )
        if self.url:
            self._wait()
        self.started_after = time.monotonic() - begin
        return self

    def _wait(self) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url, timeout=20):
                    return
            except urllib.error.HTTPError as error:
                raise SystemExit(f"{self.name}: {self.url} answers {error.code}; see {self.log}") from None
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise SystemExit(f"{self.name} does not answer at {self.url}; see {self.log / self.name}.log")

    def __exit__(self, *_: object) -> None:
        for number, seconds in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 2.0)):
            if self.process.poll() is not None:
                return
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue

    def cpu_seconds(self) -> float:
        """User and system time of all processes of the target's session."""
        total = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                total += int(fields[11]) + int(fields[12])
        return total / TICK


@dataclass(frozen=True)
class Run:
    """One run of wrk: requests completed, a second, how many were not 2xx or 3xx, and the target's CPU for each."""

    requests: int
    per_second: float
    failed: int
    p95_ms: float
    p99_ms: float
    cpu_us: float


# wrk itself prints no 95th percentile.
P95 = (
    """done = function(summary, latency, requests) io.write(string.format("p95 %d us\\n", latency:percentile(95.0))) end\n"""
)


def wrk(
    targets: list[Target], url: str, seconds: float, *, headers: dict[str, str] | None = None, connections: int = 16
) -> Run:
    """These connections for `seconds` after a short warm-up."""
    given = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    script = ROOT / "var" / "bench" / "p95.lua"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(P95)
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", "--latency", "-s", str(script), *given]
    warm = [*command, "-d1s", url]
    subprocess.run(warm, check=True, capture_output=True)
    before = sum(t.cpu_seconds() for t in targets)
    out = subprocess.run([*command, f"-d{max(1, round(seconds))}s", url], check=True, capture_output=True, text=True).stdout
    used = sum(t.cpu_seconds() for t in targets) - before
    done = re.search(r"(\d+) requests in", out)
    if done is None:
        raise SystemExit(f"wrk said something unexpected:\n{out}")
    requests = max(1, int(done[1]))
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    p95 = re.search(r"p95 (\d+) us", out)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return Run(
        requests,
        float(rate[1]) if rate else 0.0,
        int(failed[1]) if failed else 0,
        int(p95[1]) / 1000 if p95 else 0.0,
        float(slow[1]) * scale[slow[2]] if slow else 0.0,
        used / requests * 1e6,
    )


def missing_programs() -> list[str]:
    return [
        name for name in ("wrk", "taskset", "nginx") if shutil.which(name) is None and not Path("/usr/sbin", name).exists()
    ]
