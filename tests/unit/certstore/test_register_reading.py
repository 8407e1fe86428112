"""Files of registers are read as people write them, and hostile ones do no harm (attacks L-10)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Sequence

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstore.bulk.errors import FileRefused
from certstore.bulk.reading import table, xlsx_rows
from certstore.bulk.reading.csv_rows import CsvRows
from certstore.bulk.reading.json_rows import JsonRows
from certstore.bulk.reading.table import TableReader, TableRow
from certstore.bulk.reading.xlsx_rows import XlsxRows


def read(reader: TableReader, content: bytes, size: int = 1 << 16) -> list[TableRow]:
    rows = [row for at in range(0, len(content), size) for row in reader.feed(content[at : at + size])]
    return [*rows, *reader.finish()]


def cells(rows: Sequence[TableRow]) -> list[tuple[str, ...]]:
    return [tuple(row.cells) for row in rows]


def book(rows: Sequence[Sequence[object]]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def repacked(content: bytes, part: str, other: bytes) -> bytes:
    """A workbook with one of its parts exchanged."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        assert part in old.namelist()
        for name in old.namelist():
            new.writestr(name, other if name == part else old.read(name))
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_spreadsheets_write_it(encoding: str, line_end: str, delimiter: str) -> None:
    lines = [delimiter.join(row) for row in (("姓名", "住址"), ("林知远", '"甲路, 1 号"'), ("䶮", '"两\n行 ""引"""'))]
    content = line_end.join(lines).encode(encoding)
    assert cells(read(CsvRows(), content)) == [("林知远", "甲路, 1 号"), ("䶮", '两\n行 "引"')]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2)), size=st.integers(1, 40))
def test_csv_in_any_pieces_is_the_same(rows: list[list[str]], size: int) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([["a", "b"], *rows])
    expected = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert cells(read(CsvRows(), written.getvalue().encode(), size)) == expected


def test_rows_at_fault_are_said_and_the_others_stay() -> None:
    long = "x" * (table.MAX_CELL + 1)
    content = f'a,b\n1,2\n1\n1,2,3\n{long},2\n1,"2" 3\n1,\0\n\n8,9\n'.encode()
    rows = read(CsvRows(), content)
    assert [(row.number, row.fault) for row in rows] == [
        (2, ""),
        (3, "row-width"),
        (4, "row-width"),
        (5, "cell-too-long"),
        (6, "row-unreadable"),
        (7, "cell-unprintable"),
        (9, ""),
    ]
    assert all(len(cell) <= table.MAX_CELL and "\0" not in cell for row in rows for cell in row.cells)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-unreadable"),
        (b"a,a\n1,2\n", "header-invalid"),
        (b"a,,b\n1,2,3\n", "header-invalid"),
        (b",".join(b"c%d" % n for n in range(300)) + b"\n", "header-invalid"),
        (b'a,b\n1,"2\n', "file-unreadable"),
        (b'a,b\n1,"' + b"x" * 1_100_000, "record-too-long"),
        (b'a,b\n1,"' + b"x\n" * 600_000, "record-too-long"),
        (b"a,b\n1,\xff\xff\xff\n", "encoding-unknown"),
        (b"a,b\n1,2\n" + b"\xff\xfe", "encoding-unknown"),
        (b"PK\x03\x04\x00\xff\xff", "encoding-unknown"),
    ],
)
def test_l_10_a_file_that_is_no_csv_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused, match=code):
        read(CsvRows(), content)


def test_l_10_more_rows_than_any_register_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certstore.bulk.reading.csv_rows.MAX_ROWS", 5)
    with pytest.raises(FileRefused, match="file-too-long"):
        read(CsvRows(), b"a\n" + b"1\n" * 9)


def test_json_lines_take_their_columns_from_the_first_line() -> None:
    content = (
        '{"a": "林", "b": 12, "c": null}\n\n{"b": true, "a": 1.5}\n{"d": 1}\nnonsense\n[1]\n{"a": {"x": 1}}\n'.encode()
    )
    rows = read(JsonRows(), content, 7)
    assert cells(rows)[:2] == [("林", "12", ""), ("1.5", "true", "")]
    assert [row.fault for row in rows] == ["", "", "row-width", "row-unreadable", "row-unreadable", "row-unreadable"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"1", b'{"a": [[[[', b"[" * 100_000])
def test_l_10_what_is_no_json_lines_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused, match="file-unreadable"):
        read(JsonRows(), content)


def test_a_workbook_gives_the_values_of_its_first_sheet() -> None:
    content = book(
        [("姓名", "数", "日期"), ("林知远", 12.0, dt.datetime(2026, 3, 1)), ("赵映雪", 1.5, None), (None, None, None)]
    )
    assert cells(read(XlsxRows(), content)) == [("林知远", "12", "2026-03-01"), ("赵映雪", "1.5", "")]


def test_l_10_a_formula_and_a_rounded_number_make_their_row_faulty() -> None:
    content = book([("a", "b"), ("=1+1", 1), ("x", 410199198802291031), ("x", "410199198802291031")])
    assert [row.fault for row in read(XlsxRows(), content)] == ["cell-formula", "cell-number-rounded", ""]


DTD = b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "_rels/.rels"]
)
@pytest.mark.parametrize(
    "beginning", [DTD, OUTSIDE, b" " * 70_000, b""], ids=["entities", "outside", "blanks", "utf-16"]
)
def test_l_10_entities_and_what_hides_them_are_refused(part: str, beginning: bytes) -> None:
    content = book([("a",), ("1",)])
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        old = opened.read(part)
    spoilt = beginning + (old.partition(b"?>")[2] if old.startswith(b"<?xml") else old)
    if not beginning:
        spoilt = old.decode().encode("utf-16")
    with pytest.raises(FileRefused, match="file-unreadable"):
        read(XlsxRows(), repacked(content, part, spoilt))


def test_l_10_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_rows, "MAX_UNPACKED", 1 << 20)
    sheet = b"<worksheet><sheetData>" + b" " * (4 << 20) + b"</sheetData></worksheet>"
    content = repacked(book([("a",), ("1",)]), "xl/worksheets/sheet1.xml", sheet)
    assert len(content) < 100_000
    with pytest.raises(FileRefused, match="file-too-large"):
        read(XlsxRows(), content)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a,b\n1,2\n", b"PK\x05\x06" + bytes(18)])
def test_l_10_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused, match="file-unreadable"):
        read(XlsxRows(), content)


def test_l_10_a_workbook_that_is_too_large_is_refused_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_rows, "MAX_FILE", 100)
    with pytest.raises(FileRefused, match="file-too-large"):
        read(XlsxRows(), book([("a",), ("1",)]), 60)


@given(st.binary(max_size=300), st.sampled_from([CsvRows, JsonRows, XlsxRows]), st.integers(1, 50))
def test_l_10_whatever_comes_is_read_or_refused(content: bytes, kind: type[TableReader], size: int) -> None:
    try:
        rows = read(kind(), content, size)
    except FileRefused:
        return
    assert all(len(cell) <= table.MAX_CELL for row in rows for cell in row.cells)
