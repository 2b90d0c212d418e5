"""What every pretend department keeps: applications, later acts, answers by key, a ledger of requests, its mode."""

import hashlib
import json
import sqlite3
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

WIB = timezone(timedelta(hours=7))
SCHEMA = """
CREATE TABLE IF NOT EXISTS applications (
  id INTEGER PRIMARY KEY, number TEXT UNIQUE, reference TEXT, service TEXT, body TEXT, files TEXT,
  status TEXT, message TEXT DEFAULT '', version INTEGER DEFAULT 0, at TEXT);
CREATE INDEX IF NOT EXISTS by_reference ON applications (reference);
CREATE TABLE IF NOT EXISTS acts (
  id INTEGER PRIMARY KEY, number TEXT UNIQUE, reference TEXT, kind TEXT, application TEXT, text TEXT, files TEXT, at TEXT);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, digest TEXT, state TEXT, status INTEGER, answer TEXT);
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, key TEXT, reference TEXT, digest TEXT, at REAL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT);
"""


def now() -> str:
    return datetime.now(WIB).isoformat(timespec="seconds")


class OfficeStore:
    """One SQLite file, one connection, one lock: slow and safe, which is all a pretend department needs."""

    schema = SCHEMA
    prefix = ""  # of its numbers
    arrived: str  # the status of a new application
    asked: str  # it waits for the resident
    answered: str  # the resident has answered
    closed: frozenset[str]

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(self.schema)
        self.db.execute("DELETE FROM keys WHERE state = 'working'")  # their worker died with the last process

    def all(self, sql: str, *values: object) -> list[dict]:
        with self.lock:
            return [dict(row) for row in self.db.execute(sql, values)]

    def one(self, sql: str, *values: object) -> dict | None:
        return next(iter(self.all(sql, *values)), None)

    # --- mode ---
    def mode(self) -> dict:
        row = self.one("SELECT value FROM settings WHERE name = 'mode'")
        return json.loads(row["value"]) if row else {"mode": "normal"}

    def set_mode(self, mode: str, seconds: float = 5.0, times: int | None = None) -> None:
        value = json.dumps({"mode": mode, "seconds": seconds, "times": times})
        with self.lock:
            self.db.execute("INSERT OR REPLACE INTO settings VALUES ('mode', ?)", (value,))

    def take_mode(self) -> dict:
        """The mode for one request; a mode with `times` runs out."""
        with self.lock:
            mode = self.mode()
            if mode.get("times") is not None:
                left = mode["times"] - 1
                self.set_mode("normal" if left <= 0 else mode["mode"], mode["seconds"], None if left <= 0 else left)
            return mode

    # --- requests and keys ---
    def note_request(self, key: str, reference: str, body: bytes) -> None:
        with self.lock:
            self.db.execute(
                "INSERT INTO requests (key, reference, digest, at) VALUES (?, ?, ?, ?)",
                (key, reference, hashlib.sha256(body).hexdigest(), time.time()),
            )

    def claim_key(self, key: str, body: bytes) -> tuple[int, dict] | None:
        """None when the work is ours to do, else the answer: the old one, 409 while working, 422 for another body."""
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            row = self.one("SELECT * FROM keys WHERE key = ?", key)
            if row is None:
                self.db.execute("INSERT INTO keys VALUES (?, ?, 'working', 0, '')", (key, digest))
                return None
            if row["digest"] != digest:
                return 422, {"kode": "kunci_dipakai", "pesan": "Kunci ini sudah dipakai untuk isi yang lain."}
            if row["state"] == "working":
                return 409, {"kode": "sedang_dikerjakan", "pesan": "Permintaan dengan kunci ini masih dikerjakan."}
            return row["status"], json.loads(row["answer"])

    def drop_key(self, key: str) -> None:
        with self.lock:
            self.db.execute("DELETE FROM keys WHERE key = ? AND state = 'working'", (key,))

    def _done(self, key: str | None, answer: dict) -> None:
        if key is not None:
            self.db.execute(
                "UPDATE keys SET state = 'done', status = 201, answer = ? WHERE key = ?", (json.dumps(answer), key)
            )

    # --- effects ---
    def accept(self, data: dict, reference: str, service: str, files: list[dict], key: str | None) -> dict:
        """The effect: a new application with its own number, and the answer for its key, in one transaction."""
        at = now()
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            cursor = self.db.execute(
                "INSERT INTO applications (reference, service, body, files, status, at) VALUES (?, ?, ?, ?, ?, ?)",
                (reference, service, json.dumps(data), json.dumps(files), self.arrived, at),
            )
            number = f"{self.prefix}-{at[:4]}-{cursor.lastrowid:06d}"
            self.db.execute("UPDATE applications SET number = ? WHERE id = ?", (number, cursor.lastrowid))
            answer = self.receipt(number, reference, self.arrived, at)
            self._done(key, answer)
            self.db.execute("COMMIT")
        return answer

    def add_act(self, kind: str, application: str, reference: str, text: str, files: list[dict], key: str | None) -> dict:
        """The effect of a later act (ANSWER, ATTACHMENT, WITHDRAW), and the answer for its key, in one transaction."""
        at = now()
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            row = self.one("SELECT * FROM applications WHERE number = ?", application)
            assert row is not None, "it was looked up before"
            cursor = self.db.execute(
                "INSERT INTO acts (reference, kind, application, text, files, at) VALUES (?, ?, ?, ?, ?, ?)",
                (reference, kind, application, text, json.dumps(files), at),
            )
            number = f"{self.prefix}-S{cursor.lastrowid:06d}"
            self.db.execute("UPDATE acts SET number = ? WHERE id = ?", (number, cursor.lastrowid))
            status = self.status_after(kind, row["status"])
            if status != row["status"]:
                self._move(row, status, "", at)
            answer = self.receipt(number, reference, status, at)
            self._done(key, answer)
            self.db.execute("COMMIT")
        return answer

    def status_after(self, kind: str, status: str) -> str:
        """What a later act does to the status by itself."""
        return self.answered if kind == "ANSWER" and status == self.asked else status

    def receipt(self, number: str, reference: str, status: str, at: str) -> dict:
        raise NotImplementedError

    def decide(self, number: str, status: str, message: str) -> bool:
        """Set a status, as the department's staff do; what follows from it is in the same transaction."""
        with self.lock:
            row = self.one("SELECT * FROM applications WHERE number = ?", number)
            if row is None:
                return False
            self.db.execute("BEGIN IMMEDIATE")
            self._move(row, status, message, now())
            self.db.execute("COMMIT")
        return True

    def _move(self, row: dict, status: str, message: str, at: str) -> int:
        version = row["version"] + 1
        self.db.execute(
            "UPDATE applications SET status = ?, message = ?, version = ?, at = ? WHERE number = ?",
            (status, message, version, at, row["number"]),
        )
        return version

    # --- reading ---
    def find(self, reference: str) -> dict | None:
        """The first application or later act under the portal's reference."""
        return self.one("SELECT * FROM applications WHERE reference = ? ORDER BY id", reference) or self.one(
            "SELECT acts.number, acts.reference, status, '' AS message, version, acts.at FROM acts"
            " JOIN applications ON applications.number = application WHERE acts.reference = ? ORDER BY acts.id",
            reference,
        )

    def ledger(self) -> dict:
        """For tests: effects per reference, requests per key, writes without a key."""
        effects = self.all(
            "SELECT reference, COUNT(*) AS n FROM"
            " (SELECT reference FROM applications UNION ALL SELECT reference FROM acts) GROUP BY reference"
        )
        requests = self.all("SELECT key, COUNT(*) AS n, COUNT(DISTINCT digest) AS bodies FROM requests GROUP BY key")
        return {
            "effects": {row["reference"]: row["n"] for row in effects},
            "acts": self.all("SELECT reference, kind, application, text, files FROM acts ORDER BY id"),
            "requests": {row["key"]: row["n"] for row in requests if row["key"]},
            "bodies": {row["key"]: row["bodies"] for row in requests if row["key"]},
            "keyless": sum(row["n"] for row in requests if not row["key"]),
            "numbers": {row["reference"]: row["number"] for row in self.all("SELECT reference, number FROM applications")},
        }
