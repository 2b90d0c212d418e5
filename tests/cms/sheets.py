"""Spreadsheets for tests: taken out of the city, changed in a cell, and packed again."""

import csv
import io
from typing import Any

from openpyxl import Workbook

from accounts.models import User
from cms.departments import of_reader
from cms.sheets import writing

Table = list[list[Any]]


def table_of(user: User) -> Table:
    return [list(row) for row in writing.table(of_reader(user))]


def row_of(table: Table, code: str) -> int:
    """The row as the spreadsheet counts it."""
    return next(number for number, row in enumerate(table, 1) if row[0] == code)


def put(table: Table, row: int, column: str, value: Any) -> None:
    table[row - 1][table[0].index(column)] = value


def as_xlsx(table: Table) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(table: Table, delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(table)
    return out.getvalue().encode()
