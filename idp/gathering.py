"""What happens often is gathered in memory, equal ones as one with a count, until a worker writes it down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

MOST_SORTS = 2_000  # in one moment: what comes beyond them has no room, and memory its bound

Sort = TypeVar("Sort", bound=Hashable)


class Gathered(Generic[Sort]):
    """One for each worker; noting waits for nobody and never fails."""

    def __init__(self) -> None:
        self._sorts: dict[Sort, tuple[dt.datetime, int]] = {}

    def note(self, sort: Sort, at: dt.datetime, *, room: int = MOST_SORTS) -> bool:
        """Count one more of this sort; False if there was no room for a sort that is new."""
        if sort not in self._sorts and len(self._sorts) >= room:
            return False
        _, times = self._sorts.get(sort, (at, 0))
        self._sorts[sort] = (at, times + 1)
        return True

    def take(self) -> Sequence[tuple[Sort, dt.datetime, int]]:
        """Each sort with its last moment and its count, in the order in which they came; then it is empty."""
        sorts, self._sorts = self._sorts, {}
        return [(sort, at, times) for sort, (at, times) in sorts.items()]
