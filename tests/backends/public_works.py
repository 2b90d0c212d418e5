"""The pretend public works department: an older system with JSON of its own kind and an API key.

python -m tests.backends.public_works --port 8102 --store var/public_works.sqlite3

It sends no webhooks and ignores Idempotency-Key, but can be asked whether it has our reference. Codes instead of words,
days as dd-mm-yyyy, everything inside {"kode": 0, "pesan": "", "data": {...}}.
"""

import hmac
import re
from datetime import datetime
from urllib.parse import unquote

from tests.backends.office import Handler, Office, Problems, Server, arguments, listen, opened_files, run
from tests.backends.office_store import OfficeStore

API_KEY = "pu-demo-api-key"
ACTS = {"jawaban": "ANSWER", "berkas": "ATTACHMENT", "batal": "WITHDRAW"}
CODES = {"mati": 99, "galat": 90, "json": 40, "kunci": 41, "alamat": 45, "tidak_ada": 44, "tidak_valid": 42, "tidak_sah": 43}


class WorksStore(OfficeStore):
    prefix = "PU"
    arrived, asked, answered = "10", "40", "20"
    closed = frozenset({"50", "60", "70"})

    def receipt(self, number: str, reference: str, status: str, at: str) -> dict:
        return _envelope(_state(number, reference, status, at))

    def status_after(self, kind: str, status: str) -> str:
        """This department lets go of an application at once."""
        return "70" if kind == "WITHDRAW" else super().status_after(kind, status)


def _state(number: str, reference: str, status: str, at: str) -> dict:
    day = datetime.fromisoformat(at).strftime("%d-%m-%Y")
    return {"No_Agenda": number, "Ref_Portal": reference, "Kode_Status": int(status), "Tgl_Status": day}


def _envelope(data: dict | None, kode: int = 0, pesan: str = "") -> dict:
    return {"kode": kode, "pesan": pesan, "data": data}


class PublicWorks(Office):
    name = "DPUPRPerkim"
    decisions = {
        "terima": ("20", "Permohonan diterima dan sedang diperiksa."),
        "proses": ("30", "Petugas lapangan sudah dijadwalkan."),
        "tanya": ("40", "Mohon lengkapi keterangan lokasi."),
        "tolak": ("60", "Lokasi di luar jangkauan armada."),
        "selesai": ("50", "Pekerjaan sudah selesai."),
        "batal": ("70", "Permohonan dibatalkan."),
    }

    def person(self, body: dict) -> str:
        return str((body.get("Pemohon") or {}).get("Nama", ""))


def problems_of(data: dict) -> Problems:
    """What this department finds wrong with an application."""
    found = [
        (name, "Harus diisi.") for name in ("Ref_Portal", "Kode_Layanan", "Pemohon", "Tgl_Pengajuan") if not data.get(name)
    ]
    person = data.get("Pemohon")
    if not isinstance(person, dict) or not re.fullmatch(r"\d{16}", str(person.get("NIK") or "")):
        found.append(("Pemohon.NIK", "NIK harus 16 angka."))
    if not re.fullmatch(r"\d{2}-\d{2}-\d{4}", str(data.get("Tgl_Pengajuan"))):
        found.append(("Tgl_Pengajuan", "Tanggal harus dd-mm-yyyy."))
    return found


def files_of(data: dict) -> list[dict]:
    return opened_files(data.get("Lampiran") or [], content="Isi", name="Nama_File", kind="Tipe", sha256="SHA256")


class WorksHandler(Handler):
    server_version = "PU/0.9"
    whim = ("Lokasi.Alamat", "Alamat tidak ditemukan di peta kami.")

    def refuse(self, status: int, code: str, text: str = "", problems: Problems = (), **headers: str) -> None:  # type: ignore[assignment]
        data = {"Kesalahan": [{"Kolom": column, "Ket": sentence} for column, sentence in problems]} if problems else None
        self.json(status, _envelope(data, CODES[code], text or code), **headers)

    def is_ours(self) -> bool:
        return hmac.compare_digest(self.headers.get("X-Api-Key") or "", API_KEY)

    def read(self, path: str) -> None:
        if not self.is_ours():
            return self.refuse(401, "tidak_sah")
        if path == "/api/v1/ping":
            return self.json(200, _envelope({}))
        found = re.fullmatch(r"/api/v1/(cek|status)/([^/]{1,80})", path)
        if not found:
            return self.refuse(404, "alamat")
        store = self.office.store
        if found.group(1) == "cek":
            row = store.find(found.group(2)) if self.office.idempotency != "none" else None
        else:
            row = store.one("SELECT * FROM applications WHERE number = ?", found.group(2))
        if row is None:
            return self.refuse(404, "tidak_ada", "Data tidak ada")
        state = _state(row["number"], row["reference"], row["status"], row["at"])
        return self.json(200, _envelope({**state, "Ket_Status": row["message"], "Urut_Status": row["version"]}))

    def write(self, path: str, raw: bytes) -> None:
        if not self.is_ours():
            return self.refuse(401, "tidak_sah")
        act = re.fullmatch(r"/api/v1/susulan/([^/]{1,80})/(jawaban|berkas|batal)", unquote(path))
        if act:
            return self.take_act(act.group(1), ACTS[act.group(2)], raw)
        if path != "/api/v1/simpan":
            return self.refuse(404, "alamat")
        return self.work(
            raw,
            key_of=lambda data: str(data.get("Ref_Portal") or ""),
            judge=problems_of,
            files_of=files_of,
            effect=lambda data, files, key: self.office.store.accept(
                data, data["Ref_Portal"], data["Kode_Layanan"], files, key
            ),
        )

    def take_act(self, number: str, kind: str, raw: bytes) -> None:
        store = self.office.store
        row = store.one("SELECT * FROM applications WHERE number = ?", number)
        if row is None:
            return self.refuse(404, "tidak_ada", "Nomor agenda tidak dikenal.")

        def judge(data: dict) -> Problems:
            if row["status"] in store.closed:
                return [("", "Permohonan sudah selesai dikerjakan.")]
            return [] if data.get("Ref_Kirim") else [("Ref_Kirim", "Harus diisi.")]

        def effect(data: dict, files: list[dict], key: str | None) -> dict:
            return store.add_act(kind, number, data["Ref_Kirim"], str(data.get("Isi") or ""), files, key)

        return self.work(
            raw, key_of=lambda data: str(data.get("Ref_Kirim") or ""), judge=judge, files_of=files_of, effect=effect
        )


def serve(works: PublicWorks, port: int) -> Server:
    """A server that listens on loopback; the caller runs it and shuts it down."""
    return listen(WorksHandler, works, port)


def main() -> None:
    parser = arguments(
        "The pretend public works department.", port=8102, store="var/public_works.sqlite3", idempotency="lookup"
    )
    given = parser.parse_args()
    run(serve(PublicWorks(WorksStore(given.store), idempotency=given.idempotency), given.port), "public works")


if __name__ == "__main__":
    main()
