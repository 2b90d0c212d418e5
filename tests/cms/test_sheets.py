"""Services go out to a spreadsheet and come back as drafts; what is wrong in it is named by row and column."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from accounts.models import User
from cms.departments import writes_in
from cms.models import ServiceImport, ServicePage
from cms.sheets import cells, drafting, reading, writing
from services.catalogue import queries
from services.catalogue.models import Service
from tests.cms.editor import page_of
from tests.cms.sheets import Table, as_csv, as_xlsx, put, row_of, table_of

pytestmark = pytest.mark.usefixtures("demo_city")


@pytest.fixture
def admin() -> User:
    return User.objects.get(email="admin@example.org")


def checked(user: User, table: Table):  # type: ignore[no-untyped-def]
    return drafting.plan_of(drafting.keep(user, "layanan.xlsx", reading.read(as_xlsx(table))))


def said(user: User, table: Table) -> str:
    return " / ".join(f"{m.row} {m.column} {m.letter}: {m.text}" for m in checked(user, table).mistakes)


@pytest.mark.parametrize("pack", [as_xlsx, as_csv, lambda table: as_csv(table, ";"), lambda table: as_csv(table, "\t")])
def test_94_services_go_out_and_come_back_the_same(admin: User, pack) -> None:  # type: ignore[no-untyped-def]
    table = table_of(admin)
    assert len(table) == 95
    plan = drafting.plan_of(drafting.keep(admin, "a", reading.read(pack(table))))
    assert (plan.mistakes, plan.new, plan.changed, plan.same) == ([], [], [], 94)


def test_what_the_operator_takes_out_can_be_sent_in_as_it_is(admin: User) -> None:
    departments = writes_in(admin)
    for data in (writing.as_xlsx(departments), writing.as_csv(departments)):
        plan = drafting.plan_of(drafting.keep(admin, "a", reading.read(data)))
        assert (plan.mistakes, plan.same) == ([], 94)


def test_ten_seeded_mistakes_among_94_services_are_each_named(admin: User) -> None:
    table = table_of(admin)
    codes = [row[0] for row in table[1:]]
    rows = {code: row_of(table, code) for code in codes}
    seeds = [
        ("akta-kelahiran", "Tarif", "lima puluh ribu", "angka saja"),
        ("uji-kir", "Satuan waktu", "pekan", "salah satu dari"),
        ("pengangkutan-sampah", "Dinas", "dinas-angkasa", "bukan kode dinas"),
        ("spmb-sd-smp", "Kategori", "olahraga-air", "tidak dikenal"),
        ("bphtb", "Tanggal SK", "31/02/2026", "tanggal"),
        ("psc-119", "Gratis", "mungkin", "Ya atau Tidak"),
        ("sppirt", "Alamat aplikasi", "javascript:alert(1)", "https://"),
        ("cek-tagihan-pbb", "Nama layanan", "", "harus diisi"),
        ("mutasi-siswa", "Alamat halaman", "uji-kir", "sudah dipakai"),
    ]
    first, second = [code for code in codes if code not in {seed[0] for seed in seeds}][:2]
    seeds.append((second, "Kode", first, f"sudah ada di baris {rows[first]}"))
    for code, column, value, _words in seeds:
        put(table, rows[code], column, value)
    before = queries.snapshot()
    plan = checked(admin, table)
    named = {(m.row, m.column): m for m in plan.mistakes}
    for code, column, _value, words in seeds:
        assert words in named[rows[code], column].text, (code, column, plan.mistakes)
        assert named[rows[code], column].letter == get_column_letter(table[0].index(column) + 1)
    assert len(plan.mistakes) == 10, plan.mistakes
    assert plan.new == plan.changed == []
    assert queries.snapshot() == before


def test_a_mistake_in_one_line_of_a_cell_is_named_with_its_line_and_part(admin: User) -> None:
    table = table_of(admin)
    row = row_of(table, "akta-kelahiran")
    put(table, row, "Syarat", "KTP | Asli\nKartu Keluarga | Salinan emas")
    put(table, row, "Tempat dan jam buka", "mpp-gajah-mada | | | Senin-Kamis 15.00-08.00")
    put(table, row, "Kontak", "Telepon | hubungi kami")
    put(table, row, "Dasar hukum", "UU | | 2009 | Pelayanan Publik")
    words = said(admin, table)
    assert "Baris ke-2 di sel ini: Tulis salah satu dari: Asli, Fotokopi" in words
    assert "Jam tutup harus sesudah jam buka" in words
    assert "Nomor atau alamat: Tulis nomor telepon" in words
    assert "Nomor: Isi jenis, nomor, dan tahun" in words


def test_rows_with_parts_come_back_as_they_were(admin: User) -> None:
    table = table_of(admin)
    row = row_of(table, "uji-kir")
    wanted = {
        "Biaya menurut keadaan": "Bus | 75000 | sekali uji\nTruk \\| gandeng | 100000\nLain | | dihitung dulu",
        "Tempat dan jam buka": "mpp-gajah-mada | | | Senin-Kamis 08.00-15.00; Jumat 08.00-11.00 | Siang tutup\n | Gedung | Jalan 1",
        "Cara lain satu per satu": "WhatsApp | Tanya dulu | 0812 0000 0001",
        "Kontak": "Surel | kir@example.org | Loket uji",
        "Syarat": "STNK | Asli dan fotokopi | 2 | Samsat",
        "Dasar hukum": "UU | 22 | 2009 | Lalu Lintas | https://example.org/uu",
    }
    put(table, row, "Gratis", "Tidak")
    for column, text in wanted.items():
        put(table, row, column, text)
    kept = drafting.keep(admin, "a", reading.read(as_xlsx(table)))
    assert drafting.plan_of(kept).mistakes == []
    drafting.write(kept)
    again = table_of(admin)
    for column, text in wanted.items():
        assert again[row - 1][again[0].index(column)] == text


def test_an_import_writes_drafts_and_nothing_is_public(bob: User) -> None:
    table = table_of(bob)
    assert {row[1] for row in table[1:]} == {"dispendukcapil"}, "only his department's"
    put(table, row_of(table, "akta-kelahiran"), "Nama layanan", "Akta lumba-lumba")
    table.append(["", "dispendukcapil", "Kartu Kunjungan", *[""] * (len(table[0]) - 3)])
    before = queries.snapshot()
    kept = drafting.keep(bob, "a.xlsx", reading.read(as_xlsx(table)))
    assert queries.snapshot() == before
    assert not ServicePage.objects.filter(title="Kartu Kunjungan").exists()
    done = drafting.write(kept)
    assert [r["title"] for r in done.result["made"]] == ["Kartu Kunjungan"]
    assert [r["code"] for r in done.result["changed"]] == ["akta-kelahiran"]
    assert queries.snapshot() == before, "nothing public has changed"
    page = page_of("akta-kelahiran")
    assert page.title != "Akta lumba-lumba" and page.get_latest_revision_as_object().title == "Akta lumba-lumba"
    new = ServicePage.objects.get(title="Kartu Kunjungan")
    assert (
        not new.live
        and new.code == new.slug == "kartu-kunjungan"
        and new.get_parent().specific.department == "dispendukcapil"
    )
    assert drafting.write(kept).written_at == done.written_at, "a second press writes nothing again"
    assert ServicePage.objects.filter(title="Kartu Kunjungan").count() == 1


def test_bob_cannot_reach_another_department_by_a_spreadsheet(bob: User) -> None:
    table = table_of(bob)
    empty = [""] * (len(table[0]) - 3)
    table.append(["pengangkutan-sampah", "dlh", "Punya saya", *empty])
    table.append(["pengangkutan-sampah-2", "dlh", "Punya saya", *empty])
    table.append(["uji-kir", "dispendukcapil", "Punya saya", *empty])
    words = said(bob, table)
    assert words.count("Ini bukan kode dinas Anda.") == 2
    assert "Kode ini dipakai layanan dinas lain" in words
    assert "Perhubungan" not in words and "Lingkungan" not in words


def test_the_code_of_a_service_whose_page_is_gone_stays_with_its_department(bob: User) -> None:
    page_of("pengangkutan-sampah", "en").delete()
    page_of("pengangkutan-sampah").delete()
    assert Service.objects.filter(code="pengangkutan-sampah").exists()
    table = table_of(bob)
    table.append(["pengangkutan-sampah", "dispendukcapil", "Sampah", *[""] * (len(table[0]) - 3)])
    assert "Kode ini dipakai layanan dinas lain" in said(bob, table)


def test_a_page_that_is_locked_or_changed_meanwhile_is_not_written_over(bob: User, admin: User) -> None:
    table = table_of(bob)
    put(table, row_of(table, "akta-kelahiran"), "Ringkasan", "Lain")
    kept = drafting.keep(bob, "a", reading.read(as_xlsx(table)))
    page = page_of("akta-kelahiran")
    page.summary = "Diubah orang lain"
    page.save_revision(user=admin)
    with pytest.raises(drafting.NotWritten, match="diubah orang lain"):
        drafting.write(kept)
    assert page_of("akta-kelahiran").get_latest_revision_as_object().summary == "Diubah orang lain"
    ServicePage.objects.filter(pk=page.pk).update(locked=True, locked_by=admin)
    assert "sedang dikunci atau ditinjau" in said(bob, table)


def test_columns_that_nobody_knows_that_come_twice_or_are_missing_are_named(bob: User) -> None:
    assert "1 Warna E: Kolom ini tidak dikenal" in said(
        bob, [["Kode", "Dinas", "Nama layanan", "Gratis", "Warna"], ["", "dispendukcapil", "A", "", "biru"]]
    )
    assert "1 Dinas D: Kolom ini ada dua kali" in said(
        bob, [["Kode", "Dinas", "Nama layanan", "Dinas"], ["", "dispendukcapil", "A", "dlh"]]
    )
    assert "1 Nama layanan A: Kolom ini harus ada" in said(bob, [["Kode", "Dinas"], ["", "dispendukcapil"]])


def test_a_cell_beside_the_table_and_a_formula_are_named(bob: User) -> None:
    words = said(
        bob, [["Kode", "Dinas", "Nama layanan"], ["", "dispendukcapil", "=1+1"], ["", "dispendukcapil", "B", "", "nyasar"]]
    )
    assert "2 Nama layanan C: Sel ini berisi rumus" in words and "3  E: Kolom ini tidak punya nama" in words


@pytest.mark.parametrize(
    "text", ["=1+1", "+62812", "-5", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "=cmd|' /C calc'!A0", "'=1"]
)
def test_nothing_that_goes_out_is_a_formula(bob: User, text: str) -> None:
    assert cells.plain(cells.harmless(text)) == text
    page = page_of("akta-kelahiran")
    page.summary = text
    page.save_revision(user=bob)
    out = writing.as_xlsx(writes_in(bob))
    for sheet in load_workbook(io.BytesIO(out)).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").lstrip().startswith(("=", "+", "@", "-", "＝")), cell.value
    for line in writing.as_csv(writes_in(bob)).decode("utf-8-sig").split("\r\n"):
        assert not line.startswith(("=", "+", "-", "@"))


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (reading.MAX_UNPACKED + 1))
    return out.getvalue()


def with_entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("[Content_Types].xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "kosong"),
        (b"   \r\n", "kosong"),
        (b"x" * (reading.MAX_BYTES + 1), "5 MB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "bentuk lama"),
        (b"PK\x03\x04" + b"nothing", "rusak"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "bukan lembar kerja"),
        ("Kode;Dinas;Nama layanan\n;dlh;Café".encode("cp1252"), "UTF-8"),
        (b'Kode,Dinas\n"a,b', "tanda kutip"),
        (b",,,\nx", "Baris pertama"),
        ((",".join(f"k{n}" for n in range(200)) + "\n").encode(), "Kolomnya lebih"),
        (b"Kode,Dinas,Nama layanan\n" + b",dlh,x\n" * 2001, "Barisnya lebih"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(reading.Unreadable, match=words):
        reading.read(data)


def test_bombs_and_entities_are_not_unpacked() -> None:
    assert len(bomb()) < 200_000
    with pytest.raises(reading.Unreadable, match="terlalu besar"):
        reading.read(bomb())
    with pytest.raises(reading.Unreadable, match="rusak"):
        reading.read(with_entities())


def test_utf_16_as_some_programs_write_it_is_read() -> None:
    assert reading.read("Kode\tDinas\n\tdlh".encode("utf-16")).rows == [(2, ["", "dlh"])]


def test_bob_sends_a_file_in_looks_and_writes_it(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert "Berkas .xlsx atau .csv" in client.get("/petugas/layanan/impor/").content.decode()
    nothing = client.post("/petugas/layanan/impor/")
    assert nothing.status_code == 200 and "Pilih berkas" in nothing.content.decode()
    table = table_of(bob)
    put(table, row_of(table, "akta-kelahiran"), "Tarif", "murah")
    sent = client.post("/petugas/layanan/impor/", {"berkas": SimpleUploadedFile("a.csv", as_csv(table))})
    page = client.get(sent["Location"]).content.decode()
    assert "1 sel perlu diperbaiki" in page and "Yang tertulis: “murah”" in page and "Tulis sebagai draf" not in page
    assert client.post(sent["Location"], follow=True).status_code == 200
    put(table, row_of(table, "akta-kelahiran"), "Tarif", "")
    put(table, row_of(table, "akta-kelahiran"), "Ringkasan", "Akta baru")
    sent = client.post("/petugas/layanan/impor/", {"berkas": SimpleUploadedFile("b.xlsx", as_xlsx(table))})
    assert "Tulis sebagai draf" in client.get(sent["Location"]).content.decode()
    assert "Semua baris sudah ditulis sebagai draf" in client.post(sent["Location"], follow=True).content.decode()
    assert page_of("akta-kelahiran").get_latest_revision_as_object().summary == "Akta baru"


def test_somebody_elses_file_is_as_absent_as_none(bob: User, dewi: User, client: Client) -> None:
    kept = drafting.keep(bob, "a", reading.read(as_csv(table_of(bob))))
    client.force_login(dewi)
    assert client.get(f"/petugas/layanan/impor/{kept.token}/").status_code == 404
    assert client.post(f"/petugas/layanan/impor/{kept.token}/").status_code == 404
    assert ServiceImport.objects.get(pk=kept.pk).written_at is None


def test_who_may_take_out_and_send_in(client: Client, alice: User, bob: User) -> None:
    oper = User.objects.get(email="oper@example.org")
    for person, out, into in ((alice, 403, 403), (oper, 200, 403), (bob, 200, 200)):
        client.force_login(person)
        assert client.get("/petugas/layanan/ekspor/").status_code == out
        assert client.get("/petugas/layanan/impor/").status_code == into
    assert len(reading.read(client.get("/petugas/layanan/ekspor/?bentuk=csv").content).rows) < 30
    client.force_login(oper)
    assert len(reading.read(client.get("/petugas/layanan/ekspor/").content).rows) == 94
    assert reading.read(client.get("/petugas/layanan/ekspor/?kosong=1").content).rows == []


def test_wagtails_own_reports_go_out_without_formulas_too(admin: User, client: Client) -> None:
    page = page_of("akta-kelahiran")
    page.title = "=cmd|' /C calc'!A0"
    page.save_revision(user=admin, log_action=True).publish(user=admin)
    client.force_login(admin)
    answer = client.get("/kelola/reports/aging-pages/?export=csv")
    lines = b"".join(answer).decode()  # type: ignore[arg-type]
    assert "'=cmd" in lines and "\n=cmd" not in lines and '"=cmd' not in lines
    book = load_workbook(io.BytesIO(b"".join(client.get("/kelola/reports/aging-pages/?export=xlsx"))))  # type: ignore[arg-type]
    cells_there = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert any("cmd|" in str(cell.value) for cell in cells_there) and not [c for c in cells_there if c.data_type == "f"]
