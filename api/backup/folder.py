"""The folder of archives: one backup at a time, and nothing half-made stays in it."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from api.backup.errors import BackupBusy
from api.backup.model import What

SUFFIX = ".yzb"
_DRAFT, _DRILL = ".part", ".drill-"


class BackupFolder:
    """Mode 0700, files 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other backups out, and clear away what a broken-off one has left.

        Raises:
            BackupBusy: one is at work here.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.path / ".lock", "ab", opener=_private) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupBusy(str(self.path)) from None
            self._clear()
            yield

    @contextlib.contextmanager
    def draft(self, name: str) -> Iterator[BinaryIO]:
        """A file that gets its name only when the block ends well and every octet is on the disk."""
        place = self.path / name
        hidden = self.path / f".{name}{_DRAFT}"
        try:
            with open(hidden, "xb", buffering=1 << 20, opener=_private) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, place)
            _force(self.path)
        finally:
            hidden.unlink(missing_ok=True)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for a drill, gone afterwards; beside the archives, for there is room."""
        place = Path(tempfile.mkdtemp(prefix=_DRILL, dir=self.path))  # mode 0700
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def archives(self, *whats: What) -> list[Path]:
        """Newest first, by their names; of these kinds, or of all."""
        wanted = {what.value for what in whats or What}
        found = [path for path in self.path.glob(f"yizheng-*{SUFFIX}") if path.name.split("-")[1] in wanted]
        return sorted(found, key=lambda path: path.name.split("-", 2)[2], reverse=True)

    def _clear(self) -> None:
        for path in self.path.glob(f".*{_DRAFT}"):
            path.unlink(missing_ok=True)
        for path in self.path.glob(f"{_DRILL}*"):
            shutil.rmtree(path, ignore_errors=True)


def archive_name(what: What, point: dt.datetime, id: str) -> str:
    """`yizheng-<what>-<UTC time>-<id>.yzb`: sorted by name is sorted by time."""
    return f"yizheng-{what.value}-{point:%Y%m%dT%H%M%SZ}-{id[-6:]}{SUFFIX}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _force(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
