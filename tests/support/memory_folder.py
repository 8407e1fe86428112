"""A folder in memory for all that tests write: thousands of durable commits then wait for no disk.

What the service promises about power cuts is not for these tests to show: they end processes, and a process that ends
loses nothing that it gave to the operating system.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED = 4 * 1024**3  # bytes free; two workers with browsers, PostgreSQL, and what they keep until the end
_PREFIX = "yizheng-tests-"


@contextlib.contextmanager
def memory_folder(memory: Path = MEMORY) -> Iterator[Path | None]:
    """All temporary files of this process and of those it starts go there; None where there is too little memory."""
    if not memory.is_dir() or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < NEEDED:
        yield None
        return
    _sweep(memory)
    folder = memory / f"{_PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o711)  # PostgreSQL, which runs as somebody else, passes through
    before = os.environ.get("TMPDIR")
    _point_to(str(folder))
    try:
        yield folder
    finally:
        _point_to(before)
        shutil.rmtree(folder, ignore_errors=True)


def _point_to(folder: str | None) -> None:
    tempfile.tempdir = None  # it is asked for again
    if folder is None:
        os.environ.pop("TMPDIR", None)
    else:
        os.environ["TMPDIR"] = folder


def _sweep(memory: Path) -> None:
    """Take away what runs left that were killed."""
    for left in memory.glob(f"{_PREFIX}*"):
        if not Path("/proc", left.name.removeprefix(_PREFIX)).exists():
            shutil.rmtree(left, ignore_errors=True)
