"""A pretend civil registration office: its own process, its own store, its own way of failing.

    python -m tests.backends.civil_registry --port 8101 --store var/civil_registry.sqlite3 --portal http://127.0.0.1:8000

It takes applications as JSON with OAuth2 client credentials and keeps a ledger: every request and every effect per key.
`--idempotency key` honours `Idempotency-Key`; `lookup` and `none` do not, so a second request is a second effect.
On `/` a person works on applications and chooses how the system behaves.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import html
import json
import secrets
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CLIENT_ID = "layanan-kota"
CLIENT_SECRET = "dukcapil-demo-secret"
WEBHOOK_SECRET = "whsec_ZHVrY2FwaWwtZGVtby13ZWJob29rLXNlY3JldA=="
MODES = {
    "normal": "Normal",
    "slow": "Lambat (8 detik)",
    "down": "Pemeliharaan (503)",
    "cut": "Memutus sambungan",
    "fail_after": "Mengerjakan, lalu menjawab 500",
    "cut_after": "Mengerjakan, lalu memutus sambungan",
    "half": "Mengerjakan, lalu setengah jawaban",
    "html": "Mengerjakan, lalu menjawab HTML",
    "huge": "Mengerjakan, lalu jawaban 12 MiB",
    "reject": "Menolak isian (422)",
}
ACTIONS = {"terima": "diproses", "tanya": "perlu_perbaikan", "tolak": "ditolak", "selesai": "selesai"}

SCHEMA = """
CREATE TABLE IF NOT EXISTS application (
  number TEXT PRIMARY KEY, reference TEXT NOT NULL, digest TEXT NOT NULL, payload TEXT NOT NULL, files INTEGER NOT NULL,
  status TEXT NOT NULL, version INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY, reference TEXT NOT NULL, keyed INTEGER NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, body TEXT NOT NULL, tries INTEGER NOT NULL, due REAL NOT NULL);
