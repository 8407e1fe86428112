"""A package while it is looked through: read entry by entry, digested by and by, never whole in memory."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.files.reading import stream_over
from core.files.scratch import SLICE, FileBytes
from signing.ofd.package import BROKEN, PackageRefused, checked_entries
from signing.ofd.seal.archive import Entry

_LOCAL_HEADER = 30


class OpenPackage(Mapping[str, bytes]):
    """Files by their absolute path; each is unpacked when it is asked for, and digested as it is read."""

    def __init__(self, content: FileBytes, archive: zipfile.ZipFile) -> None:
        self._content = content
        self._archive = archive
        self._entries = dict(checked_entries(archive, len(content)))
        for name, entry in self._entries.items():
            _check_name(name, entry)

    def __getitem__(self, path: str) -> bytes:
        return self._archive.read(self._entries[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self, path: str) -> bytes:
        """SM3 of a file."""
        running = hashlib.new("sm3")
        with self._archive.open(self._entries[path]) as opened:
            while part := opened.read(SLICE):
                running.update(part)
        return running.digest()

    def kept(self, path: str) -> Entry:
        """The entry as the new archive shall have it: the same compressed octets."""
        entry = self._entries[path]
        head = self._content[entry.header_offset : entry.header_offset + _LOCAL_HEADER]
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        year, month, day, hour, minute, second = entry.date_time
        return Entry(
            entry.filename,
            None,
            entry.header_offset + _LOCAL_HEADER + names,
            entry.compress_size,
            entry.file_size,
            entry.CRC,
            entry.compress_type,
            (year - 1980) << 9 | month << 5 | day,
            hour << 11 | minute << 5 | second // 2,
        )


@contextmanager
def opened(content: FileBytes) -> Iterator[OpenPackage]:
    """
    Raises:
        PackageRefused: also for what goes wrong with the archive inside the block.
    """
    if content[:4] != b"PK\x03\x04":  # nothing may stand before it: it would be another file to others
        raise PackageRefused("not-a-package")
    try:
        with zipfile.ZipFile(stream_over(content)) as archive:
            yield OpenPackage(content, archive)
    except PackageRefused:
        raise
    except BROKEN as broken:
        raise PackageRefused("damaged", type(broken).__name__) from None


def _check_name(path: str, entry: zipfile.ZipInfo) -> None:
    """What is sealed has one name: none that ends early for some (a NUL), or that is read by a table of the system."""
    if entry.orig_filename != path[1:] or not (path.isascii() or entry.flag_bits & 0x800):
        raise PackageRefused("entry-name", "read in two ways")
