"""`make run`: the whole portal on this machine, as separate processes that are started again when they die."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from services.adapters.models import Connection

RESTART_AFTER_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 12.0


def _end_with_parent() -> None:
    """In the child, before exec: be told to end when the launcher is killed (Linux; elsewhere Ctrl-C has to do)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process of the portal; its output goes to a log file, it is started again when it ends by itself."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log_dir: Path) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.log = log_dir / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0

    def start(self) -> None:
        self.signal(signal.SIGKILL)  # a child of the last one may live on, and would share the port
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - this command has one thread
            )
        self.started = time.monotonic()

    def revive(self) -> bool:
        """Start it again if it has ended. True when it had."""
        if self.process is None or self.process.poll() is None or time.monotonic() - self.started < RESTART_AFTER_SECONDS:
            return False
        self.start()
        return True

    def signal(self, number: int) -> None:
        """To the whole group, also when its leader is gone."""
        if self.process is not None:
            self.process.poll()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Command(BaseCommand):
    help = "Migrate, load the demo city if the database is empty, then run web, worker and (DEMO=1) the pretend departments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--registry-port", type=int, default=int(os.environ.get("REGISTRY_PORT", "8101")))

    def handle(self, *args: Any, **options: Any) -> None:
        port, registry_port = options["port"], options["registry_port"]
        lock = self._only_one()
        for wanted, name in ((port, "PORT"), (registry_port, "REGISTRY_PORT")):
            self._is_free(wanted, name)
        with self._step("Database (the first time most of a minute: about 200 migrations, most of them the CMS's)"):
            call_command("migrate", verbosity=0, interactive=False)
        if settings.DEMO and not User.objects.exists():
            with self._step("Demo city"):
                call_command("demo")
        if settings.DEMO:
            Connection.objects.filter(code="dukcapil").update(base_url=f"http://127.0.0.1:{registry_port}")
        with self._step("Static files"):
            call_command("collectstatic", verbosity=0, interactive=False)
        children = self._children(port, registry_port)
        stop = {"asked": False}

        def ask_to_stop(*_: Any) -> None:
            stop["asked"] = True

        signal.signal(signal.SIGINT, ask_to_stop)
        signal.signal(signal.SIGTERM, ask_to_stop)
        try:
            with self._step("Processes"):
                for child in children:
                    child.start()
                self._wait_for(f"http://127.0.0.1:{port}/healthz", lambda: stop["asked"])
            self._say_where(port, registry_port, children)
            while not stop["asked"]:
                for child in children:
                    if child.revive():
                        self.stdout.write(f"{child.name} ended and was started again, see {child.log}")
                time.sleep(0.3)
        finally:
            self._stop(children)
            lock.close()

    def _only_one(self) -> IO[str]:
        """One launcher for one data folder: two would be two workers on one database."""
        held = (settings.VAR_DIR / "launch.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(f"The portal is running already with the data in {settings.VAR_DIR}. End it first.") from None
        return held

    def _is_free(self, port: int, name: str) -> None:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                raise CommandError(f"Port {port} is taken. Choose another one: {name}={port + 10} make run") from None

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self.stdout.write(f"{what} ...")
        self.stdout.flush()
        start = time.monotonic()
        yield
        self.stdout.write(f"  done in {time.monotonic() - start:.1f} s")
        self.stdout.flush()

    def _children(self, port: int, registry_port: int) -> list[Child]:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "portal.settings.dev"),
            "PUBLIC_URL": settings.PUBLIC_URL,
            "VAR_DIR": str(settings.VAR_DIR),
            "PYTHONUNBUFFERED": "1",
        }
        log_dir = settings.VAR_DIR / "log"
        log_dir.mkdir(exist_ok=True)
        python = sys.executable
        web = [
            *(python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "1", "--blocking-threads", str(settings.WEB_THREADS), "--respawn-failed-workers"),
            *("--no-ws", "--log-level", "warning", "portal.wsgi:application"),
        ]
        worker = [
            *(python, "-m", "celery", "-q", "-A", "portal", "worker", "--pool", "threads"),
            *("--concurrency", str(settings.WORKER_THREADS), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
        children = [
            Child("web", web, environment, log_dir),
            Child("worker", worker, {**environment, "EMBED_BEAT": "1"}, log_dir),
        ]
        if settings.DEMO:
            registry = [
                *(python, "-m", "tests.backends.civil_registry", "--port", str(registry_port)),
                *("--store", str(settings.VAR_DIR / "civil_registry.sqlite3"), "--portal", f"http://127.0.0.1:{port}"),
            ]
            children.append(Child("civil-registry", registry, environment, log_dir))
        return children

    def _wait_for(self, url: str, stopped: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not stopped():
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        if not stopped():
            raise CommandError(f"The portal did not answer within a minute; see {settings.VAR_DIR / 'log' / 'web.log'}")

    def _say_where(self, port: int, registry_port: int, children: list[Child]) -> None:
        lines = ["", f"  Portal                 http://localhost:{port}/"]
        if settings.DEMO:
            lines += [
                f"  Pretend civil registry http://127.0.0.1:{registry_port}/",
                "  Accounts               alice@example.org (resident), bob@example.org (clerk and editor), ...",
                "                         password of all: mojokerto-demo; the full list is on the sign-in page",
                f"  Mails                  {settings.VAR_DIR / 'mail'}",
            ]
        lines += [
            f"  Work list              http://localhost:{port}/petugas/",
            f"  Editors                http://localhost:{port}/kelola/",
            f"  Logs                   {settings.VAR_DIR / 'log'}",
            "",
            "Ctrl-C ends all of it; run again to go on with the same data.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _stop(self, children: list[Child]) -> None:
        for child in children:
            child.signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and any(c.process and c.process.poll() is None for c in children):
            time.sleep(0.1)
        for child in children:
            child.signal(signal.SIGKILL)
