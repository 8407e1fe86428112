"""A package while it is looked through: read entry by entry, digested by and by, never whole in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.files.scratch import FileBytes
from signing.ofd.archive import pieces_of
from signing.ofd.package import files_of
from signing.ofd.seal.archive import Entry


class OpenPackage(Mapping[str, bytes]):
    """Files by their absolute path; each is unpacked when it is asked for, and digested as it is read."""

    def __init__(self, content: FileBytes) -> None:
        self._content = content
        self._entries = dict(files_of(content))

    def __getitem__(self, path: str) -> bytes:
        return b"".join(pieces_of(self._content, self._entries[path]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self, path: str) -> bytes:
        """SM3 of a file."""
        running = hashlib.new("sm3")
        for piece in pieces_of(self._content, self._entries[path]):
            running.update(piece)
        return running.digest()

    def kept(self, path: str) -> Entry:
        """The entry as the new archive shall have it: the same compressed octets."""
        entry = self._entries[path]
        packed = entry.end - entry.start
        told = (packed, entry.size, entry.crc, entry.method, entry.date, entry.time)
        return Entry(entry.name, None, entry.start, *told)


@contextmanager
def opened(content: FileBytes) -> Iterator[OpenPackage]:
    """
    Raises:
        PackageRefused: also for what goes wrong with the archive inside the block.
    """
    yield OpenPackage(content)
