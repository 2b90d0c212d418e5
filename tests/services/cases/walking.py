"""Alice on a journey, by its pages: what a page asks her that is not answered yet, and what the departments do."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from services.cases import timeline
from services.cases.constants import Status
from services.cases.models import Case, JourneyRun
from services.forms import documents
from tests.services.cases.test_applying import pdf, photo

NIK = "3576014507900001"
# What she would write; the key of a question is enough, since the data call the same thing by the same name.
SHE_WRITES: dict[str, Any] = {
    "nik": NIK,
    "nama": "Alice Contoh",
    "telepon": "0812 0000 0001",
    "no_kk": "3576010101010001",
    "kelurahan": "kel-mentikan",
    "alamat": "Jl. Contoh 1",
    "rt": "02",
    "rw": "05",
    "nama_anak": "Arjuna Pratama",
    "jenis_kelamin": "L",
    "tempat_lahir": "Kota Mojokerto",
    "anak_ke": "1",
    "nik_ibu": NIK,
    "nik_saksi_1": "3576014507900002",
    "nik_saksi_2": "3576014507900003",
    "alasan": "tambah",
    "uraian": "Anak lahir",
    "nik_anak": "3576010111250001",
    "no_akta": "3576-LU-01112025-0001",
    "faskes": "mentikan",
    "jumlah_anggota": "4",
    "penghasilan": "2.000.000",
    "status_rumah": "sewa",
}
DATE = {"d": "1", "m": "11", "y": "2025"}


class Walker:
    """Follows the pages and writes only into fields that are empty; `asked` says how often each was."""

    def __init__(self, client: Client, person: User) -> None:
        client.force_login(person)
        self.client, self.person = client, person
        self.asked: list[tuple[str, str]] = []  # (shared, or key of the step; question)
        self.root = ""

    @property
    def run(self) -> JourneyRun:
        return JourneyRun.objects.get(ref=self.root.rstrip("/").rsplit("/", 1)[-1])

    def begin(self, event: str = "kelahiran") -> None:
        place = self.get(f"/peristiwa/{event}/mulai/", 303)["Location"]
        self.root = re.match(r"/urusan/[^/]+/", place)[0]  # type: ignore[index]

    def get(self, path: str, status: int = 200) -> HttpResponse:
        answer: Any = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer  # type: ignore[no-any-return]

    def page(self) -> str:
        return self.get(self.root).content.decode()

    def press(self, step: str, act: str) -> str:
        answer = self.client.post(f"{self.root}langkah/{step}/", {"aksi": act})
        assert answer.status_code == 303, answer.status_code
        return str(answer["Location"])

    def answer_shared(self) -> None:
        form = documents.load(self.run.version.document)  # type: ignore[union-attr]
        for part in form.parts:
            context: Any = self.get(f"{self.root}isian/{part.key}/").context  # type: ignore[attr-defined]
            values = self._fill("shared", context["fields"])
            answer = self.client.post(f"{self.root}isian/{part.key}/", {**values, "aksi": "lanjut"})
            assert answer.status_code == 303 and "cek" not in answer["Location"], answer["Location"]

    def send_step(self, step: str) -> Case:
        """Open the step, write what is not there, check and send."""
        place = self.press(step, "isi")
        assert place.startswith("/isian/"), place
        listed: Any = self.get(place).context  # type: ignore[attr-defined]
        for task in listed["tasks"]:
            context: Any = self.get(f"{place}{task.key}/").context  # type: ignore[attr-defined]
            values = self._fill(step, context["fields"])
            answer = self.client.post(f"{place}{task.key}/", {**values, "aksi": "lanjut"})
            assert answer.status_code == 303 and "cek" not in answer["Location"], (task.key, answer["Location"])
        checked: Any = self.get(f"{place}periksa/").context  # type: ignore[attr-defined]
        answer = self.client.post(f"{place}kirim/", {"sidik": checked["digest"], "setuju": "1"})
        return Case.objects.get(reference=answer["Location"].strip("/").split("/")[1])

    def _fill(self, where: str, fields: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in fields:
            question, key = field.question, field.question.key
            empty = not field.value and not any(p.value for p in field.pieces) and not any(c.chosen for c in field.choices)
            if empty and (question.required or key in SHE_WRITES) and not field.data_if:
                self.asked.append((where, key))
                if question.type == "file":
                    values[field.name] = photo() if key != "buku_nikah" else pdf()
                elif question.type == "date":
                    values |= {f"{field.name}.{piece}": value for piece, value in DATE.items()}
                else:
                    values[field.name] = SHE_WRITES[key]
            elif not empty and field.pieces:
                values |= {piece.name: piece.value for piece in field.pieces}
            elif not empty and field.choices:
                values[field.name] = next(c.value for c in field.choices if c.chosen)
            elif not empty:
                values[field.name] = field.value
        return values


def decide(case: Case, status: str, **results: str) -> None:
    """What the department does with a case."""
    locked = timeline.lock_case(case.pk)
    if status == Status.COMPLETED and results:
        timeline.keep_results(locked, results)
    assert timeline.set_status(locked, status, actor="department", text="Kata dinas")
