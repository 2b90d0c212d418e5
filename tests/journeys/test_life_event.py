"""Promise to the public: one life event over several departments, each shared answer asked once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import ROOT, City, until
from tests.journeys.test_applying import NEXT, fill_sign_in, papers, send, sign_in

pytestmark = [pytest.mark.journey, pytest.mark.timeout(420)]
__all__ = ["papers"]  # a fixture
START = "button[value=isi]"
WRITES = {
    "no_kk": "3576010101010001",
    "alamat": "Jl. Contoh 1",
    "nama_anak": "Arjuna Wira Pratama",
    "tempat_lahir": "Kota Mojokerto",
    "anak_ke": "1",
    "nik_ibu": "3576014507900001",
    "nik_saksi_1": "3576014507900002",
    "nik_saksi_2": "3576014507900003",
    "uraian": "Anak kami lahir",
    "rt": "02",
    "rw": "05",
    "jumlah_anggota": "4",
    "penghasilan": "2000000",
}
CHOSEN = {"jenis_kelamin": "0", "faskes": "1", "status_rumah": "1"}


@pytest.fixture(scope="package")
def clerk_of_social_affairs(city: City) -> str:
    """The demo has no clerk of this department: dewi gets the role, as a manager would give it."""
    script = (
        "from accounts.models import User;from services.catalogue import members;"
        "from services.catalogue.models import Department, DepartmentRole as R;"
        "d=Department.objects.get(code='dinsosp3a');u=User.objects.get(email='dewi@example.org');"
        "members.set_roles(u, department=d, roles=[R.CLERK], by=None, added=True)"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", script],
        cwd=ROOT,
        env=city.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return "dewi"


class Hand:
    """Alice's hand: writes into empty fields only, and remembers what she was asked."""

    def __init__(self, page: Any, papers: dict[str, Path]) -> None:
        self.page, self.papers = page, papers
        self.asked: list[str] = []

    def part(self) -> None:
        """Fill in what is empty on this part and go on."""
        page = self.page
        for key in page.eval_on_selector_all(
            "form [name^='f.']", "found => [...new Set(found.map(f => f.name.split('.')[1]))]"
        ):
            self._one(key)
        page.click(NEXT)
        assert page.locator(".k-errors").count() == 0, page.inner_text(".k-errors")

    def _one(self, key: str) -> None:
        page, field = self.page, f"#f-{key}"
        if page.locator(f"{field}[type=file]").count():
            if page.locator(f"{field}").is_visible() and key in (
                "surat_lahir",
                "buku_nikah",
                "bukti",
                "foto_depan",
                "foto_dalam",
            ):
                page.set_input_files(field, self.papers["pdf" if key == "buku_nikah" else "photo"])
                self.asked.append(key)
        elif page.locator(f"{field}-d").count():
            if not page.input_value(f"{field}-d"):
                for piece, value in (("d", "1"), ("m", "11"), ("y", "2026")):
                    page.fill(f"{field}-{piece}", value)
                self.asked.append(key)
        elif page.locator(f"[name='f.{key}'][type=radio]").count():
            if key in CHOSEN and not page.locator(f"[name='f.{key}']:checked").count():
                page.check(f"{field}-{CHOSEN[key]}")
                self.asked.append(key)
        elif page.locator(f"select{field}").count():
            if not page.input_value(field):
                page.select_option(field, label="Mentikan")
                self.asked.append(key)
        elif key in WRITES and not page.input_value(field):
            page.fill(field, WRITES[key])
            self.asked.append(key)

    def step(self, root: str, key: str) -> str:
        """Open a step from the walk, fill it in, send it."""
        page = self.page
        page.goto(root)
        page.click(f"#langkah-{key} {START}")
        assert "/isian/" in page.url, page.url
        page.click("main .k-actions a.k-btn")
        while not page.locator("#setuju").count():
            self.part()
        return send(page)


def said_of(page: Any, root: str, key: str) -> str:
    page.goto(root)
    return str(page.locator(f"#langkah-{key} .k-tag").first.inner_text())


def test_alice_walks_birth_over_three_departments(
    page: Any, city: City, papers: dict[str, Path], clerk_of_social_affairs: str
) -> None:
    city.tell("/mode", mode="normal")
    page.goto(f"{city.base}/")
    page.click("main a:has-text('Kelahiran anak')")
    assert "Siapkan sekali untuk semua langkah" in page.content()
    page.click("a:has-text('Mulai urusan ini')")
    fill_sign_in(page, "alice")
    root = f"{page.url.split('/isian/')[0].rstrip('/')}/"
    hand = Hand(page, papers)
    if "/isian/" not in page.url:  # an earlier walk of this browser's city goes on
        page.goto(f"{root}isian/pemohon/")
    while "/isian/" in page.url:
        hand.part()
    assert page.url == root and "0 dari 6 langkah selesai" in page.content()
    assert page.locator(f"#langkah-kk {START}").count() == 0 and said_of(page, root, "kk") == "Belum terbuka"

    def completed_by_registry(reference: str) -> None:
        until(lambda: reference in city.ledger()["effects"])
        until(lambda: reference in city.ledger()["numbers"])
        city.tell("/aksi", nomor=city.ledger()["numbers"][reference], aksi="selesai", pesan="Sudah terbit")

    certificate = hand.step(root, "akta")
    assert "Langkah 1 dari 6 dalam urusan" in page.content()
    completed_by_registry(certificate)
    until(lambda: said_of(page, root, "akta") == "Selesai")
    assert re.search(r"Nomor akta kelahiran: <b><bdi>3576-LU-", page.content())
    completed_by_registry(hand.step(root, "kk"))
    until(lambda: said_of(page, root, "kk") == "Selesai")
    completed_by_registry(hand.step(root, "kia"))
    health = hand.step(root, "jkn")
    office = f"http://127.0.0.1:{city.environment['HEALTH_PORT']}"
    until(lambda: health in city.ledger(office)["effects"])
    city.tell("/aksi", office, nomor=city.ledger(office)["numbers"][health], aksi="selesai", pesan="Kartu aktif")
    social = hand.step(root, "sosial")
    page.goto(root)
    page.click("#langkah-imunisasi button[value=sudah]")
    assert said_of(page, root, "imunisasi") == "Selesai menurut Anda"

    sign_in(page, city, clerk_of_social_affairs)
    page.goto(f"{city.base}/petugas/permohonan/{social}/")
    until(lambda: page.reload() and page.locator("#alasan").count())
    page.fill("#alasan", "Usulan sudah kami catat")
    page.click("button:has-text('Selesai')")
    sign_in(page, city, "alice")
    until(lambda: said_of(page, root, "jkn") == "Selesai")
    until(lambda: said_of(page, root, "kia") == "Selesai")
    assert "6 dari 6 langkah selesai" in page.content() and "Semua langkah selesai" in page.content()
    page.goto(f"{city.base}/akun/")
    assert "6 dari 6 langkah selesai" in page.content()
    twice = {key for key in hand.asked if hand.asked.count(key) > 1}
    assert not twice, f"asked more than once: {twice}"
    assert {"no_kk", "kelurahan", "alamat", "nama_anak", "tanggal_lahir"} <= set(hand.asked)
    assert not {"no_akta", "nik_anak", "alasan"} & set(hand.asked), "the department and the journey have said it"
