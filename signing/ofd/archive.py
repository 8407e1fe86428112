"""A ZIP that everybody unpacks the same way (APPNOTE 6.3): strictly read, every octet of the file accounted for.

Readers of ZIPs differ: some believe the directory at the end, some the headers before the data; some skip what they do
not know. So both must say the same here, entries must lie one behind the other without a gap, and what only helps to
hide something (comments, ZIP64 in a small file, second names) is refused. Nothing is unpacked beyond the size declared.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.files.scratch import FileBytes

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_DESCRIPTOR = b"PK\x07\x08"
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # traditional, strong, masked headers
_LATER_SIZES, _UTF8 = 0x0008, 0x0800
_STORED, _DEFLATED = 0, 8
_ZIP64_EXTRA, _SECOND_NAME, _ZIP64 = 0x0001, 0x7075, 0xFFFFFFFF
_UNIX = 3
_PIECE = 1 << 20


class PackageRefused(ValueError):
    """Not a package that everybody reads the same way.

    Attributes:
        code: `not-a-package`, `damaged`, `hidden-data`, `zip64`, `encrypted`, `method`, `too-large`, `entry-name`,
            `entry-twice`, `entry-kind`; of what is in it `xml`, `number`, `reference`, `version`, `page`, `page-area`,
            `path`, `delta`, `cycle`, `too-deep`, `too-complex`, `image`, `font`.
        reason: the same, or what is wrong with the XML more exactly: `xml-entities`, `version`, `documents`,
            `listed-twice`, `signatures`. Stable, and told to everybody.
    """

    def __init__(self, code: str, detail: str = "", *, reason: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.reason = reason or code


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may take: number of entries, octets of one and of all, and by how much it may grow."""

    entries: int
    file: int
    total: int
    expansion: int
    spare: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive.

    Attributes:
        start, end: of its data as they lie in the archive.
        size: of what they unpack to.
        date, time: as the format has them.
    """

    name: str
    method: int
    crc: int
    size: int
    start: int
    end: int
    date: int
    time: int


@dataclass(frozen=True, slots=True)
class _Record:
    """An entry of the directory, as it stands there."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    date: int
    time: int


def is_archive(content: FileBytes) -> bool:
    """Whether a file begins as an archive does; nothing may stand before it: it would be another file to others."""
    return content[:4] == b"PK\x03\x04"


def entries_of(content: FileBytes, bounds: Bounds) -> list[Entry]:
    """The files of an archive, folders left out, in the order of its directory.

    Raises:
        PackageRefused: `not-a-package`, `damaged`, `hidden-data`, `zip64`, `encrypted`, `method`, `too-large`,
            `entry-name`, `entry-kind`.
    """
    if not is_archive(content):
        raise PackageRefused("not-a-package")
    records, directory = _directory(content, bounds)
    _check_sizes(records, len(content), bounds)
    found = {record.offset: _entry(content, record) for record in records}
    end = 0
    for offset in sorted(found):
        if offset != end:
            raise PackageRefused("damaged" if offset < end else "hidden-data", "between entries")
        end = found[offset][1]
    if end != directory or len(found) != len(records):
        raise PackageRefused("hidden-data" if end < directory else "damaged", "before the directory")
    return [entry for record in records for entry, _ in (found[record.offset],) if not entry.name.endswith("/")]


def pieces_of(content: FileBytes, entry: Entry) -> Iterator[bytes]:
    """A file's octets, unpacked piece by piece.

    Raises:
        PackageRefused: `damaged`, `hidden-data`.
    """
    crc, size = 0, 0
    for piece in _stored(content, entry) if entry.method == _STORED else _inflated(content, entry):
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        yield piece
    if (crc, size) != (entry.crc, entry.size):
        raise PackageRefused("damaged", "an entry is not what the directory says")


def _stored(content: FileBytes, entry: Entry) -> Iterator[bytes]:
    for start in range(entry.start, entry.end, _PIECE):
        yield bytes(content[start : min(start + _PIECE, entry.end)])


def _inflated(content: FileBytes, entry: Entry) -> Iterator[bytes]:
    unpack, left = zlib.decompressobj(-zlib.MAX_WBITS), entry.size
    try:
        for packed in _stored(content, entry):
            while packed and not unpack.eof:
                piece = unpack.decompress(packed, min(_PIECE, left + 1))
                packed, left = unpack.unconsumed_tail, left - len(piece)
                if left < 0:
                    raise PackageRefused("damaged", "an entry grows beyond its size")
                yield piece
            if unpack.unused_data or (unpack.eof and packed):
                raise PackageRefused("hidden-data", "behind the data of an entry")
    except zlib.error:
        raise PackageRefused("damaged", "an entry cannot be unpacked") from None
    if not unpack.eof:
        raise PackageRefused("damaged", "an entry ends early")


# -- the directory ---------------------------------------------------------------------------------------------------


