"""Pictures of a PDF's first pages for people to look at."""

from __future__ import annotations

import asyncio
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

from core.files.scratch import FileBytes

WIDTH = 1000  # pixels across: A4 at about 120 dpi
MAX_PAGES = 5
_MAX_PICTURE = 8 * 1024 * 1024
_TIMEOUT = 15.0
_PROGRAM = Path(__file__).with_name("pdf_raster.py")
_turns = asyncio.Semaphore(2)  # drawing takes a core; the rest of the service wants one as well


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pages as PNG; `total` is how many pages the file has. Both empty for a file that cannot be drawn.

    Attributes:
        sizes: width and height of each page as shown, in millimetres.
    """

    pages: tuple[bytes, ...] = field(default=(), repr=False)
    sizes: tuple[tuple[float, float], ...] = ()
    total: int = 0


async def draw(pdf: FileBytes, *, first: int = 1, pages: int = MAX_PAGES) -> Pictures:
    """Draw pages, from `first` (counted from 1), in a process with limits on time and memory; never raises."""
    handles, given = ((), pdf) if isinstance(pdf, bytes) else ((pdf.fileno(),), b"")  # a large one is read in place
    async with _turns:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(_PROGRAM), str(first), str(pages), str(WIDTH), *map(str, handles),
            pass_fds=handles,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            out, _ = await asyncio.wait_for(process.communicate(given), _TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Pictures()
    return _pictures(out) if process.returncode == 0 else Pictures()


def _pictures(out: bytes) -> Pictures:
    records, at = [], 0
    while at + 4 <= len(out):
        (length,) = struct.unpack_from(">I", out, at)
        records.append(out[at + 4 : at + 4 + length])
        at += 4 + length
    if not records:
        return Pictures()
    head = records[0].decode("ascii").split()
    sizes = tuple((float(w), float(h)) for w, h in (pair.split("x") for pair in head[1:]))
    pages = tuple(page for page in records[1:] if len(page) <= _MAX_PICTURE)
    return Pictures(pages, sizes, int(head[0]))
