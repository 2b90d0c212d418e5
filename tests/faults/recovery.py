"""A backup taken under load and restored elsewhere, and a deploy in the middle: workers of two releases on one database."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from portal.stack.configuration import ROOT
from portal.stack.supervision import Child, end_all, is_listening
from tests.faults.load import clients
from tests.faults.site import CLASSES, Site, within
from tests.faults.verdict import Verdict, judge

WORKER = (*(sys.executable, "-m", "celery", "-q", "-A", "portal", "worker"), *("--pool", "threads", "--concurrency", "8"))
BEAT = (
    *(sys.executable, "-m", "celery", "-q", "-A", "portal", "beat"),
    *("--scheduler", "celery.beat:Scheduler", "--pidfile="),
)


def restored_elsewhere(site: Site, times: int) -> dict[str, Verdict]:
    """What the backup has is in the other database by count and digest, goes out from there once, and nothing twice."""
    folder = site.stack.var / "kept"
    with clients(site) as made:
        time.sleep(2)
        answer = _manage(site.stack.environment(), "backup", str(folder))
        time.sleep(2)
    found = {kind: site.verdict(kind, made[kind], faults=1) for kind in CLASSES}
    if answer.returncode:
        found["key"].remarks.append(f"no backup: {answer.stderr.strip()[-300:]}")
        return found
    backup = Path(answer.stdout.strip().splitlines()[-1])
    with _another_database(site) as (environment, address):
        answer = _manage(environment, "restore", str(backup))
        if answer.returncode:
            found["key"].remarks.append(f"not restored: {answer.stderr.strip()[-300:]}")
            return found
        _judge_copy(site, environment, address, backup, made, found)
    return found


def _judge_copy(
    site: Site,
    environment: dict[str, str],
    address: str,
    backup: Path,
    made: dict[str, list[str]],
    found: dict[str, Verdict],
) -> None:
    manifest = json.loads((backup / "manifest.json").read_text(encoding="utf-8"))

    def ask(sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(address, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    kept = {str(reference) for (reference,) in ask("SELECT reference FROM cases_case")}
    if len(kept) != manifest["database"]["tables"]["cases_case"]["rows"]:
        found["key"].remarks.append("the restored database has another number of cases")
    log = site.stack.var / "elsewhere"
    workers = [Child("worker", [*WORKER], environment, log), Child("beat", [*BEAT], environment, log)]
    for child in workers:
        child.start()
    try:
        if (
            within(120, lambda: not ask("SELECT 1 FROM cases_delivery WHERE state IN ('PENDING', 'SENDING') LIMIT 1"))
            is None
        ):
            found["key"].remarks.append("the restored system did not finish what was on its way")
    finally:
        end_all(workers)
    states = {str(key): str(state) for key, state in ask("SELECT key, state FROM cases_delivery")}
    for kind in CLASSES:
        again = judge(kind, [reference for reference in made[kind] if reference in kept], states, site.ledger(kind))
        again.submitted = again.effects = 0  # they are counted already
        found[kind].add(again)


@contextlib.contextmanager
def _another_database(site: Site) -> Iterator[tuple[dict[str, str], str]]:
    """Environment of a second portal on the same servers, without faults: database, Redis and files of its own."""
    address = f"{site.stack.database_url}_elsewhere"
    folder = site.stack.var / "elsewhere"
    folder.mkdir(exist_ok=True)
    environment = site.stack.environment() | {
        "DATABASE_URL": address,
        "REDIS_URL": site.stack.redis_url.removesuffix("/0") + "/1",
        "VAR_DIR": str(folder),
        "FAULT_FILE": "",
    }
    site.query("DROP DATABASE IF EXISTS portal_elsewhere WITH (FORCE)")
    site.query("CREATE DATABASE portal_elsewhere")
    try:
        yield environment, address
    finally:
        site.query("DROP DATABASE portal_elsewhere WITH (FORCE)")


def _manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def two_releases(commit: str) -> Callable[[Site, int], dict[str, Verdict]]:
    """Half of the workers are of the release at `commit`, on the newer one's tables; workers of both are killed meanwhile.

    For the last third the web process is the older one too: a deploy that is taken back.
    """

    def run(site: Site, times: int) -> dict[str, Verdict]:
        old = site.stack.var / "older"
        subprocess.run(
            ["git", "worktree", "add", "--force", "--detach", str(old), commit], cwd=ROOT, check=True, capture_output=True
        )
        try:
            return _with_older(site, times, old)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(old)], cwd=ROOT, check=True, capture_output=True)

    return run


def _with_older(site: Site, times: int, old: Path) -> dict[str, Verdict]:
    # `env -C` starts it in the older checkout, whose modules come first then.
    command = ["env", "-C", str(old), "FAULT_CLOCK=", *WORKER, "--without-gossip", "--without-mingle", "--without-heartbeat"]
    older = [Child(f"older-{number}", command, site.stack.environment(), site.stack.log) for number in (1, 2)]
    rounds = max(1, times // 5)
    with site.held_down("worker-3"), site.held_down("worker-4"):
        for child in older:
            child.start()
        try:
            with clients(site) as made:
                for _ in range(rounds):
                    time.sleep(3)
                    site.kill("worker-1")
                    older[0].start()  # kills it first
                    time.sleep(3)
                made_by_newer = len(made["key"])
                with _older_web(site, old):
                    time.sleep(3 * rounds)
                made_by_older = len(made["key"]) - made_by_newer
            found = {kind: site.verdict(kind, made[kind], faults=2 * rounds) for kind in CLASSES}
        finally:
            end_all(older)
    if not made_by_older:
        found["key"].remarks.append("the older web process took nothing")
    return found


@contextlib.contextmanager
def _older_web(site: Site, old: Path) -> Iterator[None]:
    with site.held_down("web"):
        within(20, lambda: not is_listening(site.stack.web))
        command = ["env", "-C", str(old), sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += [
            "--port",
            str(site.stack.web),
            "--workers",
            "1",
            "--blocking-threads",
            "16",
            "--no-ws",
            "portal.wsgi:application",
        ]
        web = Child("older-web", command, site.stack.environment(), site.stack.log)
        web.start()
        try:
            within(30, lambda: is_listening(site.stack.web))
            yield
        finally:
            end_all([web])


def newest_migration_before() -> str:
    """The commit before the newest one that changed a table; "" where the history does not reach so far."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--verify", "--quiet", f"{git('log', '-1', '--format=%H', '--', '*/migrations/*.py')}^")
