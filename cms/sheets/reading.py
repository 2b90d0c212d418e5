"""Read a spreadsheet that somebody sent: XLSX or CSV (UTF-8; commas, semicolons or tabs). Whatever it is, it is read within bounds."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from cms.sheets.cells import MAX_CELL, plain

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 60 * 1024 * 1024
MAX_PARTS = 300
MAX_ROWS = 2_000
MAX_COLUMNS = 120


class Unreadable(Exception):
    """The file as a whole is not one we take; its text says what to do."""


@dataclass(frozen=True)
class Mistake:
    """`row` as the spreadsheet counts it, `column` by its header, `letter` as the spreadsheet names it."""

    row: int
    column: str
    letter: str
    text: str


@dataclass
class Sheet:
    headers: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def read(data: bytes) -> Sheet:
    """The first sheet: its headers, its rows that are not empty, and cells that cannot be read. Raises `Unreadable`."""
    if not data.strip():
        raise Unreadable(_("Berkas ini kosong. Unduh contohnya, isi, lalu unggah lagi."))
    if len(data) > MAX_BYTES:
        raise Unreadable(_("Berkas lebih dari 5 MB. Bagi menjadi beberapa berkas."))
    if data[:4] == b"PK\x03\x04":
        return _sheet(_of_workbook(data))
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Unreadable(_("Berkas ini bentuk lama (.xls) atau terkunci kata sandi. Simpan sebagai .xlsx tanpa kata sandi."))
    return _sheet(_of_text(data))


def _sheet(lines: Iterable[list[Any]]) -> Sheet:
    source = iter(lines)
    headers = [" ".join(_words(cell).split()) for cell in next(source, [])]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise Unreadable(_("Baris pertama harus berisi nama kolom. Unduh contohnya untuk melihat nama-namanya."))
    if len(headers) > MAX_COLUMNS:
        raise Unreadable(_("Kolomnya lebih dari %(n)d. Pakai kolom dari contoh saja.") % {"n": MAX_COLUMNS})
    sheet = Sheet(headers)
    for number, line in enumerate(source, 2):
        cells = [_words(cell) for cell in line]
        if not any(cells):
            continue
        if len(sheet.rows) >= MAX_ROWS:
            raise Unreadable(_("Barisnya lebih dari %(n)d. Bagi menjadi beberapa berkas.") % {"n": MAX_ROWS})
        for place, (raw, text) in enumerate(zip(line, cells, strict=True)):
            header = headers[place] if place < len(headers) else ""
            if isinstance(raw, _Formula):
                sheet.mistakes.append(
                    mistake(number, place, header, _("Sel ini berisi rumus. Tempel hasilnya sebagai nilai."))
                )
            elif len(text) > MAX_CELL:
                sheet.mistakes.append(mistake(number, place, header, _("Isi sel ini terlalu panjang.")))
            elif text and not header:
                sheet.mistakes.append(mistake(number, place, "", _("Kolom ini tidak punya nama di baris pertama.")))
        cells += [""] * (len(headers) - len(cells))
        sheet.rows.append((number, [plain(text) for text in cells[: len(headers)]]))
    return sheet


def mistake(row: int, place: int, header: str, text: str) -> Mistake:
    return Mistake(row, header, get_column_letter(place + 1), text)


class _Formula(str):
    """A cell with a formula: its value is not ours to work out."""


def _words(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "Ya" if cell else "Tidak"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).replace("\x00", "").replace("_x000D_", "").replace("\r\n", "\n").strip()


def _of_text(data: bytes) -> Iterator[list[Any]]:
    wrong = _("Huruf di berkas ini tidak bisa dibaca. Simpan sebagai “CSV UTF-8” atau .xlsx.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data:
        raise Unreadable(_("Ini bukan lembar kerja. Kirim berkas .xlsx atau .csv."))
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(wrong) from None
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(MAX_BYTES)
    try:
        yield from reader
    except csv.Error as wrong_line:
        raise Unreadable(
            _("Berkas ini tidak bisa dibaca di sekitar baris %(n)d. Periksa tanda kutipnya.") % {"n": reader.line_num}
        ) from wrong_line


def _of_workbook(data: bytes) -> Iterator[list[Any]]:
    _refuse_bombs(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not believed
        for line in sheet.iter_rows(max_col=MAX_COLUMNS + 1, max_row=MAX_ROWS * 20):
            yield [_Formula(cell.value) if cell.data_type == "f" else cell.value for cell in line]
    except Unreadable:
        raise
    except Exception as wrong:  # a reader of a foreign format breaks in many ways; the person can do one thing about it
        raise Unreadable(_("Berkas .xlsx ini rusak. Buka di aplikasi lembar kerja, lalu simpan lagi.")) from wrong


def _refuse_bombs(data: bytes) -> None:
    """Before anything is unpacked: how much it would be; and no document type, which could hold entities."""
    broken = _("Berkas .xlsx ini rusak. Buka di aplikasi lembar kerja, lalu simpan lagi.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Unreadable(_("Isi berkas ini terlalu besar setelah dibuka. Hapus lembar dan gambar yang tidak perlu."))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with packed.open(part) as content:
                        head = content.read(MAX_UNPACKED)
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or b"<\x00!\x00" in head:
                        raise Unreadable(broken)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as wrong:
        raise Unreadable(broken) from wrong
