"""Documents in a folder: `ab/cd/abcd…`, written beside their place, forced to disk, then renamed into it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.blobs.digest import blob_not_found, blobs_unavailable, is_digest, verified, verified_file
from core.files.reading import LARGE, hashed, slices_of
from core.files.scratch import FileBytes, Scratch, ScratchFile

Content = TypeVar("Content", bytes, FileBytes)


class FilesystemBlobStore:
    """Implements `core.blobs.port.BlobStore` over one folder; safe for several processes.

    Args:
        root: made when it is not there; readable by this user only.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._scratch = Scratch()

    async def put(self, content: bytes) -> str:
        return await self._kept(content)

    async def put_file(self, content: ScratchFile) -> str:
        return await self._kept(content)

    async def get(self, digest: str) -> bytes:
        return await self._read(digest, lambda place: verified(place.read_bytes(), digest))

    async def get_file(self, digest: str) -> FileBytes:
        return await self._read(digest, lambda place: self._opened(place, digest))

    async def _kept(self, content: FileBytes) -> str:
        try:
            return await asyncio.to_thread(self._put, content)
        except OSError as error:
            raise blobs_unavailable(error) from error

    async def _read(self, digest: str, reading: Callable[[Path], Content]) -> Content:
        if not is_digest(digest):
            raise blob_not_found(digest)
        try:
            return await asyncio.to_thread(reading, self._place(digest))
        except FileNotFoundError:
            raise blob_not_found(digest) from None
        except OSError as error:
            raise blobs_unavailable(error) from error

    async def exists(self, digest: str) -> bool:
        try:
            return is_digest(digest) and await asyncio.to_thread(_is_there, self._place(digest))
        except OSError as error:
            raise blobs_unavailable(error) from error

    async def delete(self, digest: str) -> None:
        if not is_digest(digest):
            return
        try:
            await asyncio.to_thread(_remove, self._place(digest))
        except OSError as error:
            raise blobs_unavailable(error) from error

    async def close(self) -> None:
        """Nothing is held open."""

    def _place(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest

    def _opened(self, place: Path, digest: str) -> FileBytes:
        with place.open("rb") as file:
            # it is read where it lies: a document never changes, and goes on when it is deleted or replaced
            if os.fstat(file.fileno()).st_size > LARGE:
                return verified_file(ScratchFile.over(file.fileno(), self._scratch), digest)
            return verified(file.read(), digest)

    def _put(self, content: FileBytes) -> str:
        digest = hashed(content).hexdigest()
        place = self._place(digest)
        if not _holds(place, content, digest):  # a damaged copy is replaced by the good one
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (place.parent.parent, place.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            _write(place, content)
        for folder in (place.parent, place.parent.parent, self._root):
            _force(folder)  # the names too must survive a power cut, ours or those of a writer just before us
        return digest


def _is_there(place: Path) -> bool:
    try:
        return stat.S_ISREG(place.stat().st_mode)
    except FileNotFoundError:
        return False


def _remove(place: Path) -> None:
    try:
        place.unlink()
    except FileNotFoundError:
        return
    _force(place.parent)


def _holds(place: Path, content: FileBytes, digest: str) -> bool:
    try:
        if isinstance(content, bytes):
            return place.read_bytes() == content
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except FileNotFoundError:
        return False


def _write(place: Path, content: FileBytes) -> None:
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            for part in slices_of(content):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _force(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
