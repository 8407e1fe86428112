"""Tables for a terminal, and the same rows as JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

Row = Mapping[str, str | int | bool | None]


def lines_of(rows: Sequence[Row], *, as_json: bool) -> list[str]:
    """A line of headings and one for each row; or one JSON array. All rows have the same names in the same order."""
    if as_json:
        return [json.dumps([dict(row) for row in rows], ensure_ascii=False)]
    if not rows:
        return []
    cells = [[name.replace("_", " ").upper() for name in rows[0]]]
    cells += [["" if value is None else str(value) for value in row.values()] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return [_line(row, widths) for row in cells]


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
