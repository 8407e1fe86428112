"""QR codes (ISO/IEC 18004) read off pictures and pages, in a process with limits on time and memory."""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from certstore.uploads.ports import QrReader

_PROGRAM = Path(__file__).with_name("qr_program.py")
_TIMEOUT = 15.0
_turns = asyncio.Semaphore(2)  # reading takes a core; the rest of the service wants one as well


class ProcessQrReader:
    """Implements `certstore.uploads.ports.QrReader`."""

    async def read(self, content: bytes) -> Sequence[str]:
        async with _turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(_PROGRAM),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                out, _ = await asyncio.wait_for(process.communicate(content), _TIMEOUT)
            except TimeoutError:
                process.kill()
                await process.wait()
                return ()
        return _records(out)  # what was read before a later page broke it is still there


def _records(out: bytes) -> Sequence[str]:
    texts, at = [], 0
    while at + 4 <= len(out):
        (length,) = struct.unpack_from(">I", out, at)
        record = out[at + 4 : at + 4 + length]
        if len(record) < length:
            break
        texts.append(record.decode("utf-8", "replace"))
        at += 4 + length
    return texts


_reader: type[QrReader] = ProcessQrReader
