"""How much memory a piece of work takes at its peak, beside what the process had before.

`ru_maxrss` cannot tell: it is the highest that the process ever was, with every test that ran before.
"""

from __future__ import annotations

import re
from pathlib import Path


class Growth:
    """Measures from its making on; Linux keeps the peak, and lets it be begun anew (proc(5), clear_refs)."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _kib("VmRSS")

    def peak(self) -> int:
        """KiB at the highest, more than at the beginning."""
        return _kib("VmHWM") - self._before


def _kib(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None, name
    return int(found[1])
