"""Large files while they are worked on: in a private folder, without a name, read by ranges and never whole.

A file without a name is gone when its last handle is, whatever ends the process: nothing has to be cleared away, nobody
can put a link in its place, and no other user can open it (attacks S-58; ASVS 5.3.2, 14.2.7).
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Unavailable
from core.text import Text

SLICE = 1 << 20
_LARGEST_READ = 64 << 20
_REMEMBERED = 64 << 20  # a digest of fewer octets begins at most so far before its end
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ReadTooLarge(Exception):
    """A reader of ranges was asked for more at once than memory should hold."""


class Scratch:
    """Makes nameless files in one folder.

    Args:
        folder: made when it is not there, for this user only; None for the system's own place for temporary files.
        spare: octets of the disk that are left to others.
    """

    def __init__(self, folder: Path | None = None, *, spare: int = 0) -> None:
        self._folder = folder
        self._spare = spare

    def room(self) -> int:
        """Octets that may be written now."""
        free = shutil.disk_usage(self._ready() or tempfile.gettempdir()).free
        return max(0, free - self._spare)

    def create(self) -> ScratchWriter:
        """
        Raises:
            core.errors.Unavailable: `storage-full`.
        """
        # mode 0600, and no name (O_TMPFILE)
        with out_of_space(), tempfile.TemporaryFile(dir=self._ready(), buffering=0) as file:
            return ScratchWriter(os.dup(file.fileno()), self)

    def _ready(self) -> Path | None:
        if self._folder is not None and not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder


class ScratchWriter:
    """A nameless file while it is written, front to back."""

    def __init__(self, handle: int, scratch: Scratch) -> None:
        self._body = _Body(handle, scratch)

    def write(self, data: bytes | memoryview) -> int:
        """
        Raises:
            core.errors.Unavailable: `storage-full`.
        """
        self._body.append(data)
        return len(data)

    def done(self) -> ScratchFile:
        """What was written. More may follow behind it."""
        return ScratchFile(self._body, self._body.end)


class ScratchFile:
    """A file on disk: the first octets of a body that may have grown since.

    It is read like `bytes`, and a slice of it is `bytes`: ask for small ones.
    """

    __slots__ = ("_body", "_size")

    def __init__(self, body: _Body, size: int) -> None:
        self._body = body
        self._size = size

    @classmethod
    def over(cls, handle: int, scratch: Scratch) -> ScratchFile:
        """A file that is open already and will not change; the handle is duplicated."""
        body = _Body(os.dup(handle), scratch, shared=True)
        return cls(body, body.end)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, wanted: slice) -> bytes:
        start, end, step = wanted.indices(self._size)
        if step != 1:
            raise ValueError("only whole ranges")
        return self._body.read(start, max(start, end))

    def startswith(self, head: bytes) -> bool:
        return self[: len(head)] == head

    def find(self, needle: bytes, start: int = 0, end: int | None = None) -> int:
        """As `bytes.find`; start and end count from the front."""
        end = self._size if end is None else min(end, self._size)
        for offset in range(start, end, SLICE):
            found = self._body.read(offset, min(end, offset + SLICE + len(needle) - 1)).find(needle)
            if found >= 0:
                return offset + found
        return -1

    def slices(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The octets from `start` to before `end`, some at a time."""
        end = self._size if end is None else min(end, self._size)
        for offset in range(start, end, SLICE):
            yield self._body.read(offset, min(end, offset + SLICE))

    def head(self, end: int) -> ScratchFile:
        """Its first octets, not copied."""
        return ScratchFile(self._body, min(max(0, end), self._size))

    def followed_by(self, tail: bytes) -> ScratchFile:
        """The file with more behind it: in place where nothing follows it yet, otherwise in a copy.

        Raises:
            core.errors.Unavailable: `storage-full`.
        """
        body = self._body
        if not body.grow(self._size, tail):
            body = body.copy(self._size)
            body.append(tail)
        return ScratchFile(body, self._size + len(tail))

    def hashed(self, name: str, end: int | None = None) -> hashlib._Hash:
        """The digest (`hashlib` name) of the octets before `end`, to be gone on with. No octet is read twice for it."""
        return self._body.hashed(name, self._size if end is None else min(end, self._size))

    def stream(self) -> io.BufferedReader:
        """For a parser. A read of more than 64 MiB raises `ReadTooLarge`."""
        return io.BufferedReader(_Ranges(self), 1 << 16)

    def fileno(self) -> int:
        """The open handle, for a child process; it ends with this object, and may see more octets than belong here."""
        return self._body.handle


