"""What the pretend civil registration keeps besides: the webhooks that are still to be sent."""

import json
import uuid

from tests.backends.office_store import SCHEMA, OfficeStore

OUTBOX = """
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, event TEXT UNIQUE, body TEXT, tries INTEGER DEFAULT 0, next_try REAL DEFAULT 0, done INTEGER DEFAULT 0,
  last TEXT DEFAULT '');
"""


class Store(OfficeStore):
    schema = SCHEMA + OUTBOX
    prefix = "DK"
    arrived, asked, answered = "masuk", "perlu_perbaikan", "diterima"
    closed = frozenset({"selesai", "ditolak", "dibatalkan"})

    def receipt(self, number: str, reference: str, status: str, at: str) -> dict:
        return {"nomor": number, "nomor_portal": reference, "status": status, "waktu": at}

    def _move(self, row: dict, status: str, message: str, at: str) -> int:
        version = super()._move(row, status, message, at)
        body = {
            "type": "permohonan.status",
            "nomor": row["number"],
            "nomor_portal": row["reference"],
            "status": status,
            "pesan": message,
            "urutan": version,
            "waktu": at,
        }
        if status == "selesai" and row["service"] == "akta-kelahiran":  # invented numbers of nobody
            body["hasil"] = {
                "nomor_akta": f"3576-LU-{at[8:10]}{at[5:7]}{at[:4]}-{row['id']:04d}",
                "nik_anak": f"357601011126{row['id'] % 10_000:04d}",
            }
        self.db.execute(
            "INSERT INTO outbox (event, body) VALUES (?, ?)",
            (f"evt_{uuid.uuid4().hex}", json.dumps(body, ensure_ascii=False)),
        )
        return version

    def ledger(self) -> dict:
        return {
            **super().ledger(),
            "webhooks": self.all("SELECT event, tries, done, last FROM outbox ORDER BY id"),
        }
