"""What all readers give: a header and numbered rows of text, within limits that hold before anything is kept.

Attacks L-10: no file makes a reader use memory without bound, evaluate anything, or fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from certstore.bulk.errors import FileRefused

MAX_COLUMNS = 200
MAX_CELL = 4000  # characters; a longer cell makes its row faulty, not the file
MAX_RECORD = 1_000_000  # characters; a longer record is no register
MAX_ROWS = 20_000_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row.

    Attributes:
        number: as people count: the header is 1, the first row 2; for JSON Lines the first row is 1.
        cells: in the order of the header; None where the row could not be read.
        fault: code of what is wrong with the row as such, or "".
    """

    number: int
    cells: Sequence[str] = field(repr=False)
    fault: str = ""


class TableReader(Protocol):
    """Takes a file in pieces, as they come over the wire."""

    @property
    def header(self) -> Sequence[str]:
        """Titles of the columns; empty until they are known."""

    def feed(self, piece: bytes) -> Iterator[TableRow]:
        """Rows that are complete now.

        Raises:
            FileRefused: the file as a whole cannot be read.
        """

    def finish(self) -> Iterator[TableRow]:
        """What is left at the end of the file.

        Raises:
            FileRefused: it ends in the middle, or has no row at all.
        """


def checked_header(titles: Sequence[str]) -> tuple[str, ...]:
    """Titles without surrounding blanks.

    Raises:
        FileRefused: `header-invalid`.
    """
    clean = tuple(" ".join(title.split()) for title in titles)
    while clean and not clean[-1]:  # spreadsheets leave empty columns at the end
        clean = clean[:-1]
    if not 1 <= len(clean) <= MAX_COLUMNS or not all(clean) or len(set(clean)) != len(clean):
        raise FileRefused(
            "header-invalid",
            f"第一行应是列名：1 到 {MAX_COLUMNS} 列，不空、不重复。",
            f"The first row holds the column titles: 1 to {MAX_COLUMNS}, none empty, none twice.",
        )
    if any(len(title) > 100 or not title.isprintable() for title in clean):
        raise FileRefused("header-invalid", "列名太长或含控制字符。", "A column title is too long or unprintable.")
    return clean


def checked_row(number: int, cells: Sequence[str], width: int) -> TableRow:
    """A row of the header's width; whatever is wrong with it is said, and never repaired by guessing."""
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != width:
        return TableRow(number, tuple(cells[:width]) + ("",) * (width - len(cells)), "row-width")
    if any(len(cell) > MAX_CELL for cell in cells):
        return TableRow(number, tuple(cell[:MAX_CELL] for cell in cells), "cell-too-long")
    if any("\0" in cell for cell in cells):
        return TableRow(number, tuple(cell.replace("\0", "") for cell in cells), "cell-unprintable")
    return TableRow(number, tuple(cells))


def too_many_rows() -> FileRefused:
    return FileRefused(
        "file-too-long", f"行数超过 {MAX_ROWS}，请分开导入。", f"More than {MAX_ROWS} rows: split the file."
    )


def record_too_long() -> FileRefused:
    return FileRefused(
        "record-too-long",
        "有一行超过一百万字，多半是引号没有配对。请核对后再传。",
        "A record has more than a million characters; most likely a quote is not closed. Check the file.",
    )