"""


class Office:
    """Store and rules. Every method is one short transaction; `lock` keeps the threads apart."""

    def __init__(self, store: Path, idempotency: str, portal: str) -> None:
        store.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(store, check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA)
        self.idempotency, self.portal = idempotency, portal.rstrip("/")
        self.mode, self.slow_seconds = "normal", 8.0
        self.tokens: dict[str, float] = {}
        self.wake = threading.Event()

    def submit(self, reference: str, keyed: bool, raw: bytes) -> tuple[int, dict[str, Any]]:
        data = json.loads(raw)
        digest = hashlib.sha256(raw).hexdigest()
        files = data.get("berkas", [])
        for file in files:
            content = base64.b64decode(file["isi"])
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                return 422, {"kesalahan": [{"kolom": "berkas", "pesan": "Berkas rusak di jalan"}]}
        with self.lock:
            self.db.execute("INSERT INTO request (reference, keyed, at) VALUES (?, ?, ?)", (reference, int(keyed), time.time()))
            if self.idempotency == "key":
                found = self.db.execute("SELECT * FROM application WHERE reference = ?", (reference,)).fetchone()
                if found is not None and found["digest"] != digest:
                    return 422, {"kesalahan": [{"kolom": "", "pesan": "Kunci yang sama dengan isi lain"}]}
                if found is not None:
                    return 201, {"nomor": found["number"], "status": found["status"]}
            number = f"DKC-{secrets.token_hex(4).upper()}"
            payload = json.dumps({k: v for k, v in data.items() if k != "berkas"}, ensure_ascii=False)
            self.db.execute(
                "INSERT INTO application VALUES (?, ?, ?, ?, ?, 'diterima', 1, ?)",
                (number, reference, digest, payload, len(files), time.time()),
            )
            return 201, {"nomor": number, "status": "diterima"}

    def find(self, reference: str) -> sqlite3.Row | None:
        with self.lock:
            row: sqlite3.Row | None = self.db.execute(
                "SELECT * FROM application WHERE reference = ? OR number = ?", (reference, reference)
            ).fetchone()
            return row

    def applications(self) -> list[sqlite3.Row]:
        with self.lock:
            return self.db.execute("SELECT * FROM application ORDER BY at DESC LIMIT 200").fetchall()

    def ledger(self) -> dict[str, Any]:
        with self.lock:
            effects = self.db.execute("SELECT reference, count(*) n FROM application GROUP BY reference").fetchall()
            requests = self.db.execute("SELECT reference, count(*) n, min(keyed) k FROM request GROUP BY reference").fetchall()
        return {
            "effects": {row["reference"]: row["n"] for row in effects},
            "requests": {row["reference"]: row["n"] for row in requests},
            "keyless": sum(1 for row in requests if not row["k"]),
        }

    def decide(self, number: str, action: str, note: str) -> bool:
        """A decision of the office, and the event that tells the portal; both in one transaction."""
        with self.lock:
            row = self.db.execute("SELECT * FROM application WHERE number = ?", (number,)).fetchone()
            if row is None or action not in ACTIONS:
                return False
            version = row["version"] + 1
            body = {
                "jenis": "permohonan.status",
                "rujukan": row["reference"],
                "nomor": number,
                "status": ACTIONS[action],
                "catatan": note[:500],
                "versi": version,
                "waktu": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            }
            self.db.execute("BEGIN")
            self.db.execute("UPDATE application SET status = ?, version = ? WHERE number = ?", (ACTIONS[action], version, number))
            self.db.execute("INSERT INTO event VALUES (?, ?, 0, 0)", (f"evt_{secrets.token_hex(8)}", json.dumps(body)))
            self.db.execute("COMMIT")
        self.wake.set()
        return True

    def send_events(self) -> None:
        """For ever: deliver events, each until the portal has taken it."""
        while True:
            self.wake.wait(0.5)
            self.wake.clear()
            with self.lock:
                due = self.db.execute("SELECT * FROM event WHERE due <= ? ORDER BY rowid", (time.time(),)).fetchall()
            for event in due:
                taken = self._post(event["id"], event["body"].encode())
                with self.lock:
                    if taken:
                        self.db.execute("DELETE FROM event WHERE id = ?", (event["id"],))
                    else:
                        wait = min(60.0, 2.0 ** event["tries"])
                        self.db.execute("UPDATE event SET tries = tries + 1, due = ? WHERE id = ?", (time.time() + wait, event["id"]))

    def _post(self, event_id: str, body: bytes) -> bool:
        stamp = int(time.time())
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        request = urllib.request.Request(
            f"{self.portal}/webhooks/dukcapil/",
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": event_id,
                "webhook-timestamp": str(stamp),
                "webhook-signature": f"v1,{signature}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return 200 <= answer.status < 300
        except (urllib.error.URLError, OSError):
            return False


class Door(BaseHTTPRequestHandler):
    office: Office
    protocol_version = "HTTP/1.1"
    server_version = "CivilRegistry"

    def log_message(self, *_: Any) -> None:
        """The log of a pretend office is its ledger."""

    def answer(self, status: int, body: Any, content_type: str = "application/json") -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def authorised(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.office.tokens.get(token, 0) > time.time():
            return True
        self.answer(401, {"kesalahan": "token"})
        return False

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        if path == "/":
            self.answer(200, page(self.office), "text/html; charset=utf-8")
        elif path == "/ledger":
            self.answer(200, self.office.ledger())
        elif path == "/mode":
            self.answer(200, {"mode": self.office.mode})
        elif self.office.mode in ("down", "cut"):
            self.cut() if self.office.mode == "cut" else self.answer(503, {"kesalahan": "pemeliharaan"})
        elif path == "/health":
            if self.authorised():
                self.answer(200, {"status": "baik"})
        elif path.startswith("/api/permohonan/"):
            if self.authorised():
                self.show(urllib.parse.unquote(path.removeprefix("/api/permohonan/").removesuffix("/status")))
        else:
            self.answer(404, {"kesalahan": "tidak ada"})

    def show(self, reference: str) -> None:
        row = self.office.find(reference)
        if row is None:
            self.answer(404, {"kesalahan": "tidak_ditemukan"})
        else:
            found = {"nomor": row["number"], "rujukan": row["reference"], "status": row["status"], "versi": row["version"]}
            self.answer(200, found)

    def do_POST(self) -> None:
        path, raw = urllib.parse.urlsplit(self.path).path, self.body()
        if path == "/mode":
            wanted = json.loads(raw)
            self.office.mode = wanted["mode"] if wanted["mode"] in MODES else "normal"
            self.office.slow_seconds = float(wanted.get("seconds", 8.0))
            self.answer(200, {"mode": self.office.mode})
        elif path == "/keputusan":
            self.person(urllib.parse.parse_qs(raw.decode()))
        elif self.office.mode == "down":
            self.answer(503, {"kesalahan": "pemeliharaan"})
        elif self.office.mode == "cut":
            self.cut()
        elif path == "/oauth/token":
            self.token(raw)
        elif path == "/api/permohonan":
            if self.authorised():
                self.take(raw)
        else:
            self.answer(404, {"kesalahan": "tidak ada"})

    def token(self, raw: bytes) -> None:
        given = urllib.parse.parse_qs(raw.decode())
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        in_body = given.get("client_id") == [CLIENT_ID] and given.get("client_secret") == [CLIENT_SECRET]
        if not in_body and self.headers.get("Authorization") != f"Basic {basic}":
            self.answer(401, {"error": "invalid_client"})
            return
        token = secrets.token_urlsafe(24)
        self.office.tokens[token] = time.time() + 300
        self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def take(self, raw: bytes) -> None:
        mode = self.office.mode
        if mode == "reject":
            self.answer(422, {"kesalahan": [{"kolom": "no_kk", "pesan": "Nomor KK tidak ada dalam data kependudukan"}]})
            return
        if mode == "slow":
            time.sleep(self.office.slow_seconds)
        key = self.headers.get("Idempotency-Key", "")
        status, answer = self.office.submit(key or json.loads(raw).get("rujukan", ""), bool(key), raw)
        text = json.dumps(answer)
        if mode == "fail_after":
            self.answer(500, {"kesalahan": "galat"})
        elif mode == "cut_after":
            self.cut()
        elif mode == "html":
            self.answer(200, "<html><body>Terima kasih</body></html>", "text/html")
        elif mode == "huge":
            self.answer(201, {"nomor": answer.get("nomor"), "isi": "x" * (12 * 1024 * 1024)})
        elif mode == "half":
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2].encode())
            self.wfile.flush()
            self.cut()
        else:
            self.answer(status, answer)

    def person(self, form: dict[str, list[str]]) -> None:
        """The buttons of the page."""
        value = {name: values[0] for name, values in form.items()}
        if "mode" in value:
            self.office.mode = value["mode"] if value["mode"] in MODES else "normal"
        else:
            self.office.decide(value.get("nomor", ""), value.get("keputusan", ""), value.get("catatan", ""))
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()


def page(office: Office) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(row['number'])}<br><small>{html.escape(row['reference'])}</small></td>"
        f"<td><b>{html.escape(row['status'])}</b><br><small>{row['files']} berkas</small></td>"
        f"<td><details><summary>Isi</summary><pre>{html.escape(json.dumps(json.loads(row['payload']), indent=1, ensure_ascii=False))}</pre></details></td>"
        f"<td><form method=post action=/keputusan><input type=hidden name=nomor value='{html.escape(row['number'])}'>"
        f"<label>Catatan <input name=catatan></label> "
        + "".join(f"<button name=keputusan value={a}>{a.title()}</button> " for a in ACTIONS)
        + "</form></td></tr>"
        for row in office.applications()
    )
    modes = "".join(
        f"<button name=mode value={key}{' disabled' if key == office.mode else ''}>{html.escape(label)}</button> "
        for key, label in MODES.items()
    )
    return (
        "<!doctype html><html lang=id><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>Dukcapil tiruan</title><style>body{font:16px/1.5 system-ui;margin:1rem;max-width:70rem}td{vertical-align:top;"
        "padding:.5rem;border-top:1px solid #ccc}button{margin:.1rem;padding:.4rem .7rem}</style>"
        f"<h1>Sistem Dukcapil tiruan</h1><p>Keadaan sekarang: <b>{html.escape(MODES[office.mode])}</b></p>"
        f"<form method=post action=/keputusan>{modes}</form><h2>Permohonan</h2><table>{rows or '<tr><td>Belum ada</td></tr>'}</table></html>"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8101)
    parser.add_argument("--store", type=Path, default=Path("var/civil_registry.sqlite3"))
    parser.add_argument("--portal", default="http://127.0.0.1:8000")
    parser.add_argument("--idempotency", choices=["key", "lookup", "none"], default="key")
    options = parser.parse_args()
    Door.office = Office(options.store, options.idempotency, options.portal)
    threading.Thread(target=Door.office.send_events, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", options.port), Door).serve_forever()


if __name__ == "__main__":
    main()
