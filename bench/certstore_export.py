"""All licences of a register taken out again, as they come over the wire: each once, and in memory that stays flat."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

from api.wiring.container import Container
from bench.report import Row, cost, rate
from certstore.bulk.export import ExportCommand, ExportFormat
from certstore.find import FindQuery
from core.principal import Principal

_AIM_MB = 64.0
_WARM = 0.1  # of the licences: what is loaded at its first use is there by then
_NUMBER = re.compile(r"不动产权第(\d{8})号")


async def export_figures(service: Container, type_code: str, actor: Principal, rows: int, good: int) -> list[Row]:
    """
    Args:
        rows: of the register that was taken over; the number of a licence is that of its row.
        good: licences that came of it.

    Raises:
        SystemExit: one is missing, or comes twice.
    """
    command = ExportCommand(FindQuery(types=[type_code]), ExportFormat.CSV, "基准测量")
    times, lines, least, most = bytearray(rows), 0, 0.0, 0.0
    began = time.perf_counter()
    async for text in _pieces(await service.certstore.export(command, actor)):
        for number in _NUMBER.findall(text):
            times[int(number)] += 1
            lines += 1
        if lines >= good * _WARM:
            now = _resident()
            least, most = least or now, max(most, now)
    seconds = time.perf_counter() - began
    if (lines, times.count(1)) != (good, good):
        raise SystemExit(f"exported {lines} rows of {times.count(1)} licences; there are {good}")
    return [
        rate("register.export", good / seconds, "rows/s", "own", good / seconds),
        cost("register.export-memory", most - least, "MB more than after a tenth of it", "aim", _AIM_MB),
    ]


async def _pieces(export: AsyncIterator[bytes]) -> AsyncIterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    async for piece in export:
        yield decoder.decode(piece)


def _resident() -> float:
    """Memory of this process, in MB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
