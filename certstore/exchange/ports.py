"""What sharing in older ways needs beside the repository's stores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx


class GrantedItems(Protocol):
    """Service items that an organisation has grants for."""

    async def of_type(self, tx: ReadTx, organisation: str, type_code: str, day: dt.date) -> Sequence[str]:
        """Codes of the items for which it may use the type on that day, in order."""
