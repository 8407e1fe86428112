"""What verifying an upload needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class QrReader(Protocol):
    """Reads QR codes off a picture or the pages of a PDF; answers for every input and never raises on a hostile one."""

    async def read(self, content: bytes) -> Sequence[str]:
        """The texts of the codes found, each once; none for what is no picture."""
