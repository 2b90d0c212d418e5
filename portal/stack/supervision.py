"""Child processes that are started again when they end by themselves: the embedded launcher and the full stack use it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

RESTART_AFTER_SECONDS = 1.0
STOP_SECONDS = 12.0
_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """Something cannot be started. The message says what to do."""


def _end_with_parent() -> None:
    """In the child, before exec: be told to end when the supervisor is killed (Linux; elsewhere Ctrl-C has to do)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process; its output goes to a log file, it is started again when it ends by itself.

    `user` runs it under another account (root only). `stop_signal` asks it to end.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        log_dir: Path,
        *,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.log = log_dir / f"{name}.log"
        self.user, self.stop_signal = user, stop_signal
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.signal(signal.SIGKILL)  # a child of the last one may live on, and would share the port
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - a supervisor has one thread
            )
        self.started = time.monotonic()

    def revive(self) -> bool:
        """Start it again if it has ended. True when it had."""
        if self.process is None or self.running or time.monotonic() - self.started < RESTART_AFTER_SECONDS:
            return False
        self.start()
        return True

    def signal(self, number: int) -> None:
        """To the whole group, also when its leader is gone."""
        if self.process is not None:
            self.process.poll()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def ask_to_end(self) -> None:
        if self.running:
            assert self.process is not None
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)


def end_all(children: Iterable[Child]) -> None:
    """Ask all to end, wait, then kill what is left."""
    asked = list(children)
    for child in asked:
        child.ask_to_end()
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end and any(child.running for child in asked):
        time.sleep(0.1)
    for child in asked:
        child.signal(signal.SIGKILL)


def require_free_port(port: int, name: str) -> None:
    """Raises StartError when something listens on this loopback port; `name` is the setting that chooses another."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise StartError(f"Port {port} is taken. Choose another one: {name}={port + 10}") from None


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str, stopped: Callable[[], bool] = lambda: False) -> None:
    """Wait for `ready`. Raises StartError after `seconds`; returns early when `stopped`."""
    end = time.monotonic() + seconds
    while not stopped():
        if ready():
            return
        if time.monotonic() > end:
            raise StartError(what)
        time.sleep(0.2)


def answers(url: str) -> bool:
    """Does this address answer with a 2xx within two seconds?"""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def is_listening(port: int) -> bool:
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
