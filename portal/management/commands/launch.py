"""`make run`: the whole portal on this machine, as separate processes that are started again when they die."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.demo.pretend import PRETEND_DEPARTMENTS, PretendDepartment
from portal.stack.supervision import Child, StartError, answers, end_all, require_free_port, wait_until


class Command(BaseCommand):
    help = "Migrate, load the demo city if the database is empty, then run web, worker and (DEMO=1) the pretend departments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        departments = PRETEND_DEPARTMENTS if settings.DEMO else ()
        lock = self._only_one()
        self._require_free(port, "PORT")
        for department in departments:
            self._require_free(department.chosen_port(), department.port_setting)
        with self._step("Database (the first time most of a minute: about 200 migrations, most of them the CMS's)"):
            call_command("migrate", verbosity=0, interactive=False)
        if settings.DEMO:
            with self._step("Demo city"):
                call_command("demo", "--at-chosen-ports", verbosity=0)
        with self._step("Static files"):
            call_command("collectstatic", verbosity=0, interactive=False)
        children = self._children(port, departments)
        stop = {"asked": False}

        def ask_to_stop(*_: Any) -> None:
            stop["asked"] = True

        signal.signal(signal.SIGINT, ask_to_stop)
        signal.signal(signal.SIGTERM, ask_to_stop)
        try:
            with self._step("Processes"):
                for child in children:
                    child.start()
                wait_until(
                    lambda: answers(f"http://127.0.0.1:{port}/healthz"),
                    seconds=60,
                    what=f"The portal did not answer within a minute; see {settings.VAR_DIR / 'log' / 'web.log'}",
                    stopped=lambda: stop["asked"],
                )
            self._say_where(port, departments)
            while not stop["asked"]:
                for child in children:
                    if child.revive():
                        self.stdout.write(f"{child.name} ended and was started again, see {child.log}")
                time.sleep(0.3)
        except StartError as error:
            raise CommandError(str(error)) from None
        finally:
            end_all(children)
            lock.close()

    def _only_one(self) -> IO[str]:
        """One launcher for one data folder: two would be two workers on one database."""
        held = (settings.VAR_DIR / "launch.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(f"The portal is running already with the data in {settings.VAR_DIR}. End it first.") from None
        return held

    def _require_free(self, port: int, name: str) -> None:
        try:
            require_free_port(port, name)
        except StartError as error:
            raise CommandError(f"{error} make run") from None

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self.stdout.write(f"{what} ...")
        self.stdout.flush()
        start = time.monotonic()
        yield
        self.stdout.write(f"  done in {time.monotonic() - start:.1f} s")
        self.stdout.flush()

    def _children(self, port: int, departments: Sequence[PretendDepartment]) -> list[Child]:
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
        portal = f"http://127.0.0.1:{port}"
        return [
            Child("web", web, environment, log_dir),
            Child("worker", worker, {**environment, "EMBED_BEAT": "1"}, log_dir),
            *(
                department.child(portal=portal, var_dir=settings.VAR_DIR, environment=environment, log_dir=log_dir)
                for department in departments
            ),
        ]

    def _say_where(self, port: int, departments: Sequence[PretendDepartment]) -> None:
        lines = ["", f"  Portal                 http://localhost:{port}/"]
        if settings.DEMO:
            lines += [
                *(f"  {d.label:22} http://127.0.0.1:{d.chosen_port()}/" for d in departments),
                "  Accounts               alice@example.org (resident), bob@example.org (clerk and editor), ...",
                "                         password of all: mojokerto-demo; the full list and the codes of staff are on the sign-in page",
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