FileBytes = bytes | ScratchFile
"""A file in memory, or one that lies on disk and is read where it lies."""


class _Body:
    """The open file that views share. Octets are only ever added behind the last."""

    def __init__(self, handle: int, scratch: Scratch, *, shared: bool = False) -> None:
        self.handle = handle
        self.end = os.fstat(handle).st_size
        self._scratch = scratch
        self._shared = shared  # somebody else's file, which is not ours to write in
        self._lock = threading.Lock()
        self._hashed: dict[str, dict[int, hashlib._Hash]] = {}  # by name, by how many octets went in
        weakref.finalize(self, os.close, handle)

    def read(self, start: int, end: int) -> bytes:
        parts = []
        while start < end:
            part = os.pread(self.handle, min(end - start, 1 << 30), start)
            if not part:
                raise EOFError("a file is shorter than it was")
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def append(self, data: bytes | memoryview) -> None:
        with self._lock:
            self._append(data)

    def grow(self, size: int, tail: bytes) -> bool:
        """Add behind what is `size` octets long; False if something else follows it."""
        with self._lock:
            if self._shared or size != self.end:
                return False
            self._append(tail)
            return True

    def _append(self, data: bytes | memoryview) -> None:
        left, at = memoryview(data), self.end
        with out_of_space():
            while left:
                written = os.pwrite(self.handle, left, at)
                left, at = left[written:], at + written
        self.end = at

    def copy(self, size: int) -> _Body:
        made = self._scratch.create()._body
        for at in range(0, size, SLICE):
            made._append(self.read(at, min(size, at + SLICE)))
        with self._lock:
            made._hashed = {
                name: {at: state for at, state in known.items() if at <= size} for name, known in self._hashed.items()
            }
        return made

    def hashed(self, name: str, size: int) -> hashlib._Hash:
        with self._lock:
            known = self._hashed.setdefault(name, {})
            at = max((offset for offset in known if offset <= size), default=0)
            running = known[at].copy() if at else hashlib.new(name)
        for offset in range(at, size, SLICE):
            running.update(self.read(offset, min(size, offset + SLICE)))
            if (offset - at) % _REMEMBERED == 0:
                known[min(size, offset + SLICE)] = running.copy()
        with self._lock:
            known[size] = running
        return running.copy()


class _Ranges(io.RawIOBase):
    """A seekable reader over ranges of a file; several may read one file."""

    def __init__(self, file: ScratchFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._file)}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what the buffer in front hands in
        if len(buffer) > _LARGEST_READ:
            raise ReadTooLarge(len(buffer))
        data = self._file[self._at : self._at + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        if len(self._file) - self._at > _LARGEST_READ:
            raise ReadTooLarge(len(self._file) - self._at)
        data = self._file[self._at :]
        self._at = len(self._file)
        return data


@contextmanager
def out_of_space() -> Iterator[None]:
    """Tells a full disk apart from other faults.

    Raises:
        core.errors.Unavailable: `storage-full`.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise storage_full() from error


def storage_full() -> Unavailable:
    """What there is no room for on the disk."""
    return Unavailable(
        "storage-full",
        Text(
            "服务器磁盘空间不够，文件没有处理。请稍后再试，或请管理员清理磁盘。",
            "The server has too little disk space left; the file was not worked on. Try again later, or ask the "
            "administrator to make room.",
        ),
    )
