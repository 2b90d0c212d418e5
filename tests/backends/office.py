"""What all pretend departments have in common: modes, ledger, a desk for their staff, and how a request is worked on.

Each is a process of its own that knows nothing of the portal but its API contract. Its page at / is where a person
accepts, asks, refuses and finishes, and makes it slow, down or failing.
"""

import argparse
import base64
import contextlib
import hashlib
import html
import json
import signal
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote

from tests.backends.office_store import OfficeStore

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
BUTTONS = (
    ("terima", "Terima"),
    ("tanya", "Tanyakan"),
    ("tolak", "Tolak"),
    ("selesai", "Selesai"),
    ("batal", "Batalkan"),
)
Problems = list[tuple[str, str]]  # (field, sentence)


class Office:
    """What all requests of this process share."""

    name: str
    decisions: dict[str, tuple[str, str]]  # what the desk calls it -> (status, standard message)

    def __init__(self, store: OfficeStore, *, idempotency: str) -> None:
        self.store, self.idempotency = store, idempotency

    def decided(self) -> None:
        """Something may have to be told to the portal."""

    def notice(self) -> str:
        """A sentence for the desk."""
        return ""

    def person(self, body: dict) -> str:
        """The applicant's name."""
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    office: Office

    def log_message(self, *args: object) -> None:
        """Quiet: the ledger is the log."""

    # --- what a department fills in ---
    def read(self, path: str) -> None:
        """Answer a GET of its API."""
        raise NotImplementedError

    def write(self, path: str, raw: bytes) -> None:
        """Answer a POST of its API."""
        raise NotImplementedError

    def refuse(self, status: int, code: str, text: str = "", problems: Problems = (), **headers: str) -> None:  # type: ignore[assignment]
        """An error in the department's own shape."""
        raise NotImplementedError

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
            return self.say(200, page(self.office).encode(), "text/html; charset=utf-8")
        if path == "/ledger":
            return self.json(200, self.office.store.ledger())
        mode = self.office.store.mode()["mode"]
        if mode == "cut":
            return self.hang_up()
        if mode == "down":
            return self.refuse(503, "mati", Retry_After="2")
        return self.read(path)

    def do_POST(self) -> None:
        data = self.body()
        path = self.path.split("?", 1)[0]
        if path == "/mode":
            return self.change_mode(data)
        if path == "/aksi":
            return self.decide(data)
        if self.office.store.mode()["mode"] == "cut":
            return self.hang_up()
        return self.write(path, data)

    def work(
        self,
        raw: bytes,
        *,
        key_of: Callable[[dict], str],
        judge: Callable[[dict], Problems],
        files_of: Callable[[dict], list[dict]],
        effect: Callable[[dict, list[dict], str | None], dict],
    ) -> None:
        """One write: the mode, the ledger, the key, the judgement, the effect, the answer."""
        store, mode = self.office.store, self.office.store.take_mode()
        if mode["mode"] == "down":
            return self.refuse(503, "mati", Retry_After="2")
        try:
            data = json.loads(raw)
        except ValueError:
            return self.refuse(400, "json", "Isi bukan JSON.")
        if not isinstance(data, dict):
            return self.refuse(422, "tidak_valid", "Isi harus berupa objek.")
        key = key_of(data)
        store.note_request(key, key, raw)
        honours = self.office.idempotency == "key"
        if honours and not key:
            return self.refuse(400, "kunci", "Idempotency-Key wajib.")
        old = store.claim_key(key, raw) if honours else None
        if old is not None:
            return self.conclude(mode, *old)
        if mode["mode"] == "slow":
            time.sleep(float(mode["seconds"]))
        problems = judge(data) if mode["mode"] != "reject" else [self.whim]
        files: list[dict] = []
        if not problems:
            try:
                files = files_of(data)
            except (ValueError, KeyError, TypeError):
                problems = [("lampiran", "Lampiran rusak.")]
        if problems:
            if honours:
                store.drop_key(key)
            field, sentence = problems[0]
            return self.refuse(422, "tidak_valid", "Ada isian yang perlu diperbaiki." if field else sentence, problems)
        return self.conclude(mode, 201, effect(data, files, key if honours else None))

    def tell(self, status: int, answer: dict) -> None:
        """The answer to a write."""
        self.json(status, answer)

    whim = ("", "Tidak dapat diterima.")  # what the mode `reject` finds wrong

    def conclude(self, mode: dict, status: int, answer: dict) -> None:
        """Answer as the mode wants it; the work is done already."""
        match mode["mode"]:
            case "fail_after":
                return self.refuse(500, "galat")
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
                return self.tell(status, {**answer, "isian": "x" * (12 * 1024 * 1024)})
            case _:
                return self.tell(status, answer)

    # --- the desk ---
    def change_mode(self, data: bytes) -> None:
        is_json = "json" in (self.headers.get("Content-Type") or "")
        wanted = json.loads(data) if is_json else {name: v[0] for name, v in parse_qs(data.decode()).items()}
        if wanted.get("mode") not in MODES:
            return self.json(400, {"modes": sorted(MODES)})
        times = wanted.get("times")
        self.office.store.set_mode(wanted["mode"], float(wanted.get("seconds") or 5), int(times) if times else None)
        return self.json(200, self.office.store.mode()) if is_json else self.say(303, b"", "text/plain", Location="/")

    def decide(self, data: bytes) -> None:
        is_json = "json" in (self.headers.get("Content-Type") or "")
        wanted = json.loads(data) if is_json else {name: v[0] for name, v in parse_qs(data.decode()).items()}
        status, standard = self.office.decisions.get(wanted.get("aksi", ""), ("", ""))
        if not status or not self.office.store.decide(wanted.get("nomor", ""), status, wanted.get("pesan") or standard):
            return self.json(404, {"kode": "tidak_ada", "aksi": sorted(self.office.decisions)})
        self.office.decided()
        return self.json(200, {"status": status}) if is_json else self.say(303, b"", "text/plain", Location="/")


