"""A legacy register with planted faults: whoever takes it over must find each of them, and nothing else.

Rows are made one by one from their number, so that a register of millions is never in memory.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from stdnum.iso7064 import mod_11_2

from certstore.identifier import ROOT, check_character, vendor_check_character

HEADER = ("证书编号", "姓名", "身份证号", "坐落", "面积", "登记日期", "共有情况", "发证日期", "电子证照标识")
FAULT_EVERY = 50  # rows; each kind of fault comes again after as many rows as there are kinds, times this
KINDS = (
    "citizen-id-check",
    "citizen-id-date",
    "missing",
    "number-twice",
    "name-differs",
    "date-invalid",
    "not-of-its-kind",
    "licence-data-invalid",
    "row-width",
    "identifier-invalid",
)


@dataclass
class Planted:
    """What was planted so far."""

    faults: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    fifteen: int = 0
    wrong_checks: int = 0


def id_number(number: int) -> str:
    """A valid citizen number for each number below ten million."""
    day, order = divmod(number, 999)
    body = f"410199{1950 + day // 336 % 50:04d}{1 + day // 28 % 12:02d}{1 + day % 28:02d}{order + 1:03d}"
    return body + str(mod_11_2.calc_check_digit(body))


def identifier(type_code: str, issuer: str, number: int, check: str | None = None) -> str:
    body = f"{type_code}{issuer}{number:010d}001"
    return f"{ROOT}.{type_code}.{issuer}.{number:010d}.001.{check or check_character(body)}"


def rows(many: int, type_code: str, issuer: str, planted: Planted) -> Iterator[list[str]]:
    """Rows without the header; `planted` says afterwards what is in them."""
    for number in range(many):
        row = _good(number, type_code, issuer)
        if number % FAULT_EVERY == FAULT_EVERY - 1:
            kind = KINDS[number // FAULT_EVERY % len(KINDS)]
            row = _spoilt(row, kind, number)
            planted.faults[kind] += 1
        elif number % 97 == 5:
            row[2] = row[2][:6] + row[2][8:17]
            planted.fifteen += 1
        elif number % 89 == 7:
            right = (row[8][-1], vendor_check_character(f"{type_code}{issuer}{number:010d}001"))
            row[8] = row[8][:-1] + next(check for check in "012" if check not in right)
            planted.wrong_checks += 1
        planted.rows += 1
        yield row


@dataclass(frozen=True)
class Elsewhere:
    """What others must know of the holder of a good row for it to differ, or, as `agrees`, not to differ.

    Attributes:
        line: of the row in the file, its header being the first.
        kind: `own`, `office`, `identity` or `agrees`.
    """

    line: int
    kind: str
    number: str
    name: str


def known_elsewhere(many: int) -> Iterator[Elsewhere]:
    """For every forty-first row in turn another name, or the same one in another spelling."""
    for number in range(7, many, 41):
        if number % FAULT_EVERY == FAULT_EVERY - 1:
            continue
        kind = ("own", "office", "identity", "agrees")[number // 41 % 4]
        name = _good(number, "", "")[1]
        other = f" {name[0]}·{name[1:]}　" if kind == "agrees" else f"李{name[1:]}"
        yield Elsewhere(number + 2, kind, id_number(number), other)


def csv_file(many: int, type_code: str, issuer: str, planted: Planted, *, encoding: str = "utf-8") -> Iterator[bytes]:
    """The register as CSV, in pieces of some hundred rows."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(HEADER)
    for number, row in enumerate(rows(many, type_code, issuer, planted)):
        writer.writerow(row)
        if number % 500 == 499:
            yield written.getvalue().encode(encoding)
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode(encoding)


def _good(number: int, type_code: str, issuer: str) -> list[str]:
    return [
        f"豫（2019）示例市不动产权第{number:08d}号",
        f"张{chr(0x4E00 + number % 5000)}{chr(0x4E00 + number // 5000 % 5000)}",
        id_number(number),
        f"示例市青石区演示路 {number} 号，{number % 30 + 1} 层",
        f"{40 + number % 160}.{number % 10}",
        f"20{10 + number % 15}-0{1 + number % 9}-1{number % 10}",
        "单独所有" if number % 3 else "共同共有",
        f"20{10 + number % 15}0{1 + number % 9}1{number % 10}",
        identifier(type_code, issuer, number),
    ]


def _spoilt(row: list[str], kind: str, number: int) -> list[str]:
    before = _good(number - 1, "", "") if kind in ("number-twice", "name-differs") else row
    if kind == "citizen-id-check":
        row[2] = row[2][:17] + ("0" if row[2][17] != "0" else "1")
    elif kind == "citizen-id-date":
        row[2] = row[2][:10] + "1399" + row[2][14:]
    elif kind == "missing":
        row[1] = ""
    elif kind == "number-twice":
        row[0] = before[0]
    elif kind == "name-differs":
        row[2] = before[2]
    elif kind == "date-invalid":
        row[7] = "二〇一九年"
    elif kind == "not-of-its-kind":
        row[4] = "约九十"
    elif kind == "licence-data-invalid":
        row[6] = "不清楚"
    elif kind == "row-width":
        row = row[:5]
    else:
        row[8] = "1.2.3"
    return row
