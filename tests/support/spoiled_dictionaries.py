"""Universal signature forgery (S-01): ways to spoil byte range and value of a signature, whatever its kind."""

from __future__ import annotations

import re

from tests.support.signing_forgeries import Edit

_RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")
_CONTENTS = re.compile(rb"/Contents <[0-9a-f]*>")


def byte_range(value: str) -> Edit:
    """Put another byte range in the same room, so that the offsets stay as they were."""

    def edit(dictionary: bytes) -> bytes:
        found = _RANGE.search(dictionary)
        assert found
        made = f"/ByteRange {value} ".encode() if value else b""
        return dictionary.replace(found[0], made.ljust(len(found[0])))

    return edit


def contents(value: bytes) -> Edit:
    def edit(dictionary: bytes) -> bytes:
        return _CONTENTS.sub(lambda _: value, dictionary)

    return edit


def swap(old: bytes, new: bytes) -> Edit:
    def edit(dictionary: bytes) -> bytes:
        assert old in dictionary
        return dictionary.replace(old, new, 1)

    return edit


def spoiled(sealed: bytes) -> dict[str, Edit]:
    """Edits of the last signature dictionary of this file."""
    start, end, length = (int(one) for one in re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", sealed)[-1])
    value = _CONTENTS.findall(sealed)[-1]
    return {
        "range-missing": byte_range(""),
        "range-null": byte_range("null"),
        "range-empty": byte_range("[]"),
        "range-one": byte_range("[0]"),
        "range-three": byte_range(f"[0 {start} {end}]"),
        "range-five": byte_range(f"[0 {start} {end} {length} 0]"),
        "range-six": byte_range(f"[0 {start} {end} {length - 9} {end + length - 9} 9]"),
        "range-zeros": byte_range("[0 0 0 0]"),
        "range-not-from-zero": byte_range(f"[9 {start - 9} {end} {length}]"),
        "range-negative-start": byte_range(f"[-1 {start} {end} {length}]"),
        "range-negative-length": byte_range(f"[0 {start} {end} -{length}]"),
        "range-huge": byte_range(f"[0 {start} {end} 99999999999]"),
        "range-beyond-number": byte_range(f"[0 {start} {end} {'9' * 30}]"),
        "range-reals": byte_range(f"[0 {start}.0 {end}.0 {length}.0]"),
        "range-strings": byte_range(f"[(0) ({start}) ({end}) ({length})]"),
        "range-names": byte_range("[/a /b /c /d]"),
        "range-number": byte_range("0"),
        "range-indirect": byte_range("1 0 R"),
        "range-indirect-parts": byte_range("[0 1 0 R 2 0 R 3 0 R]"),
        "range-nested": byte_range(f"[[0 {start} {end} {length}]]"),
        "range-turned": byte_range(f"[0 {end} {start} {length}]"),
        "range-overlapping": byte_range(f"[0 {start} {start - 50} {length}]"),
        "range-all-of-it": byte_range(f"[0 {end + length} {end + length} 0]"),
        "range-first-part-only": byte_range(f"[0 {start} {end} 0]"),
        "range-wider-gap-before": byte_range(f"[0 {start - 30} {end} {length}]"),
        "range-wider-gap-after": byte_range(f"[0 {start} {end + 30} {length - 30}]"),
        "range-short-of-end": byte_range(f"[0 {start} {end} {length - 6}]"),
        "range-doubled": swap(b"/Filter ", f"/ByteRange [0 {start} {end} {length}] /Filter ".encode()),
        "range-disguised": swap(b"/ByteRange", b"/Byte#52ange"),
        "contents-missing": contents(b""),
        "contents-null": contents(b"/Contents null"),
        "contents-empty": contents(b"/Contents <>"),
        "contents-zero": contents(b"/Contents <00>"),
        "contents-zeros": contents(b"/Contents <" + b"0" * (len(value) - 12) + b">"),
        "contents-literal": contents(b"/Contents (abc)"),
        "contents-name": contents(b"/Contents /Name"),
        "contents-number": contents(b"/Contents 0"),
        "contents-indirect": contents(b"/Contents 1 0 R"),
        "contents-array": contents(b"/Contents [" + value[10:] + b"]"),
        "contents-odd-digits": contents(value[:-2] + b">"),
        "contents-spaced": contents(value[:40] + b" " + value[41:]),
        "contents-half": contents(value[: len(value) // 2] + b">"),
        "contents-doubled-before": swap(b"/Filter ", b"/Contents <00> /Filter "),
        "contents-doubled-after": contents(value + b" /Contents <00>"),
        "contents-disguised": swap(b"/Contents", b"/Content#73"),
    }
