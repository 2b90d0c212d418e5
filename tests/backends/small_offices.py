"""Three pretend departments with small systems of different shape, one process each.

python -m tests.backends.small_offices --department dishub --port 8107 --store var/dishub.sqlite3

dishub: JSON, bearer token, honours X-Idempotency-Key; its OpenAPI document is at /openapi.yaml, and the portal's connection is made
from nothing else. naker: multipart forms with files as parts, basic password, can be asked for our number, Swagger 2 at
/swagger.json. dinkes: form fields as text, API key, its answer says how the case stands, and members can be looked up by NIK.
"""

import base64
import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from tests.backends.office import Handler, Office, Problems, Server, arguments, listen, opened_files, run
from tests.backends.office_store import OfficeStore

DOCUMENTS = Path("portal/demo/documents")


@dataclass(frozen=True)
class Shape:
    """paths: new application, later act, status, our reference. `secret`: the whole Authorization or X-API-Key header."""

    name: str
    prefix: str
    service: str
    new: str
    act: str
    status: str
    asked: str
    secret: tuple[str, str]
    required: tuple[str, ...]
    idempotency: str
    words: tuple[str, str, str, str, str, str, str]  # arrived, accepted, working, asked, refused, finished, withdrawn
    document: str = ""


SHAPES = {
    "dishub": Shape(
        "Dinas Perhubungan",
        "KIR",
        "uji-kir",
        r"/api/uji",
        r"/api/uji/([^/]+)/batal",
        r"/api/uji/([^/]+)",
        r"/api/cari/([^/]+)",
        ("Authorization", "Bearer dishub-demo-token"),
        ("external_id", "nik", "nama", "nopol", "jenis", "tahun", "tanggal"),
        "key",
        ("terdaftar", "diterima", "diproses", "perlu_perbaikan", "ditolak", "selesai", "dibatalkan"),
        "uji_kir.yaml",
    ),
    "naker": Shape(
        "Disnaker",
        "AK1",
        "kartu-pencari-kerja",
        r"/ak1",
        r"/ak1/([^/]+)/batal",
        r"/ak1/([^/]+)",
        r"/ak1-portal/([^/]+)",
        ("Authorization", "Basic " + base64.b64encode(b"portal:naker-demo-password").decode()),
        ("no_portal", "nik", "nama", "pendidikan", "minat"),
        "lookup",
        ("baru", "diterima", "diproses", "perbaikan", "ditolak", "selesai", "batal"),
        "ak1.json",
    ),
    "dinkes": Shape(
        "Dinas Kesehatan",
        "JKN",
        "aktivasi-jkn-daerah",
        r"/jkn/usulan",
        r"/jkn/usulan/([^/]+)/batal",
        r"/jkn/usulan/([^/]+)",
        r"/jkn/cari/([^/]+)",
        ("X-API-Key", "dinkes-demo-key"),
        ("ref", "nik", "nama", "no_kk", "faskes"),
        "key",
        ("10", "20", "30", "40", "60", "50", "70"),
    ),
}


class SmallStore(OfficeStore):
    shape: Shape

    def receipt(self, number: str, reference: str, status: str, at: str) -> dict:
        return {"nomor": number, "status": status, "external_id": reference, "pesan": "Tercatat."}

    def status_after(self, kind: str, status: str) -> str:
        return self.shape.words[6] if kind == "WITHDRAW" else super().status_after(kind, status)


def store_of(shape: Shape, path: str) -> SmallStore:
    words = shape.words
    kept = {
        "shape": shape,
        "prefix": shape.prefix,
        "arrived": words[0],
        "asked": words[3],
        "answered": words[1],
        "closed": frozenset(words[4:]),
    }
    return type("Store", (SmallStore,), kept)(path)


class SmallOffice(Office):
    def __init__(self, shape: Shape, store: SmallStore) -> None:
        super().__init__(store, idempotency=shape.idempotency)
        self.shape, self.name = shape, shape.name
        words = shape.words
        self.decisions = {
            "terima": (words[1], "Permohonan diterima."),
            "tanya": (words[3], "Mohon lengkapi berkas."),
            "tolak": (words[4], "Syarat belum terpenuhi."),
            "selesai": (words[5], "Sudah selesai. Ambil di loket."),
            "batal": (words[6], "Permohonan dibatalkan."),
        }

    def person(self, body: dict) -> str:
        return str(body.get("nama", ""))


