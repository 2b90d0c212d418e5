"""One consistent copy of the database with its counts and digests, and putting it back. Two vendors, one shape."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

from portal.stack.configuration import program

# Rows of these are compared by content, of all others by count.
DIGESTED = ("cases_case", "cases_delivery", "cases_caseevent", "cases_attachment", "accounts_accessentry", "accounts_user")

Query = Callable[[str], Iterable[tuple[Any, ...]]]


class BackupError(Exception):
    """A copy cannot be made or put back. The message says what to do."""


def figures(query: Query, tables: Iterable[str]) -> dict[str, Any]:
    """`{table: {"rows": n, "sha256": digest or ""}}`, the digest over all columns in the order of the id."""
    found: dict[str, Any] = {}
    for table in sorted(tables):
        if table in DIGESTED:
            digest, count = hashlib.sha256(), 0
            for row in query(f'SELECT * FROM "{table}" ORDER BY id'):  # noqa: S608 - names from the database's own catalogue
                digest.update(repr(row).encode())
                count += 1
            found[table] = {"rows": count, "sha256": digest.hexdigest()}
        else:
            ((count,),) = query(f'SELECT count(*) FROM "{table}"')  # noqa: S608
            found[table] = {"rows": count, "sha256": ""}
    return found


class Sqlite:
    """The online backup of SQLite: a copy of one moment, taken while others write."""

    vendor = "sqlite"
    file_name = "database.sqlite3"

    def __init__(self, alias: str = "default") -> None:
        self.path = Path(str(connections[alias].settings_dict["NAME"]))

    def dump(self, target: Path) -> dict[str, Any]:
        with closing(sqlite3.connect(self.path, timeout=30)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        return self._figures(target)

    def is_empty(self) -> bool:
        return not self.path.exists() or not _has_cases(self._query(self.path), self._tables(self.path))

    def is_in_use(self) -> bool:
        """Does `make run` hold this data folder?"""
        with (settings.VAR_DIR / "launch.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def load(self, source: Path) -> dict[str, Any]:
        connections.close_all()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.new")
        shutil.copyfile(source, fresh)
        fresh.replace(self.path)
        return self._figures(self.path)

    def _figures(self, path: Path) -> dict[str, Any]:
        return figures(self._query(path), self._tables(path))

    def _tables(self, path: Path) -> list[str]:
        names = self._query(path)("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
        return [name for (name,) in names if not name.startswith("sqlite_") and "_fts" not in name]

    def _query(self, path: Path) -> Query:
        def ask(sql: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
                return database.execute(sql).fetchall()

        return ask


class Postgres:
    """`pg_dump` and the counts read one exported snapshot: they are of the same moment whatever is written meanwhile."""

    vendor = "postgresql"
    file_name = "database.dump"

    def __init__(self, alias: str = "default") -> None:
        chosen = connections[alias].settings_dict
        self.address = {
            "host": chosen["HOST"] or "localhost",
            "port": str(chosen["PORT"] or 5432),
            "user": chosen["USER"],
            "dbname": str(chosen["NAME"]),
        }
        self.password = chosen["PASSWORD"]

    def dump(self, target: Path) -> dict[str, Any]:
        with self._connect() as session:
            session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            ((snapshot,),) = session.execute("SELECT pg_export_snapshot()").fetchall()
            self._run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}")
            return self._figures(session)

    def is_empty(self) -> bool:
        with self._connect() as session:
            return not _has_cases(self._query(session), self._tables(session))

    def is_in_use(self) -> bool:
        """Is anybody else connected, or does anybody connect while beat's sweep would come round?

        Workers hold no connection between two tasks, so a moment without one proves nothing.
        """
        connections.close_all()
        round_seconds = settings.CELERY_BEAT_SCHEDULE["sweep-deliveries"]["schedule"].run_every.total_seconds() + 5
        with self._connect() as session:
            session.autocommit = True  # in a transaction the statistics would stand still
            session.execute("SELECT 1")
            time.sleep(2)  # until our own session is counted
            before, end = self._sessions(session), time.monotonic() + round_seconds
            while time.monotonic() < end:
                if self._others(session) or self._sessions(session) > before:
                    return True
                time.sleep(0.5)
        return False

    def _others(self, session: psycopg.Connection[tuple[Any, ...]]) -> bool:
        others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return session.execute(f"{others} AND backend_type = 'client backend'").fetchone() is not None

    def _sessions(self, session: psycopg.Connection[tuple[Any, ...]]) -> int:
        """How many sessions this database has had."""
        counted = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
        return int(session.execute(counted).fetchall()[0][0])

    def load(self, source: Path) -> dict[str, Any]:
        """One transaction: everything is there afterwards, or everything is as before."""
        connections.close_all()
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.VAR_DIR) as folder:
            script = Path(folder) / "database.sql"
            self._run("pg_restore", "--no-owner", f"--file={script}", str(source))
            empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
            self._run(
                *("psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"),
                *(f"--command={empty}", f"--file={script}"),
            )
        with self._connect() as session:
            return self._figures(session)

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(**self.address, password=self.password, connect_timeout=5)

    def _figures(self, session: psycopg.Connection[tuple[Any, ...]]) -> dict[str, Any]:
        return figures(self._query(session), self._tables(session))

    def _tables(self, session: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
        return [n for (n,) in self._query(session)("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]

    def _query(self, session: psycopg.Connection[tuple[Any, ...]]) -> Query:
        return lambda sql: session.execute(sql.encode())

    def _run(self, name: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "PGHOST": self.address["host"],
            "PGPORT": self.address["port"],
            "PGUSER": self.address["user"],
            "PGDATABASE": self.address["dbname"],
            "PGPASSWORD": self.password,
        }
        done = subprocess.run([program(name), *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BackupError(f"{name} failed: {done.stderr.strip()}")


def database() -> Sqlite | Postgres:
    return Sqlite() if connections["default"].vendor == "sqlite" else Postgres()


def _has_cases(query: Query, tables: list[str]) -> bool:
    return "cases_case" in tables and any(True for _ in query("SELECT 1 FROM cases_case LIMIT 1"))
