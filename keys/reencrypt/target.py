"""Which keys a collection's values are to be under now, in one word that changes when they do."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence

from core.clock import Clock
from keys.ports import KeyRecord
from keys.spec import ACCEPTED_STATES, KeyState


class SettledTarget:
    """Names the accepted keys of some purposes, once every worker knows them.

    Args:
        records: the key ring's.
        settle: how long a key must have been active: longer than any worker may go on with what it knew before.
    """

    def __init__(self, records: Callable[[], Sequence[KeyRecord]], clock: Clock, settle: dt.timedelta) -> None:
        self._records = records
        self._clock = clock
        self._settle = settle

    def __call__(self, purposes: Sequence[str]) -> str | None:
        """None while the first purpose has no active key, or one of them has had its active key for too short a time.

        Args:
            purposes: today's first; those that values were under before may have no key at all.
        """
        accepted = [one for one in self._records() if one.purpose in purposes and one.state in ACCEPTED_STATES]
        active = [one for one in accepted if one.state is KeyState.ACTIVE]
        latest = self._clock.now() - self._settle
        if not any(one.purpose == purposes[0] for one in active) or any(one.state_since > latest for one in active):
            return None
        named = sorted(f"{one.purpose} {one.key_id} {one.state is KeyState.ACTIVE}" for one in accepted)
        return hashlib.sha256("\n".join(named).encode()).hexdigest()