def _directory(content: FileBytes, bounds: Bounds) -> tuple[list[_Record], int]:
    """Its entries, and where it begins."""
    at = len(content) - _END.size
    tail = bytes(content[max(0, at) :])
    if tail[:4] != b"PK\x05\x06":
        ended = b"PK\x05\x06" in bytes(content[max(0, at - 0xFFFF) :])
        raise PackageRefused(*(("hidden-data", "behind the directory") if ended else ("damaged", "no directory")))
    _, disk, first_disk, here, number, size, start, comment = _END.unpack(tail)
    if _ZIP64 in (size, start) or 0xFFFF in (here, number) or bytes(content[at - 20 : at - 16]) == b"PK\x06\x07":
        raise PackageRefused("zip64")
    if disk or first_disk or here != number or comment or start + size != at:
        raise PackageRefused("hidden-data", "the end of the directory")
    if number > bounds.entries or size > bounds.entries * 1024:
        raise PackageRefused("too-large", "entries")
    return list(_records(bytes(content[start:at]), number)), start


def _records(directory: bytes, number: int) -> Iterator[_Record]:
    at = 0
    for _ in range(number):
        if len(directory) - at < _CENTRAL.size:
            raise PackageRefused("damaged", "the directory ends early")
        (mark, made_by, _needs, flags, method, time, date, crc, packed, size, name_size, extra_size, comment_size,
         disk, _internal, attributes, offset) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        at += _CENTRAL.size
        name, extra = directory[at : at + name_size], directory[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if mark != b"PK\x01\x02" or at > len(directory) or disk:
            raise PackageRefused("damaged", "an entry of the directory")
        if comment_size:
            raise PackageRefused("hidden-data", "a comment")
        fields = _extra(extra)
        if _ZIP64_EXTRA in fields or _ZIP64 in (packed, size, offset):
            raise PackageRefused("zip64")
        if _SECOND_NAME in fields:
            raise PackageRefused("entry-name", "a second name")
        mode = attributes >> 16 if made_by >> 8 == _UNIX else 0
        yield _Record(name, flags, method, crc, packed, size, mode, offset, date, time)
    if at != len(directory):
        raise PackageRefused("hidden-data", "in the directory")


def _extra(extra: bytes) -> Mapping[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        found[kind] = extra[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _check_sizes(records: list[_Record], size: int, bounds: Bounds) -> None:
    if any(one.flags & _ENCRYPTED for one in records):
        raise PackageRefused("encrypted")
    if any(one.method not in (_STORED, _DEFLATED) for one in records):
        raise PackageRefused("method")
    total = sum(one.size for one in records)
    if total > min(bounds.total, size * bounds.expansion + bounds.spare) or any(o.size > bounds.file for o in records):
        raise PackageRefused("too-large", "octets")


# -- single entries --------------------------------------------------------------------------------------------------


def _entry(content: FileBytes, record: _Record) -> tuple[Entry, int]:
    """The entry, and where what belongs to it ends; its own header must say what the directory says."""
    head = bytes(content[record.offset : record.offset + _LOCAL.size])
    if len(head) < _LOCAL.size:
        raise PackageRefused("damaged", "an entry lies outside")
    mark, _needs, flags, method, _time, _date, crc, packed, size, name_size, extra_size = _LOCAL.unpack(head)
    begin = record.offset + _LOCAL.size
    name = bytes(content[begin : begin + name_size])
    start = begin + name_size + extra_size
    end = start + record.packed
    fields = _extra(bytes(content[begin + name_size : start]))
    later = bool(flags & _LATER_SIZES)
    told, known = (crc, packed, size), (record.crc, record.packed, record.size)
    if _ZIP64_EXTRA in fields or _ZIP64 in (packed, size):
        raise PackageRefused("zip64")
    if _SECOND_NAME in fields:
        raise PackageRefused("entry-name", "a second name")
    if (
        mark != b"PK\x03\x04"
        or (name, method) != (record.name, record.method)
        or (flags ^ record.flags) & ~(_UTF8 if name.isascii() else 0)  # makers mark ASCII as UTF-8 in one of the two
        or not (told == known or (later and told == (0, 0, 0)))
        or (method == _STORED and record.packed != record.size)
    ):
        raise PackageRefused("damaged", "an entry and the directory differ")
    text = _text(record)
    if record.attributes and stat.S_IFMT(record.attributes) not in (
        0,
        stat.S_IFDIR if text.endswith("/") else stat.S_IFREG,
    ):
        raise PackageRefused("entry-kind", "a link or a device")
    if text.endswith("/") and record.size:
        raise PackageRefused("entry-kind", "a folder with content")
    if text.endswith("/") and (text.startswith("/") or ".." in text.split("/") or "\\" in text):
        raise PackageRefused("entry-name", "leads elsewhere")
    made = Entry(text, method, record.crc, record.size, start, end, record.date, record.time)
    return made, end + (_descriptor(content, end, known) if later else 0)


def _descriptor(content: FileBytes, at: int, known: tuple[int, int, int]) -> int:
    """How long the sizes behind the data are; they are those of the directory."""
    tail = bytes(content[at : at + 16])
    lead = 4 if tail[:4] == _DESCRIPTOR else 0
    if tail[lead : lead + 12] != struct.pack("<3I", *known):
        raise PackageRefused("damaged", "the sizes behind an entry differ")
    return lead + 12


def _text(record: _Record) -> str:
    """A name without the mark for UTF-8 is read by each in its own code page, unless it is ASCII."""
    try:
        return record.name.decode("utf-8" if record.flags & _UTF8 else "ascii")
    except UnicodeDecodeError:
        raise PackageRefused("entry-name", "of an unknown alphabet") from None
