"""JSON Lines: one object per line; the first one's keys are the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

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

_decoder = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


class JsonRows:
    """Implements `TableReader`."""

    def __init__(self) -> None:
        self._text = TextPieces()
        self._rest = ""
        self._number = 0
        self._header: tuple[str, ...] = ()

    @property
    def header(self) -> Sequence[str]:
        return self._header

    def feed(self, piece: bytes) -> Iterator[TableRow]:
        lines = (self._rest + self._text.decode(piece)).split("\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_RECORD:
            raise record_too_long()
        for line in lines:
            yield from self._row(line)

    def finish(self) -> Iterator[TableRow]:
        yield from self._row(self._rest + self._text.decode(b"", last=True))
        if not self._header:
            raise file_broken("JSON Lines")

    def _row(self, line: str) -> Iterator[TableRow]:
        if not line.strip():
            return
        self._number += 1
        if self._number > MAX_ROWS:
            raise too_many_rows()
        try:
            values = _decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            values = None
        if not self._header:
            if values is None:
                raise file_broken("JSON Lines")
            self._header = checked_header(list(values))
        if values is None:
            yield TableRow(self._number, ("",) * len(self._header), "row-unreadable")
        elif set(values) - set(self._header):
            yield TableRow(self._number, tuple(_text(values.get(name)) for name in self._header), "row-width")
        else:
            yield checked_row(self._number, [_text(values.get(name)) for name in self._header], len(self._header))


def _text(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
