"""`make full`: the portal on PostgreSQL and Redis with separate processes and nginx in front, on this machine.

up                  start everything and stay; Ctrl-C ends it
stop                end it from another terminal
status              processes, and what /readyz says
logs [NAME]         follow the logs of all, or of one process
restart NAME        end one process; it is started again
hold NAME           end one process and keep it down (a fault on purpose)
release NAME        start it again
packages            install the Debian packages (root)
manage COMMAND ...  run a command of manage.py on its database and files
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from portal.demo.pretend import OLD_APP, PRETEND_DEPARTMENTS
from portal.stack import servers
from portal.stack.certificates import ensure_certificates
from portal.stack.configuration import ROOT, Stack, install, missing_packages
from portal.stack.supervision import Child, StartError, end_all, free_port, is_listening, require_free_port, wait_until

APPS = (*PRETEND_DEPARTMENTS, OLD_APP)


class Supervisor:
    """Starts the servers, prepares the data, starts the portal, and keeps all of it running until told to end."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.children: dict[str, Child] = {}
        self.ending = False

    def run(self) -> None:
        install(missing_packages())
        for folder in (self.stack.log, self.stack.var / "held"):
            folder.mkdir(parents=True, exist_ok=True)
        for mark in (self.stack.var / "held").iterdir():
            mark.unlink()
        with self._only_one():
            for name, port in [*self.stack.ports.items(), *((d.port_setting, d.chosen_port()) for d in APPS)]:
                require_free_port(port, name)
            signal.signal(signal.SIGINT, self._end)
            signal.signal(signal.SIGTERM, self._end)
            try:
                self._start()
                while not self.ending:
                    self._keep_running()
                    time.sleep(0.2)
            finally:
                end_all([child for name, child in self.children.items() if name not in ("postgres", "redis")])
                end_all(self.children.values())
                (self.stack.var / "processes.json").unlink(missing_ok=True)

    def _end(self, *_: object) -> None:
        self.ending = True

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        with (self.stack.var / "supervisor.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StartError("The full stack is running already. End it: make full-stop") from None
            yield

    def _start(self) -> None:
        stack = self.stack
        with _step("PostgreSQL and Redis"):
            for server, port in ((servers.postgres(stack), stack.postgres), (servers.redis(stack), stack.redis)):
                self._add(server)
                wait_until(partial(is_listening, port), seconds=30, what=f"{server.name} does not listen; see {server.log}")
            self._ensure_database()
        with _step("Database (the first time about a minute)"):
            self._manage("migrate", "--verbosity=0", "--noinput", DATABASE_STATEMENT_SECONDS="0")
        with _step("Demo city"):
            self._manage("demo", "--at-chosen-ports", "--verbosity=0", DATABASE_STATEMENT_SECONDS="0")
        with _step("Static files and certificate"):
            self._manage("collectstatic", "--verbosity=0", "--noinput")
            ensure_certificates(stack.var / "tls")
        with _step("Processes"):
            for child in (*portal_processes(stack), servers.nginx(stack)):
                self._add(child)
            wait_until(
                self._answers,
                seconds=60,
                what=f"The portal did not answer within a minute; see {stack.log}",
                stopped=lambda: self.ending,
            )
        self._say_where()

    def _answers(self) -> bool:
        return ask(self.stack, "/healthz") is not None

    def _add(self, child: Child) -> None:
        self.children[child.name] = child
        child.start()
        self._write_processes()

    def _keep_running(self) -> None:
        for name, child in self.children.items():
            if (self.stack.var / "held" / name).exists():
                child.ask_to_end()
            elif child.revive():
                self._write_processes()
                print(f"{name} ended and was started again, see {child.log}", flush=True)

    def _write_processes(self) -> None:
        pids = {name: child.process.pid for name, child in self.children.items() if child.process is not None}
        fresh = self.stack.var / "processes.new"
        fresh.write_text(json.dumps({"supervisor": os.getpid(), **pids}), encoding="ascii")
        fresh.rename(self.stack.var / "processes.json")

    def _ensure_database(self) -> None:
        import psycopg

        address = self.stack.database_url.rsplit("/", 1)[0] + "/postgres"

        def made() -> bool:
            try:
                with psycopg.connect(address, autocommit=True, connect_timeout=3) as connection:
                    if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone() is None:
                        connection.execute("CREATE DATABASE portal")
                    return True
            except psycopg.OperationalError:
                return False

        wait_until(made, seconds=30, what=f"PostgreSQL lets nobody in; see {self.stack.log / 'postgres.log'}")

    def _manage(self, *arguments: str, **environment: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        if subprocess.run(command, cwd=ROOT, env=self.stack.environment() | environment, check=False).returncode:
            raise StartError(f"`manage.py {arguments[0]}` failed; its words are above.")

    def _say_where(self) -> None:
        print(
            f"""
  Portal                 {self.stack.url}/   (http://localhost:{self.stack.http}/ leads there)
  Certificate authority  {self.stack.certificate_authority}   (of this machine only: trust it in the browser, or accept the warning)
  Old app                {self.stack.old_app_url}/   (behind the portal's sign-in by forward-auth; its account siti.lama, arsip-2009)
  Accounts               alice@example.org, bob@example.org, ...; password of all: mojokerto-demo; codes of staff: on the sign-in page
  Mails                  {self.stack.var / "mail"}
  Short messages         {self.stack.var / "pesan"}
  Logs                   {self.stack.log}   (make full-logs)

Ctrl-C ends all of it; `make full` again goes on with the same data.""",
            flush=True,
        )


def portal_processes(stack: Stack) -> list[Child]:
    """Web, worker, beat and the pretend departments."""
    environment = stack.environment()
    python = sys.executable
    celery = [python, "-m", "celery", "-q", "-A", "portal"]
    worker = [
        *celery,
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        environment["WORKER_THREADS"],
        "--loglevel",
        "WARNING",
    ]
    beat = [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING"]
    return [
        Child("web", web_command(stack, environment), environment, stack.log),
        *(
            Child(
                name,
                [*worker, "--without-gossip", "--without-mingle", "--without-heartbeat"],
                environment | {"FAULT_CLOCK": name if name == "worker-2" else ""},
                stack.log,
            )
            for name in worker_names(environment)
        ),
        Child("beat", [*beat, "--pidfile="], environment, stack.log),
        *(
            department.child(portal=stack.url, var_dir=stack.var, environment=environment, log_dir=stack.log)
            for department in APPS
        ),
    ]


def worker_names(environment: dict[str, str]) -> list[str]:
    return [f"worker-{number}" for number in range(1, int(environment.get("FULL_WORKERS", "2")) + 1)]


def web_command(stack: Stack, environment: dict[str, str]) -> list[str]:
    """granian; WEB_SERVER=gunicorn is the fallback."""
    threads, workers = environment["WEB_THREADS"], environment.get("WEB_WORKERS", "2")
    if environment.get("WEB_SERVER") == "gunicorn":
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{stack.web}", "--worker-class", "gthread"),
            *("--workers", workers, "--threads", threads, "--timeout", "60", "--keep-alive", "35"),
            *("--no-control-socket", "portal.wsgi:application"),
        ]
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(stack.web)),
        *("--workers", workers, "--blocking-threads", threads, "--respawn-failed-workers", "--no-ws"),
        *("--log-level", "warning", "portal.wsgi:application"),
    ]


