"""The pretend civil registration: a process of its own that knows nothing of the portal but its API contract.

    python -m tests.backends.civil_registry --port 8101 --store var/civil_registry.sqlite3 --portal http://127.0.0.1:8000

Its page at / is where a person accepts, asks, refuses and finishes, and makes it slow, down or failing.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import html
import json
import re
import secrets
import signal
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote

from tests.backends.civil_registry_store import Store

CLIENT_ID = "dukcapil-portal"
CLIENT_SECRET = "dukcapil-demo-secret"
WEBHOOK_SECRET = "whsec_ZGVtby1kdWtjYXBpbC13ZWJob29rLXNlY3JldC0wMQ=="
TOKEN_SECONDS = 3600
MOST_BYTES = 48 * 1024 * 1024
MODES = {
    "normal": "Berjalan biasa",
    "slow": "Lambat",
    "down": "Mati (503)",
    "cut": "Mati (sambungan ditutup)",
    "reject": "Menolak isian (422)",
    "fail_after": "Gagal sesudah mencatat (500)",
    "cut_after": "Sambungan ditutup sesudah mencatat",
    "half": "Jawaban terpotong sesudah mencatat",
    "html": "Jawaban HTML sesudah mencatat",
    "huge": "Jawaban 12 MiB sesudah mencatat",
}
DECISIONS = {
    "terima": ("diterima", "Berkas diterima dan sedang diperiksa."),
    "proses": ("diproses", "Permohonan sedang diproses."),
    "tanya": ("perlu_perbaikan", "Mohon lengkapi keterangan Anda."),
    "tolak": ("ditolak", "Permohonan tidak dapat dipenuhi."),
    "selesai": ("selesai", "Dokumen sudah terbit."),
}


class Registry:
    """What all requests of this process share."""

    def __init__(self, store: Store, *, portal: str, idempotency: str, webhook_secret: str, client_secret: str) -> None:
        self.store, self.portal, self.idempotency = store, portal.rstrip("/"), idempotency
        self.webhook_key = base64.b64decode(webhook_secret.removeprefix("whsec_"))
        self.client_secret = client_secret
        self.tokens: dict[str, float] = {}
        self.wake = threading.Event()
        self.stopping = False

    def send_webhooks(self) -> None:
        """The queue's thread: each event until it is taken, with growing pauses; the timestamp is that of the try."""
        while not self.stopping:
            for row in self.store.all("SELECT * FROM outbox WHERE done = 0 AND next_try <= ? ORDER BY id", time.time()):
                status = self._post(row["event"], row["body"].encode())
                wait = min(60.0, 0.5 * 2 ** min(row["tries"], 8))
                self.store.all(
                    "UPDATE outbox SET tries = tries + 1, done = ?, next_try = ?, last = ? WHERE id = ?",
                    *(int(200 <= status < 300), time.time() + wait, str(status), row["id"]),
                )
            self.wake.wait(0.5)
            self.wake.clear()

    def _post(self, event: str, body: bytes) -> int:
        stamp = str(int(time.time()))
        digest = hmac.new(self.webhook_key, f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }
        request = urllib.request.Request(f"{self.portal}/webhooks/dukcapil/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def problems_of(data: object) -> list[dict]:
    """What this department finds wrong with an application."""
    if not isinstance(data, dict):
        return [{"bidang": "", "pesan": "Isi harus berupa objek."}]
    found = [
        {"bidang": name, "pesan": "Wajib diisi."} for name in ("nomor_portal", "layanan", "pemohon") if not data.get(name)
    ]
    nik = (data.get("pemohon") or {}).get("nik") if isinstance(data.get("pemohon"), dict) else None
    if not re.fullmatch(r"\d{16}", str(nik or "")):
        found.append({"bidang": "pemohon.nik", "pesan": "NIK harus 16 angka."})
    elif str(nik).startswith("99"):
        found.append({"bidang": "pemohon.nik", "pesan": "NIK tidak ditemukan di data kependudukan."})
    return found


def opened_files(data: dict) -> list[dict]:
    """Sizes and digests of the files, contents decoded and compared. Raises ValueError."""
    made = []
    for file in data.get("lampiran") or []:
        content = base64.b64decode(file["isi"], validate=True)
        digest = hashlib.sha256(content).hexdigest()
        if digest != file["sha256"]:
            raise ValueError("sha256")
        made.append({"nama": file["nama"], "jenis": file["jenis"], "ukuran": len(content), "sha256": digest})
    return made


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "DukcapilContoh/1"
    timeout = 60
    registry: Registry

    def log_message(self, *args: object) -> None:
        """Quiet: the ledger is the log."""

    # --- answers ---
    def say(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, status: int, value: object, **headers: str) -> None:
        self.say(status, json.dumps(value, ensure_ascii=False).encode(), "application/json", **headers)

    def hang_up(self) -> None:
        self.close_connection = True

    def body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if 0 < length <= MOST_BYTES else b""

    # --- routes ---
    def do_GET(self) -> None:
        path = unquote(self.path.split("?", 1)[0])
        if path == "/":
            return self.say(200, page(self.registry).encode(), "text/html; charset=utf-8")
        if path == "/ledger":
            return self.json(200, self.registry.store.ledger())
        mode = self.registry.store.mode()["mode"]
        if mode == "cut":
            return self.hang_up()
        if mode == "down":
            return self.json(503, {"kode": "mati"}, Retry_After="2")
        if path == "/health":
            return self.json(200, {"status": "ok"}) if self.is_ours() else self.json(401, {"kode": "token"})
        found = re.fullmatch(r"/api/permohonan/([^/]{1,80})(/status)?", path)
        if not found:
            return self.json(404, {"kode": "alamat"})
        if not self.is_ours():
            return self.json(401, {"kode": "token"})
        if found.group(2):
            row = self.registry.store.one("SELECT * FROM applications WHERE number = ?", found.group(1))
        elif self.registry.idempotency == "none":
            return self.json(404, {"kode": "tidak_didukung"})
        else:
            row = self.registry.store.one("SELECT * FROM applications WHERE reference = ? ORDER BY id", found.group(1))
        if row is None:
            return self.json(404, {"kode": "tidak_ada"})
        names = {"nomor": "number", "nomor_portal": "reference", "status": "status", "pesan": "message", "urutan": "version"}
        return self.json(200, {ours: row[theirs] for ours, theirs in names.items()})

    def do_POST(self) -> None:
        data = self.body()
        path = self.path.split("?", 1)[0]
        if path == "/mode":
            return self.change_mode(data)
        if path == "/aksi":
            return self.decide(data)
        if self.registry.store.mode()["mode"] == "cut":
            return self.hang_up()
        if path == "/oauth/token":
            return self.give_token(data)
        if path == "/api/permohonan":
            return self.take_application(data)
        return self.json(404, {"kode": "alamat"})

    def is_ours(self) -> bool:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return self.registry.tokens.get(token, 0) > time.time()

    def give_token(self, data: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(data.decode("ascii", "replace")).items()}
        pair = (self.headers.get("Authorization") or "").removeprefix("Basic ")
        try:
            name, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            name = secret = ""
        good = name == CLIENT_ID and hmac.compare_digest(unquote(secret), self.registry.client_secret)
        if not good or form.get("grant_type") != "client_credentials":
            return self.json(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self.registry.tokens[token] = time.time() + TOKEN_SECONDS
        return self.json(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}, Cache_Control="no-store"
        )

    def take_application(self, raw: bytes) -> None:
        if not self.is_ours():
            return self.json(401, {"kode": "token"})
        store, mode = self.registry.store, self.registry.store.take_mode()
        key = self.headers.get("Idempotency-Key") or ""
        if mode["mode"] == "down":
            return self.json(503, {"kode": "mati"}, Retry_After="2")
        try:
            data = json.loads(raw)
        except ValueError:
            return self.json(400, {"kode": "json", "pesan": "Isi bukan JSON."})
        reference = str(data.get("nomor_portal", "")) if isinstance(data, dict) else ""
        store.note_request(key, reference, raw)
        honours = self.registry.idempotency == "key"
        if honours and not key:
            return self.json(400, {"kode": "kunci", "pesan": "Idempotency-Key wajib."})
        old = store.claim_key(key, raw) if honours else None
        if old is not None:
            return self.conclude(mode, *old)
        if mode["mode"] == "slow":
            time.sleep(float(mode["seconds"]))
        errors = problems_of(data)
        if mode["mode"] == "reject":
            errors = [{"bidang": "pemohon.no_kk", "pesan": "Nomor KK tidak ada dalam data kependudukan."}]
        try:
            files = opened_files(data) if not errors else []
        except (ValueError, KeyError, TypeError):
            errors = [{"bidang": "lampiran", "pesan": "Lampiran rusak."}]
        if errors:
            if honours:
                store.drop_key(key)
            return self.json(422, {"kode": "tidak_valid", "pesan": "Ada isian yang perlu diperbaiki.", "kesalahan": errors})
        return self.conclude(mode, 201, store.accept(data, files, key if honours else None))

    def conclude(self, mode: dict, status: int, answer: dict) -> None:
        """Answer as the mode wants it; the work is done already."""
        match mode["mode"]:
            case "fail_after":
                return self.json(500, {"kode": "galat"})
            case "cut_after":
                return self.hang_up()
            case "half":
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "500")
                self.end_headers()
                self.wfile.write(b'{"nomor": "DK-')
                return self.hang_up()
            case "html":
                return self.say(200, b"<!doctype html><title>Gateway</title><p>Selamat datang", "text/html")
            case "huge":
                return self.json(status, {**answer, "isian": "x" * (12 * 1024 * 1024)})
            case _:
                return self.json(status, answer)

    # --- the page ---
    def change_mode(self, data: bytes) -> None:
        is_json = "json" in (self.headers.get("Content-Type") or "")
        wanted = json.loads(data) if is_json else {name: v[0] for name, v in parse_qs(data.decode()).items()}
        if wanted.get("mode") not in MODES:
            return self.json(400, {"modes": sorted(MODES)})
        times = wanted.get("times")
        self.registry.store.set_mode(wanted["mode"], float(wanted.get("seconds") or 5), int(times) if times else None)
        return self.json(200, self.registry.store.mode()) if is_json else self.say(303, b"", "text/plain", Location="/")

    def decide(self, data: bytes) -> None:
        is_json = "json" in (self.headers.get("Content-Type") or "")
        wanted = json.loads(data) if is_json else {name: v[0] for name, v in parse_qs(data.decode()).items()}
        status, standard = DECISIONS.get(wanted.get("aksi", ""), ("", ""))
        if not status or not self.registry.store.decide(wanted.get("nomor", ""), status, wanted.get("pesan") or standard):
            return self.json(404, {"kode": "tidak_ada", "aksi": sorted(DECISIONS)})
        self.registry.wake.set()
        return self.json(200, {"status": status}) if is_json else self.say(303, b"", "text/plain", Location="/")


