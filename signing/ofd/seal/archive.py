"""Writes the ZIP of a sealed package: what was there keeps its compressed octets, what is new follows it.

The same files make the same octets: no clock and no system is asked. Every entry is written with a local header that
says what the table of contents says, so that nobody reads the one and somebody else the other.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.files.reading import head_of, joined, slices_of
from core.files.scratch import FileBytes

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_NEEDED, _UTF8 = 20, 0x800
_UNIX_FILE = 0o100644 << 16
_UNIX = 3
_FIRST_DAY = 0x0021  # 1980-01-01, where an entry is ours and has no date
_GATHERED = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the new archive.

    Attributes:
        name: without a leading slash.
        content: of a new file; None for one whose compressed octets lie in the old archive.
        at, packed: where those octets lie, and how many they are.
        size, check: octets of the file itself, and their CRC-32.
        method: 0 stored, 8 deflated.
        date, time: as the format has them.
    """

    name: str
    content: bytes | None = field(default=None, repr=False)
    at: int = 0
    packed: int = 0
    size: int = 0
    check: int = 0
    method: int = zipfile.ZIP_STORED
    date: int = _FIRST_DAY
    time: int = 0


def archived(before: FileBytes, entries: Iterable[Entry]) -> FileBytes:
    """The archive of these entries; a large one lies where `before` lies.

    Raises:
        ValueError: an entry lies outside `before`, or they are more than it can hold.
    """
    pieces = _pieces(before, tuple(entries))
    if isinstance(before, bytes):
        return b"".join(pieces)
    made, waiting = head_of(before, 0), bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _GATHERED:
            made = joined(made, bytes(waiting))
            waiting.clear()
    return joined(made, bytes(waiting))


def _pieces(before: FileBytes, entries: tuple[Entry, ...]) -> Iterator[bytes | memoryview]:
    _check(before, entries)
    offset, table = 0, []
    for entry in entries:
        data: Iterable[bytes | memoryview]
        if entry.content is None:
            written, data = entry, slices_of(before, entry.at, entry.at + entry.packed)
        else:
            deflated = _deflated(entry.content)
            written, data = _new(entry, len(deflated)), (deflated,)
        head = _local(written)
        table.append(_central(written, offset))
        offset += len(head) + written.packed
        yield head
        yield from data
    listed = b"".join(table)
    yield listed
    yield _END.pack(b"PK\x05\x06", 0, 0, len(table), len(table), len(listed), offset, 0)


def _check(before: FileBytes, entries: tuple[Entry, ...]) -> None:
    kept = [entry for entry in entries if entry.content is None]
    if any(not 0 <= one.at <= one.at + one.packed <= len(before) for one in kept):
        raise ValueError("an entry outside the archive")
    if sum(one.packed for one in kept) > len(before) or len({one.name for one in entries}) != len(entries):
        raise ValueError("entries that overlap, or one twice")
    if len(entries) > 0xFFFE:
        raise ValueError("more entries than the format holds")


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _new(entry: Entry, packed: int) -> Entry:
    content = entry.content or b""
    return Entry(entry.name, None, 0, packed, len(content), zlib.crc32(content), zipfile.ZIP_DEFLATED)


def _local(entry: Entry) -> bytes:
    name = entry.name.encode("utf-8")
    facts = (entry.method, entry.time, entry.date, entry.check, entry.packed, entry.size, len(name), 0)
    return _LOCAL.pack(b"PK\x03\x04", _NEEDED, _flags(entry), *facts) + name


def _central(entry: Entry, offset: int) -> bytes:
    name = entry.name.encode("utf-8")
    facts = (entry.method, entry.time, entry.date, entry.check, entry.packed, entry.size, len(name), 0, 0, 0, 0)
    made_by = _UNIX << 8 | _NEEDED
    return _CENTRAL.pack(b"PK\x01\x02", made_by, _NEEDED, _flags(entry), *facts, _UNIX_FILE, offset) + name


def _flags(entry: Entry) -> int:
    return 0 if entry.name.isascii() else _UTF8
