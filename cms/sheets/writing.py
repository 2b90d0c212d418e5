"""Service pages as a spreadsheet: the newest drafts of one's own departments, with a sheet of help; nothing in it is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from cms.models import DepartmentPage, ServicePage
from cms.sheets.cells import MAX_CELL, harmless
from cms.sheets.columns import Column, columns
from portal.lib.languages import DEFAULT
from services.catalogue.models import Category, Dimension, LifeEvent, ServicePoint

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(departments: Iterable[DepartmentPage]) -> Iterator[list[str]]:
    """The headers, then one row a service of these departments, as last written."""
    shape = columns()
    yield [column.header for column in shape]
    for department in departments:
        pages = ServicePage.objects.child_of(department).filter(alias_of__isnull=True, locale__language_code=DEFAULT)
        for page in pages.order_by("code"):
            draft = page.get_latest_revision_as_object()
            yield [_cell(column, draft, department.department) for column in shape]


def _cell(column: Column, page: ServicePage, department: str) -> str:
    text = department if column.field == "department" else column.write(getattr(page, column.field))
    return harmless(text)[:MAX_CELL]


def as_csv(departments: Iterable[DepartmentPage]) -> bytes:
    """UTF-8 with a mark that spreadsheet programs look for."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(table(departments))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(departments: list[DepartmentPage], empty: bool = False) -> bytes:
    """`empty`: without services, to be filled in."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Layanan")
    sheet.freeze_panes = "D2"
    for number in range(1, len(columns()) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 28
    rows = table([] if empty else departments)
    sheet.append([_plain(sheet, text, bold=True) for text in next(rows)])
    for row in rows:
        sheet.append([_plain(sheet, text) for text in row])
    help_sheet = book.create_sheet("Petunjuk")
    help_sheet.column_dimensions["A"].width, help_sheet.column_dimensions["B"].width = 28, 70
    help_sheet.column_dimensions["C"].width = 50
    for row in _help(departments):
        help_sheet.append([_plain(help_sheet, text) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(sheet: Any, text: str, bold: bool = False) -> Any:
    """A cell that is text whatever it begins with; signs that XML does not know are left out."""
    cell = WriteOnlyCell(sheet, value="".join(c for c in text if c >= " " or c in "\n\t"))
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell


def _help(departments: Iterable[DepartmentPage]) -> Iterator[list[str]]:
    yield ["Kolom", "Isinya", "Contoh"]
    for column in columns():
        yield [column.header, f"{column.help}{' Harus diisi.' if column.needed else ''}", harmless(column.example)]
    yield ["", "", ""]
    yield ["Kosong", "Kolom yang tidak ada di berkas tidak mengubah apa-apa; sel yang kosong mengosongkan isinya.", ""]
    yield ["Tanda |", "Bila teks sendiri memuat |, tulis \\| ; baris baru di dalam bagian ditulis \\n.", ""]
    lists = [
        ("Kode dinas", ((d.department, d.title) for d in departments)),
        ("Kode kategori", Category.objects.values_list("slug", "name")),
        ("Kode peristiwa hidup", LifeEvent.objects.values_list("slug", "name")),
        ("Kode dimensi", Dimension.objects.values_list("slug", "name_id")),
        ("Kode titik layanan", ServicePoint.objects.values_list("code", "name")),
    ]
    for title, rows in lists:
        yield ["", "", ""]
        yield [title, "", ""]
        for code, name in rows:
            yield [code, harmless(name), ""]