def page(registry: Registry) -> str:
    """The department's desk: applications with buttons, and the switch of the mode."""
    mode = registry.store.mode()
    options = "".join(
        f'<option value="{name}"{" selected" if name == mode["mode"] else ""}>{text}</option>'
        for name, text in MODES.items()
    )
    rows = []
    for row in registry.store.all("SELECT * FROM applications ORDER BY id DESC LIMIT 100"):
        person = json.loads(row["body"]).get("pemohon") or {}
        files = ", ".join(f"{file['nama']} ({file['ukuran']} B)" for file in json.loads(row["files"])) or "–"
        buttons = "".join(
            f'<button name="aksi" value="{name}">{text}</button> '
            for name, text in (("terima", "Terima"), ("tanya", "Tanyakan"), ("tolak", "Tolak"), ("selesai", "Selesai"))
        )
        cells = (row["number"], row["reference"], row["service"], person.get("nama", ""), files, row["status"])
        rows.append(
            "<tr>"
            + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            + '<td><form method="post" action="/aksi">'
            f'<input type="hidden" name="nomor" value="{row["number"]}"><label>Pesan <input name="pesan"></label> {buttons}</form></td></tr>'
        )
    waiting = len(registry.store.all("SELECT id FROM outbox WHERE done = 0"))
    return f"""<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Dukcapil (contoh)</title>
<style>body{{font:16px/1.5 system-ui;margin:1rem}}table{{border-collapse:collapse}}
td,th{{border:1px solid #999;padding:.4rem;text-align:left}}</style>
<h1>Sistem Dukcapil (contoh)</h1><p>Sistem percobaan; bukan milik dinas. Pemberitahuan menunggu: {waiting}.</p>
<form method="post" action="/mode"><label>Keadaan sistem <select name="mode">{options}</select></label>
<label>Detik (lambat) <input name="seconds" type="number" min="1" max="120" value="{mode.get("seconds", 5):g}"></label>
<button>Ubah</button></form>
<h2>Permohonan</h2><table><tr><th>Nomor<th>Nomor portal<th>Layanan<th>Pemohon<th>Lampiran<th>Status<th>Keputusan</tr>
{"".join(rows) or '<tr><td colspan="7">Belum ada permohonan.</td></tr>'}</table></html>"""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(registry: Registry, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    threading.Thread(target=registry.send_webhooks, daemon=True, name="webhooks").start()
    return Server(("127.0.0.1", port), type("BoundHandler", (Handler,), {"registry": registry}))


def main() -> None:
    parser = argparse.ArgumentParser(description="The pretend civil registration.")
    parser.add_argument("--port", type=int, default=8101)
    parser.add_argument("--store", default="var/civil_registry.sqlite3")
    parser.add_argument("--portal", default="http://127.0.0.1:8000")
    parser.add_argument("--idempotency", choices=["key", "lookup", "none"], default="key")
    parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
    parser.add_argument("--client-secret", default=CLIENT_SECRET)
    given = parser.parse_args()
    registry = Registry(
        Store(given.store),
        portal=given.portal,
        idempotency=given.idempotency,
        webhook_secret=given.webhook_secret,
        client_secret=given.client_secret,
    )
    server = serve(registry, given.port)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"civil registry: http://127.0.0.1:{server.server_address[1]}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.2)
    registry.stopping = True


if __name__ == "__main__":
    main()
