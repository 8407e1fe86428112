"""What reading a file costs, here and in the processes that read it (attacks F-06)."""

from __future__ import annotations

import os
import re
import resource
import time
from pathlib import Path

from signing.isolation.cells import Cells

_TICKS = os.sysconf("SC_CLK_TCK")


class CellsCost:
    """Processor time from its making on, and the memory of the cells that still run."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._before = self._spent()

    def seconds(self) -> float:
        """Processor time of this process, of cells that ended and of those that run."""
        return self._spent() - self._before

    def peak(self) -> int:
        """KiB at the highest of any cell that runs; one that ended did so at the bound that the kernel keeps."""
        found = [re.search(r"^VmHWM:\s+(\d+) kB$", _status(one), re.M) for one in self._cells.processes]
        return max((int(one[1]) for one in found if one), default=0)

    def _spent(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        running = sum(_ticks(one) for one in self._cells.processes) / _TICKS
        return time.process_time() + ended.ru_utime + ended.ru_stime + running


def _status(process: int) -> str:
    return Path(f"/proc/{process}/status").read_text()


def _ticks(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
