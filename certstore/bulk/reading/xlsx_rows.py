"""XLSX: the first sheet, values only. Nothing is computed, followed or fetched; limits hold before unpacking."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from certstore.bulk.errors import FileRefused, file_broken
from certstore.bulk.reading.table import MAX_ROWS, TableRow, checked_header, checked_row, too_many_rows

MAX_FILE = 64 << 20  # bytes as uploaded; larger registers come as CSV
MAX_UNPACKED = 1 << 30
MAX_PARTS = 2000
_ROOT = re.compile(rb"<[A-Za-z_]")
_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number: an ID number typed as one has lost its end


class XlsxRows:
    """Implements `TableReader`; a workbook can be read only when it is here whole."""

    def __init__(self) -> None:
        self._pieces = io.BytesIO()
        self._header: tuple[str, ...] = ()

    @property
    def header(self) -> Sequence[str]:
        return self._header

    def feed(self, piece: bytes) -> Iterator[TableRow]:
        if self._pieces.tell() + len(piece) > MAX_FILE:
            raise FileRefused(
                "file-too-large",
                "XLSX 文件不能超过 64 MB。更大的登记簿请另存为 CSV。",
                "An XLSX file may have 64 MB. Save a larger register as CSV.",
            )
        self._pieces.write(piece)
        yield from ()

    def finish(self) -> Iterator[TableRow]:
        _check_container(self._pieces)
        import openpyxl  # one module in fourteen of ours, for the few who bring a workbook

        try:
            book = openpyxl.load_workbook(self._pieces, read_only=True, data_only=False, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its own size is not believed
            rows = sheet.iter_rows(values_only=False)
            for number, cells in enumerate(rows, 1):
                yield from self._row(number, cells)
        except FileRefused:
            raise
        except Exception as error:  # whatever a hostile workbook trips over, it is the workbook's fault
            raise file_broken("XLSX") from error
        if not self._header:
            raise file_broken("XLSX")

    def _row(self, number: int, cells: Sequence[Any]) -> Iterator[TableRow]:
        if number > MAX_ROWS:
            raise too_many_rows()
        if not self._header:
            self._header = checked_header([_text(cell.value) for cell in cells])
            return
        values = [_text(cell.value) for cell in cells]
        if not any(value.strip() for value in values):
            return
        row = checked_row(number, values, len(self._header)) if len(values) >= len(self._header) else None
        if row is None:  # empty cells at the end of a row are not written
            row = checked_row(number, [*values, *[""] * (len(self._header) - len(values))], len(self._header))
        fault = next((found for found in map(_fault, cells) if found), "")
        yield TableRow(row.number, row.cells, row.fault or fault)


def _fault(cell: Any) -> str:
    if cell.data_type == "f":
        return "cell-formula"
    value = cell.value
    exact = isinstance(value, bool) or not isinstance(value, int | float) or abs(value) < _EXACT
    return "" if exact else "cell-number-rounded"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_container(file: io.BytesIO) -> None:
    """
    Raises:
        FileRefused: no workbook, or one that unpacks to more than it should, or that declares entities (XXE).
    """
    try:
        with zipfile.ZipFile(file) as container:
            parts = container.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise FileRefused(
                    "file-too-large",
                    "文件解开后过大，不予读取。请另存为 CSV。",
                    "The file unpacks to too much. Save it as CSV.",
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(container, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise file_broken("XLSX") from None


def _check_part(container: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with container.open(part) as opened:
        beginning = opened.read(1 << 16)
    # a document type can stand only before the root element; what hides both behind 64 KiB of blanks is no workbook
    if _ROOT.search(beginning) is None or b"<!DOCTYPE" in beginning or b"<!ENTITY" in beginning:
        raise file_broken("XLSX")
