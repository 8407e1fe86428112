"""CSV (RFC 4180), comma, semicolon or tab; quoted cells may hold line ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from certstore.bulk.errors import file_broken
from certstore.bulk.reading.table import (
    MAX_RECORD,
    MAX_ROWS,
    TableRow,
    checked_header,
    checked_row,
    record_too_long,
    too_many_rows,
)
from certstore.bulk.reading.text import TextPieces

_DELIMITERS = ",;\t"


class CsvRows:
    """Implements `TableReader`."""

    def __init__(self) -> None:
        self._text = TextPieces()
        self._rest = ""  # of a line that is not complete yet
        self._open: list[str] = []  # lines of a record whose quote is still open
        self._open_length = 0
        self._delimiter = ""
        self._number = 0
        self._header: tuple[str, ...] = ()

    @property
    def header(self) -> Sequence[str]:
        return self._header

    def feed(self, piece: bytes) -> Iterator[TableRow]:
        yield from self._rows(self._text.decode(piece))

    def finish(self) -> Iterator[TableRow]:
        tail = self._text.decode(b"", last=True)
        yield from self._rows(tail + ("\n" if self._rest or tail else ""))
        if self._open or not self._header:
            raise file_broken("CSV")

    def _rows(self, text: str) -> Iterator[TableRow]:
        text = self._rest + text
        half = "\r" if text.endswith("\r") else ""  # of a line end, maybe
        lines = text.removesuffix(half).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + half
        if len(self._rest) > MAX_RECORD:
            raise record_too_long()
        for record in self._records(lines):
            yield from self._row(record)

    def _records(self, lines: Sequence[str]) -> Iterator[str]:
        """Whole records: a line with an odd number of quotes opens or closes a quoted cell."""
        for line in lines:
            if not self._open and line.count('"') % 2 == 0:
                yield line
                continue
            self._open.append(line)
            self._open_length += len(line) + 1
            if self._open_length > MAX_RECORD:
                raise record_too_long()
            if len(self._open) > 1 and line.count('"') % 2 == 1:
                yield "\n".join(self._open)
                self._open, self._open_length = [], 0

    def _row(self, record: str) -> Iterator[TableRow]:
        if not self._header:
            self._delimiter = max(_DELIMITERS, key=record.count)
        try:
            cells = next(csv.reader(io.StringIO(record), delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            cells = None
        if not self._header:
            if cells is None:
                raise file_broken("CSV")
            self._header, self._number = checked_header(cells), 1
            return
        self._number += 1
        if self._number > MAX_ROWS:
            raise too_many_rows()
        if cells is None:
            yield TableRow(self._number, ("",) * len(self._header), "row-unreadable")
        elif any(cell.strip() for cell in cells):
            yield checked_row(self._number, cells, len(self._header))
