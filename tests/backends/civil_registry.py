"""The pretend civil registration: JSON REST, OAuth2 client credentials, honours our key, sends webhooks.

python -m tests.backends.civil_registry --port 8101 --store var/civil_registry.sqlite3 --portal http://127.0.0.1:8000
"""

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qs, unquote

from tests.backends.civil_registry_store import Store
from tests.backends.office import Handler, Office, Problems, Server, arguments, listen, opened_files, run

CLIENT_ID = "dukcapil-portal"
CLIENT_SECRET = "dukcapil-demo-secret"
WEBHOOK_SECRET = "whsec_ZGVtby1kdWtjYXBpbC13ZWJob29rLXNlY3JldC0wMQ=="
TOKEN_SECONDS = 3600
ACTS = {"jawaban": "ANSWER", "lampiran": "ATTACHMENT", "pembatalan": "WITHDRAW"}


class Registry(Office):
    name = "Dukcapil"
    decisions = {
        "terima": ("diterima", "Berkas diterima dan sedang diperiksa."),
        "proses": ("diproses", "Permohonan sedang diproses."),
        "tanya": ("perlu_perbaikan", "Mohon lengkapi keterangan Anda."),
        "tolak": ("ditolak", "Permohonan tidak dapat dipenuhi."),
        "selesai": ("selesai", "Dokumen sudah terbit."),
        "batal": ("dibatalkan", "Permohonan dibatalkan atas permintaan Anda."),
    }
    store: Store

    def __init__(self, store: Store, *, portal: str, idempotency: str, webhook_secret: str, client_secret: str) -> None:
        super().__init__(store, idempotency=idempotency)
        self.portal = portal.rstrip("/")
        self.webhook_key = base64.b64decode(webhook_secret.removeprefix("whsec_"))
        self.client_secret = client_secret
        self.tokens: dict[str, float] = {}
        self.wake = threading.Event()
        self.stopping = False

    def decided(self) -> None:
        self.wake.set()

    def notice(self) -> str:
        return f"Pemberitahuan menunggu: {len(self.store.all('SELECT id FROM outbox WHERE done = 0'))}."

    def person(self, body: dict) -> str:
        return str((body.get("pemohon") or {}).get("nama", ""))

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


def problems_of(data: dict) -> Problems:
    """What this department finds wrong with an application."""
    found = [(name, "Wajib diisi.") for name in ("nomor_portal", "layanan", "pemohon") if not data.get(name)]
    nik = (data.get("pemohon") or {}).get("nik") if isinstance(data.get("pemohon"), dict) else None
    if not re.fullmatch(r"\d{16}", str(nik or "")):
        found.append(("pemohon.nik", "NIK harus 16 angka."))
    elif str(nik).startswith("99"):
        found.append(("pemohon.nik", "NIK tidak ditemukan di data kependudukan."))
    return found


def files_of(data: dict) -> list[dict]:
    return opened_files(data.get("lampiran") or [], content="isi", name="nama", kind="jenis", sha256="sha256")


class RegistryHandler(Handler):
    server_version = "DukcapilContoh/1"
    whim = ("pemohon.no_kk", "Nomor KK tidak ada dalam data kependudukan.")
    office: Registry

    def refuse(self, status: int, code: str, text: str = "", problems: Problems = (), **headers: str) -> None:  # type: ignore[assignment]
        body: dict = {"kode": code, **({"pesan": text} if text else {})}
        if problems:
            body["kesalahan"] = [{"bidang": field, "pesan": sentence} for field, sentence in problems]
        self.json(status, body, **headers)

    def read(self, path: str) -> None:
        if path == "/health":
            return self.json(200, {"status": "ok"}) if self.is_ours() else self.refuse(401, "token")
        found = re.fullmatch(r"/api/permohonan/([^/]{1,80})(/status)?", path)
        if not found:
            return self.refuse(404, "alamat")
        if not self.is_ours():
            return self.refuse(401, "token")
        if found.group(2):
            row = self.office.store.one("SELECT * FROM applications WHERE number = ?", found.group(1))
        elif self.office.idempotency == "none":
            return self.refuse(404, "tidak_didukung")
        else:
            row = self.office.store.find(found.group(1))
        if row is None:
            return self.refuse(404, "tidak_ada")
        names = {"nomor": "number", "nomor_portal": "reference", "status": "status", "pesan": "message", "urutan": "version"}
        return self.json(200, {ours: row[theirs] for ours, theirs in names.items()})

    def write(self, path: str, raw: bytes) -> None:
        if path == "/oauth/token":
            return self.give_token(raw)
        act = re.fullmatch(r"/api/permohonan/([^/]{1,80})/(jawaban|lampiran|pembatalan)", unquote(path))
        if path != "/api/permohonan" and not act:
            return self.refuse(404, "alamat")
        if not self.is_ours():
            return self.refuse(401, "token")
        if act:
            return self.take_act(act.group(1), ACTS[act.group(2)], raw)
        return self.work(
            raw,
            key_of=self.key_of,
            judge=problems_of,
            files_of=files_of,
            effect=lambda data, files, key: self.office.store.accept(
                data, data["nomor_portal"], data["layanan"], files, key
            ),
        )

    def take_act(self, number: str, kind: str, raw: bytes) -> None:
        store = self.office.store
        row = store.one("SELECT * FROM applications WHERE number = ?", number)
        if row is None:
            return self.refuse(404, "tidak_ada", "Nomor permohonan tidak dikenal.")

        def judge(data: dict) -> Problems:
            if row["status"] in store.closed:
                return [("", "Permohonan ini sudah ditutup.")]
            return [] if data.get("nomor_kirim") else [("nomor_kirim", "Wajib diisi.")]

        def effect(data: dict, files: list[dict], key: str | None) -> dict:
            return store.add_act(kind, number, data["nomor_kirim"], str(data.get("isi", "")), files, key)

        self.work(raw, key_of=self.key_of, judge=judge, files_of=files_of, effect=effect)
        self.office.decided()

    def key_of(self, data: dict) -> str:
        return self.headers.get("Idempotency-Key") or ""

    def is_ours(self) -> bool:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return self.office.tokens.get(token, 0) > time.time()

    def give_token(self, data: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(data.decode("ascii", "replace")).items()}
        pair = (self.headers.get("Authorization") or "").removeprefix("Basic ")
        try:
            name, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            name = secret = ""
        good = name == CLIENT_ID and hmac.compare_digest(unquote(secret), self.office.client_secret)
        if not good or form.get("grant_type") != "client_credentials":
            return self.json(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(24)
        self.office.tokens[token] = time.time() + TOKEN_SECONDS
        return self.json(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}, Cache_Control="no-store"
        )


def serve(registry: Registry, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    threading.Thread(target=registry.send_webhooks, daemon=True, name="webhooks").start()
    return listen(RegistryHandler, registry, port)


def main() -> None:
    parser = arguments("The pretend civil registration.", port=8101, store="var/civil_registry.sqlite3", idempotency="key")
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
    run(serve(registry, given.port), "civil registry")
    registry.stopping = True


if __name__ == "__main__":
    main()
