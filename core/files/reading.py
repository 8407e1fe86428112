"""What is done with a file's octets wherever they lie: hashed, cut, lengthened, searched, parsed."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from typing import IO

from core.files.scratch import SLICE, FileBytes

LARGE = 8 << 20
"""Files of more octets than this lie on disk while they are worked on."""

_OVERLAP = 1 << 14


def hashed(content: FileBytes, name: str = "sha256", end: int | None = None) -> hashlib._Hash:
    """The digest of the octets before `end` (None: of all), to be gone on with or read."""
    if isinstance(content, bytes):
        return hashlib.new(name, memoryview(content)[:end])
    return content.hashed(name, end)


def head_of(content: FileBytes, end: int) -> FileBytes:
    """The first octets."""
    return content[:end] if isinstance(content, bytes) else content.head(end)


def joined(content: FileBytes, tail: bytes) -> FileBytes:
    """The file with more behind it."""
    return b"".join((content, tail)) if isinstance(content, bytes) else content.followed_by(tail)


def slices_of(content: FileBytes, start: int = 0, end: int | None = None) -> Iterator[bytes | memoryview]:
    """The octets from `start` to before `end`, some at a time."""
    if isinstance(content, bytes):
        whole = memoryview(content)[:end]
        return (whole[offset : offset + SLICE] for offset in range(start, len(whole), SLICE))
    return content.slices(start, end)


def stream_over(content: FileBytes) -> IO[bytes]:
    """For a parser."""
    return io.BytesIO(content) if isinstance(content, bytes) else content.stream()


def whole(content: FileBytes) -> bytes:
    """All of a file that is known to be small."""
    return content if isinstance(content, bytes) else content[:]


def holds(pattern: re.Pattern[bytes], content: FileBytes) -> bool:
    """Whether the pattern matches anywhere; no match may be longer than 16 KiB."""
    if isinstance(content, bytes):
        return pattern.search(content) is not None
    return any(pattern.search(window) is not None for _, window in windows(content))


def windows(content: FileBytes) -> Iterator[tuple[int, bytes]]:
    """Pieces with where they begin; neighbours have 16 KiB in common, so what is shorter stands whole in one."""
    if isinstance(content, bytes):
        yield 0, content
        return
    for offset in range(0, len(content), SLICE):
        yield offset, content[offset : offset + SLICE + _OVERLAP]
