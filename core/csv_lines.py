"""One record of a CSV file (RFC 4180) that a spreadsheet may open: no cell of it is taken for a formula (L-11)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Tells spreadsheets that the file is UTF-8."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Sequence[str]) -> bytes:
    """What a spreadsheet would take for a formula is quoted (ASVS 1.2.10)."""
    written = io.StringIO()
    safe = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(written).writerow(safe)
    return written.getvalue().encode()