class SmallHandler(Handler):
    office: SmallOffice
    whim = ("nama", "Nama tidak sesuai data kami.")

    def refuse(self, status: int, code: str, text: str = "", problems: Problems = (), **headers: str) -> None:  # type: ignore[assignment]
        errors = [{"kolom": field, "ket": sentence} for field, sentence in problems]
        self.json(status, {"kode": code, "pesan": text or code, "kesalahan": errors}, **headers)

    def is_ours(self) -> bool:
        name, value = self.office.shape.secret
        return hmac.compare_digest((self.headers.get(name) or "").encode(), value.encode())

    def read(self, path: str) -> None:
        shape, store = self.office.shape, self.office.store
        if shape.document and path in {"/openapi.yaml", "/swagger.json"}:
            return self.say(200, (DOCUMENTS / shape.document).read_bytes(), "application/octet-stream")
        if not self.is_ours():
            return self.refuse(401, "tidak_sah")
        if path == "/health":
            return self.json(200, {"status": "ok"})
        if found := re.fullmatch(r"/jkn/peserta/([0-9]{16})", path):
            return self.member(found.group(1))
        if found := re.fullmatch(shape.asked, path):
            row = store.find(unquote(found.group(1)))
        elif found := re.fullmatch(shape.status, path):
            row = store.one("SELECT * FROM applications WHERE number = ?", unquote(found.group(1)))
        else:
            return self.refuse(404, "alamat")
        if row is None:
            return self.refuse(404, "tidak_ada", "Data tidak ada.")
        answer = store.receipt(row["number"], row["reference"], row["status"], row["at"])
        return self.json(200, {**answer, "pesan": row["message"], "versi": row["version"]})

    def member(self, nik: str) -> None:
        """Everybody whose NIK is even is a member: invented."""
        if int(nik[-1]) % 2:
            return self.json(200, {"nik": nik, "status": "AKTIF", "kelas": 3, "faskes": "Puskesmas Wates", "iuran": "APBD"})
        return self.refuse(404, "tidak_ada", "NIK ini belum terdaftar.")

    def write(self, path: str, raw: bytes) -> None:
        shape, store = self.office.shape, self.office.store
        if not self.is_ours():
            return self.refuse(401, "tidak_sah")
        data = self.fields(raw)
        body = json.dumps(data).encode()
        if found := re.fullmatch(shape.act, path):
            return self.withdraw(unquote(found.group(1)), body)
        if path != shape.new:
            return self.refuse(404, "alamat")
        reference = shape.required[0]

        def judge(given: dict) -> Problems:
            wrong = [(name, "Harus diisi.") for name in shape.required if not given.get(name)]
            return wrong or ([] if re.fullmatch(r"\d{16}", str(given["nik"])) else [("nik", "NIK harus 16 angka.")])

        def files_of(given: dict) -> list[dict]:
            if "berkas" in given and isinstance(given["berkas"], list) and given["berkas"] and "isi" in given["berkas"][0]:
                return opened_files(given["berkas"], content="isi", name="nama", kind="tipe", sha256="sha256")
            return given.get("berkas") or []

        return self.work(
            body,
            key_of=lambda given: self.headers.get("X-Idempotency-Key") or str(given.get(reference) or ""),
            judge=judge,
            files_of=files_of,
            effect=lambda given, files, key: store.accept(given, str(given[reference]), shape.service, files, key),
        )

    def fields(self, raw: bytes) -> dict:
        """The body as one object, whatever its form."""
        kind = self.headers.get("Content-Type") or ""
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(raw.decode("utf-8", "replace")))
        if kind.startswith("multipart/form-data"):
            return _parts(raw, kind)
        try:
            data = json.loads(raw or b"{}")
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}

    def withdraw(self, number: str, body: bytes) -> None:
        store = self.office.store
        row = store.one("SELECT * FROM applications WHERE number = ?", number)
        if row is None:
            return self.refuse(404, "tidak_ada")
        key = self.headers.get("X-Idempotency-Key") or str(json.loads(body).get("ref") or f"{row['reference']}.batal")

        def judge(_given: dict) -> Problems:
            return [("", "Permohonan sudah selesai.")] if row["status"] in store.closed else []

        def effect(given: dict, files: list[dict], claimed: str | None) -> dict:
            return store.add_act("WITHDRAW", number, key, str(given.get("alasan") or ""), files, claimed)

        return self.work(body, key_of=lambda _given: key, judge=judge, files_of=lambda _given: [], effect=effect)


def _parts(raw: bytes, kind: str) -> dict:
    """Fields as texts, files as [{nama, jenis, ukuran}] under `berkas`."""
    boundary = kind.split("boundary=", 1)[-1].strip('"').encode()
    made: dict = {}
    files: list[dict] = []
    for part in raw.split(b"--" + boundary)[1:-1]:
        head, _gap, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        filename = re.search(rb'filename="([^"]*)"', head)
        if name is None:
            continue
        if filename is not None:
            files.append({"nama": filename.group(1).decode(), "jenis": "berkas", "ukuran": len(content)})
        else:
            made[name.group(1).decode()] = content.decode("utf-8", "replace")
    return {**made, "berkas": files} if files else made


def serve(department: str, store: str, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    shape = SHAPES[department]
    return listen(SmallHandler, SmallOffice(shape, store_of(shape, store)), port)


def main() -> None:
    parser = arguments("A small pretend department.", port=8107, store="var/dishub.sqlite3", idempotency="key")
    parser.add_argument("--department", choices=sorted(SHAPES), default="dishub")
    given = parser.parse_args()
    run(serve(given.department, given.store, given.port), given.department)


if __name__ == "__main__":
    main()