def ask(stack: Stack, path: str) -> tuple[int, str] | None:
    """Status and body of an address through nginx, by the local authority's certificate; None when nothing answers."""
    try:
        context = ssl.create_default_context(cafile=str(stack.certificate_authority))
        with urllib.request.urlopen(f"{stack.url}{path}", timeout=3, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return (error.code, error.read().decode()) if path == "/readyz" else None
    except (urllib.error.URLError, OSError):
        return None


def processes(stack: Stack) -> dict[str, int]:
    """Process ids by name, the supervisor's among them. Raises StartError when it does not run."""
    try:
        found: dict[str, int] = json.loads((stack.var / "processes.json").read_text(encoding="ascii"))
        os.kill(found["supervisor"], 0)
    except (OSError, ValueError):
        raise StartError("The full stack is not running. Start it: make full") from None
    return found


def one_of(stack: Stack, name: str) -> int:
    known = processes(stack)
    if name not in known or name == "supervisor":
        raise StartError(f"No process {name!r}. There are: {', '.join(n for n in known if n != 'supervisor')}")
    return known[name]


def stop(stack: Stack) -> None:
    number = processes(stack)["supervisor"]
    os.kill(number, signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        end = time.monotonic() + 40
        while time.monotonic() < end:
            os.kill(number, 0)
            time.sleep(0.2)
        raise StartError(f"Process {number} does not end; see {stack.log}")


def status(stack: Stack) -> None:
    for name, number in processes(stack).items():
        held = (stack.var / "held" / name).exists()
        alive = Path(f"/proc/{number}").exists() and not held
        print(f"{name:16} {number:>8} {'held down' if held else 'running' if alive else 'ended'}")
    answer = ask(stack, "/readyz")
    print(f"/readyz: {answer[0]} {answer[1]}" if answer else "/readyz: no answer")


def logs(stack: Stack, name: str | None) -> None:
    files = [stack.log / f"{name}.log"] if name else sorted(stack.log.glob("*.log"))
    if not all(file.exists() for file in files):
        raise StartError(f"No log of {name!r} in {stack.log}")
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(["tail", "-n", "40", "-F", *map(str, files)], check=False)


def hold(stack: Stack, name: str) -> None:
    one_of(stack, name)
    (stack.var / "held" / name).touch()


def release(stack: Stack, name: str) -> None:
    one_of(stack, name)
    (stack.var / "held" / name).unlink(missing_ok=True)


def with_postgres(command: list[str]) -> int:
    """Run `command` with a cluster in a folder of its own; returns its exit code."""
    install(missing_packages())
    with tempfile.TemporaryDirectory(prefix="layanan-kota-") as folder:
        Path(folder).chmod(0o755)
        stack = replace(Stack.from_environment(), var=Path(folder), postgres=free_port())
        stack.log.mkdir()
        server = servers.postgres(stack, lasting=False)
        server.start()
        try:
            wait_until(partial(is_listening, stack.postgres), seconds=30, what=server.log.read_text())
            address = stack.database_url.rsplit("/", 1)[0] + "/postgres"
            environment = os.environ | {"DATABASE_URL": address, "DATABASE_STATEMENT_SECONDS": "60"}
            environment.pop("DJANGO_SETTINGS_MODULE", None)  # importing `portal` names the default; the command has its own
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            end_all([server])


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"{what} ...", flush=True)
    start = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - start:.1f} s", flush=True)


def main() -> int:
    if sys.argv[1:2] == ["with-postgres"]:
        return with_postgres(sys.argv[2:])
    if sys.argv[1:2] == ["manage"]:
        return subprocess.run(
            [sys.executable, "manage.py", *sys.argv[2:]], cwd=ROOT, env=Stack.from_environment().environment(), check=False
        ).returncode
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=["up", "stop", "status", "logs", "restart", "hold", "release", "packages"])
    parser.add_argument("name", nargs="?", default=None)
    asked = parser.parse_args()
    stack = Stack.from_environment()
    if asked.act in ("restart", "hold", "release") and not asked.name:
        parser.error(f"{asked.act} needs the name of a process; `status` lists them")
    try:
        match asked.act:
            case "up":
                Supervisor(stack).run()
            case "stop":
                stop(stack)
            case "status":
                status(stack)
            case "logs":
                logs(stack, asked.name)
            case "restart":
                os.kill(one_of(stack, asked.name), signal.SIGTERM)
            case "hold":
                hold(stack, asked.name)
            case "release":
                release(stack, asked.name)
            case "packages":
                install(missing_packages())
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
