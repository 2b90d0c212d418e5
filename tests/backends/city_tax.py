"""The pretend city tax office: SOAP 1.1, document/literal, WS-Security UsernameToken.

python -m tests.backends.city_tax --port 8106 --store var/city_tax.sqlite3

Its WSDL is at /?wsdl and its service at /soap. Bills are made up from the NOP, always the same; a NOP that does not begin with
the city's code is unknown. The same refPortal gives the same payment code. It sends no webhooks; it can be asked.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

from tests.backends.office import Handler, Office, Problems, Server, arguments, listen, opened_files, run
from tests.backends.office_store import OfficeStore

USERNAME, PASSWORD = "layanan-kota", "pajak-demo-sandi"
CITY = "3576"
NAMESPACE = "urn:contoh:pajak-kota"
WSDL = Path(__file__).with_name("city_tax.wsdl")
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
LISTS = {"lampiran", "tagihan", "kesalahan"}
ACTS = {"JAWABAN": "ANSWER", "BERKAS": "ATTACHMENT", "BATAL": "WITHDRAW"}
TOLERANCE_SECONDS = 300


class TaxStore(OfficeStore):
    prefix = "PBB"
    arrived, asked, answered = "TERBIT", "TANYA", "DIPROSES"
    closed = frozenset({"LUNAS", "TOLAK", "BATAL"})

    def receipt(self, number: str, reference: str, status: str, at: str) -> dict:
        return {"kodeBayar": number, "refPortal": reference, "status": status}

    def status_after(self, kind: str, status: str) -> str:
        """A payment code that is given back is void at once."""
        return "BATAL" if kind == "WITHDRAW" else super().status_after(kind, status)


class CityTax(Office):
    name = "BPKPD"
    decisions = {
        "terima": ("DIPROSES", "Pembayaran sedang dicocokkan."),
        "tanya": ("TANYA", "Mohon kirim bukti pembayaran."),
        "tolak": ("TOLAK", "Tagihan tahun itu sudah lunas."),
        "selesai": ("LUNAS", "Pembayaran sudah diterima."),
        "batal": ("BATAL", "Kode bayar dibatalkan."),
    }

    def __init__(self, store: OfficeStore, *, idempotency: str) -> None:
        super().__init__(store, idempotency=idempotency)
        self.nonces: dict[str, float] = {}
        self.lock = threading.Lock()

    def person(self, body: dict) -> str:
        return str((body.get("pembayar") or {}).get("nama", ""))

    def is_new(self, nonce: str, now: float) -> bool:
        """A nonce is good once."""
        with self.lock:
            self.nonces = {key: at for key, at in self.nonces.items() if now - at < 2 * TOLERANCE_SECONDS}
            return self.nonces.setdefault(nonce, now) == now


def bills_of(nop: str) -> list[dict]:
    """Three years of made-up bills."""
    seed = hashlib.sha256(nop.encode()).digest()
    bills = []
    for number, year in enumerate((2024, 2025, 2026)):
        amount = 80_000 + 250 * seed[number]
        paid = year < 2026 and seed[number + 3] % 3 > 0
        fine = 0 if paid or year == 2026 else amount * 2 * (2026 - year) // 100
        bill = {"tahun": year, "pokok": f"{amount}.00", "denda": f"{fine}.00", "jatuhTempo": f"{year}-09-30", "lunas": paid}
        bills.append(bill)
    return bills


def problems_of(data: dict) -> Problems:
    """What this office finds wrong with an order for a payment code."""
    found = []
    nop, year = str(data.get("nop", "")), str(data.get("tahun", ""))
    if not re.fullmatch(r"\d{18}", nop):
        found.append(("nop", "NOP harus 18 angka."))
    elif not nop.startswith(CITY):
        found.append(("nop", "NOP ini bukan objek pajak di kota kami."))
    elif not any(str(bill["tahun"]) == year and not bill["lunas"] for bill in bills_of(nop)):
        found.append(("tahun", "Tidak ada tagihan yang belum lunas untuk tahun itu."))
    return found


class TaxHandler(Handler):
    server_version = "Pajak/1.3"
    whim = ("nop", "Objek pajak ini sedang diperiksa.")
    office: CityTax
    answer_name = ""

    # --- XML ---
    def tell(self, status: int, answer: dict) -> None:
        if status >= 400:
            return self.refuse(500, "Client" if status == 422 else "Server", str(answer.get("pesan", "")))
        return self.envelope(200, written(self.answer_name, answer))

    def envelope(self, status: int, body: str) -> None:
        text = f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'
        self.say(status, text.encode(), "text/xml; charset=utf-8")

    def refuse(self, status: int, code: str, text: str = "", problems: Problems = (), **headers: str) -> None:  # type: ignore[assignment]
        if status == 503:
            return self.say(503, b"sedang mati", "text/plain", **headers)
        if problems:
            listed = [{"bidang": field, "pesan": sentence} for field, sentence in problems]
            return self.fault("Client", text, written("DataTidakSah", {"pesan": text, "kesalahan": listed}))
        return self.fault("Client" if status < 500 or code == "Client" else "Server", text or code)

    def fault(self, code: str, text: str, detail: str = "") -> None:
        prefix = "" if ":" in code else "s:"
        inside = f"<detail>{detail}</detail>" if detail else ""
        said = f"<faultcode>{prefix}{code}</faultcode><faultstring>{escape(text)}</faultstring>"
        self.envelope(500, f'<s:Fault xmlns:wsse="{_WSS}secext-1.0.xsd">{said}{inside}</s:Fault>')

    # --- requests ---
    def do_GET(self) -> None:
        if self.path.lower() == "/?wsdl":
            host = self.headers.get("Host") or "127.0.0.1:8106"
            text = WSDL.read_text(encoding="utf-8").replace("http://127.0.0.1:8106", f"http://{escape(host)}")
            return self.say(200, text.encode(), "text/xml; charset=utf-8")
        return super().do_GET()

    def read(self, path: str) -> None:
        self.say(404, b"tidak ada", "text/plain")

    def write(self, path: str, raw: bytes) -> None:
        if path != "/soap":
            return self.say(404, b"tidak ada", "text/plain")
        try:
            root = ET.fromstring(raw)
            body = root.find(f"{{{ENVELOPE}}}Body")
            child = body[0]
        except (ET.ParseError, TypeError, IndexError):
            return self.fault("Client", "Bukan amplop SOAP 1.1.")
        if not is_ours(root, self.office):
            return self.fault("wsse:FailedAuthentication", "Nama atau sandi salah.")
        name = child.tag.removeprefix(f"{{{NAMESPACE}}}")
        action = (self.headers.get("SOAPAction") or "").strip('"')
        work = {"CekTagihan": self.bills, "CekKodeBayar": self.known, "StatusKodeBayar": self.standing}.get(name)
        if action != f"{NAMESPACE}/{name}":
            return self.fault("Client", "SOAPAction tidak cocok.")
        data = opened(child)
        self.answer_name = f"{name}Hasil"
        if name == "BuatKodeBayar":
            return self.order(data)
        if name == "KirimSusulan":
            return self.take_act(data)
        if work is None:
            return self.fault("Client", "Operasi tidak dikenal.")
        if self.office.store.mode()["mode"] == "down":
            return self.refuse(503, "mati", Retry_After="2")
        return work(data)

    def absent(self, text: str) -> None:
        self.fault("Client", text, written("TidakAda", {"pesan": text}))

    def bills(self, data: dict) -> None:
        nop = data.get("nop", "")
        if not nop.startswith(CITY):
            return self.absent("NOP tidak terdaftar.")
        bills = bills_of(nop)
        total = sum(int(float(one["pokok"]) + float(one["denda"])) for one in bills if not one["lunas"])
        place = f"Jl. Contoh No. {int(nop[-3:]) % 200 + 1}"
        return self.tell(
            200, {"nop": nop, "namaWajibPajak": "A*** C*****", "letak": place, "tagihan": bills, "total": f"{total}.00"}
        )

    def known(self, data: dict) -> None:
        row = self.office.store.find(data.get("refPortal", "")) if self.office.idempotency != "none" else None
        return self.tell(200, {"ada": row is not None, **({"kode": state(row)} if row else {})})

    def standing(self, data: dict) -> None:
        row = self.office.store.one("SELECT * FROM applications WHERE number = ?", data.get("kodeBayar", ""))
        return self.tell(200, state(row)) if row else self.absent("Kode bayar tidak dikenal.")

    def order(self, data: dict) -> None:
        return self.work(
            json.dumps(data, sort_keys=True).encode(),
            key_of=lambda values: str(values.get("refPortal") or ""),
            judge=problems_of,
            files_of=files_of,
            effect=lambda values, files, key: self.office.store.accept(
                values, values["refPortal"], values["layanan"], files, key
            ),
        )

    def take_act(self, data: dict) -> None:
        store, number, kind = self.office.store, data.get("kodeBayar", ""), ACTS.get(data.get("jenis", ""), "")
        row = store.one("SELECT * FROM applications WHERE number = ?", number)
        if row is None or not kind:
            return self.fault("Client", "Kode bayar tidak dikenal.")

        def judge(values: dict) -> Problems:
            if row["status"] in store.closed:
                return [("", "Kode bayar ini sudah ditutup.")]
            return [] if values.get("refKirim") else [("refKirim", "Harus diisi.")]

        def effect(values: dict, files: list[dict], key: str | None) -> dict:
            return store.add_act(kind, number, values["refKirim"], str(values.get("isi") or ""), files, key)

        return self.work(
            json.dumps(data, sort_keys=True).encode(),
            key_of=lambda values: str(values.get("refKirim") or ""),
            judge=judge,
            files_of=files_of,
            effect=effect,
        )


def state(row: dict) -> dict:
    said = {"keterangan": row["message"]} if row.get("message") else {}
    number = {"urutan": row["version"]} if row.get("version") is not None else {}
    return {"kodeBayar": row["number"], "refPortal": row["reference"], "status": row["status"], **said, **number}


def files_of(data: dict) -> list[dict]:
    return opened_files(data.get("lampiran") or [], content="isi", name="nama", kind="tipe", sha256="sha256")


def is_ours(root: ET.Element, office: CityTax) -> bool:
    """The UsernameToken of an envelope, its password as text or as a digest with a fresh nonce."""
    token = root.find(f"{{{ENVELOPE}}}Header/{{{_WSS}secext-1.0.xsd}}Security/{{{_WSS}secext-1.0.xsd}}UsernameToken")
    if token is None:
        return False
    texts = {part.tag.split("}")[1]: part.text or "" for part in token}
    kind = next((part.get("Type", "") for part in token if part.tag.endswith("}Password")), "")
    wanted = PASSWORD
    if kind.endswith("#PasswordDigest"):
        try:
            nonce = base64.b64decode(texts["Nonce"], validate=True)
            made = datetime.strptime(texts["Created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except (KeyError, ValueError):
            return False
        now = datetime.now(UTC)
        if abs((now - made).total_seconds()) > TOLERANCE_SECONDS or not office.is_new(texts["Nonce"], now.timestamp()):
            return False
        wanted = base64.b64encode(hashlib.sha1(nonce + texts["Created"].encode() + PASSWORD.encode()).digest()).decode()
    return texts.get("Username") == USERNAME and hmac.compare_digest(texts.get("Password", ""), wanted)


def opened(node: ET.Element) -> dict:
    """An element as a dictionary; what may come more than once is a list."""
    made: dict = {}
    for child in node:
        name = child.tag.split("}")[-1]
        value = opened(child) if len(child) else (child.text or "")
        if name in LISTS:
            made.setdefault(name, []).append(value)
        else:
            made[name] = value
    return made


def written(name: str, value: object) -> str:
    """A dictionary as an element of this office's namespace."""

    def inside(one: object) -> str:
        if isinstance(one, dict):
            return "".join(f"<{key}>{inside(v)}</{key}>" for key, values in one.items() for v in listed(values))
        return escape(("true" if one else "false") if isinstance(one, bool) else str(one))

    def listed(one: object) -> list:
        return one if isinstance(one, list) else [one]

    return f'<{name} xmlns="{NAMESPACE}">{inside(value)}</{name}>'


def serve(office: CityTax, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    return listen(TaxHandler, office, port)


def main() -> None:
    parser = arguments("The pretend city tax office.", port=8106, store="var/city_tax.sqlite3", idempotency="key")
    given = parser.parse_args()
    run(serve(CityTax(TaxStore(given.store), idempotency=given.idempotency), given.port), "city tax")


if __name__ == "__main__":
    main()
