"""What is kept about files that are looked after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from signing.levels import Level


@dataclass(frozen=True, slots=True)
class Care:
    """A kept file that is to reach a level, and to stay there.

    Attributes:
        target: the level to reach; at `PAdES-B-LTA` its time-stamps are renewed for ever.
        due_at: when something is to be done; None for never again.
        lease_until: until when a worker has it.
        tries: attempts since something last succeeded.
        fault: code of the last failure.
        document: address of the file, as the ledger has it.
    """

    signature_id: str
    target: Level
    due_at: dt.datetime | None
    lease_until: dt.datetime | None = None
    tries: int = 0
    fault: str | None = None
    document: str | None = None