def opened_files(files: list[dict], *, content: str, name: str, kind: str, sha256: str) -> list[dict]:
    """Sizes and digests of the files, contents decoded and compared. Raises ValueError, KeyError, TypeError."""
    made = []
    for file in files:
        data = base64.b64decode(file[content], validate=True)
        digest = hashlib.sha256(data).hexdigest()
        if digest != file[sha256]:
            raise ValueError("sha256")
        made.append({"nama": file[name], "jenis": file[kind], "ukuran": len(data), "sha256": digest})
    return made


def page(office: Office) -> str:
    """The department's desk: applications with buttons, and the switch of the mode."""
    mode = office.store.mode()
    options = "".join(
        f'<option value="{name}"{" selected" if name == mode["mode"] else ""}>{text}</option>'
        for name, text in MODES.items()
    )
    buttons = "".join(f'<button name="aksi" value="{name}">{text}</button> ' for name, text in BUTTONS)
    rows = []
    for row in office.store.all("SELECT * FROM applications ORDER BY id DESC LIMIT 100"):
        acts = office.store.all("SELECT kind, text, files FROM acts WHERE application = ? ORDER BY id", row["number"])
        later = "; ".join(f"{act['kind']} {act['text']} {_names(act['files'])}".strip() for act in acts) or "–"
        cells = (
            *(row["number"], row["reference"], row["service"], office.person(json.loads(row["body"]))),
            *(_names(row["files"]) or "–", row["status"], later),
        )
        rows.append(
            "<tr>"
            + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            + '<td><form method="post" action="/aksi">'
            f'<input type="hidden" name="nomor" value="{row["number"]}"><label>Pesan <input name="pesan"></label> {buttons}</form></td></tr>'
        )
    return f"""<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{office.name} (contoh)</title>
<style>body{{font:16px/1.5 system-ui;margin:1rem}}table{{border-collapse:collapse}}
td,th{{border:1px solid #999;padding:.4rem;text-align:left}}</style>
<h1>Sistem {office.name} (contoh)</h1><p>Sistem percobaan; bukan milik dinas. {office.notice()}</p>
<form method="post" action="/mode"><label>Keadaan sistem <select name="mode">{options}</select></label>
<label>Detik (lambat) <input name="seconds" type="number" min="1" max="120" value="{mode.get("seconds", 5):g}"></label>
<button>Ubah</button></form>
<h2>Permohonan</h2><table><tr><th>Nomor<th>Nomor portal<th>Layanan<th>Pemohon<th>Lampiran<th>Status<th>Susulan<th>Keputusan</tr>
{"".join(rows) or '<tr><td colspan="8">Belum ada permohonan.</td></tr>'}</table></html>"""


def _names(files: str) -> str:
    return ", ".join(f"{file['nama']} ({file['ukuran']} B)" for file in json.loads(files))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def listen(handler: type[Handler], office: Office, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    return Server(("127.0.0.1", port), type("BoundHandler", (handler,), {"office": office}))


def arguments(description: str, *, port: int, store: str, idempotency: str) -> argparse.ArgumentParser:
    """The command line that all of them have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--store", default=store)
    parser.add_argument("--portal", default="http://127.0.0.1:8000")
    parser.add_argument("--idempotency", choices=["key", "lookup", "none"], default=idempotency)
    return parser


def run(server: Server, name: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{name}: http://127.0.0.1:{server.server_address[1]}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.2)
