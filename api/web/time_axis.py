"""A time axis of three years around today, in percent of its width, so that charts stay sharp at every size."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api.web.words import local
from core.clock import SHANGHAI
from core.text import Text

_BEFORE = dt.timedelta(days=488)
_HALVES = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A grid line and what stands beside it."""

    x: str
    label: Text


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From the start of a half-year to the start of another; `now` lies between them."""

    start: dt.datetime
    end: dt.datetime
    now: dt.datetime

    @classmethod
    def around(cls, now: dt.datetime) -> TimeAxis:
        first = _half_year(local(now - _BEFORE))
        last = first
        for _ in range(_HALVES):
            last = _following(last)
        return cls(first, last, now)

    def share(self, moment: dt.datetime) -> float:
        """Where the moment lies, in percent; at an edge if it lies outside."""
        whole = (self.end - self.start).total_seconds()
        return min(max((moment - self.start).total_seconds() / whole * 100, 0.0), 100.0)

    def x(self, moment: dt.datetime) -> str:
        return f"{self.share(moment):.2f}%"

    def ticks(self) -> tuple[Tick, ...]:
        found, at = [], self.start
        while at < self.end:
            half = ("上", "H1") if at.month == 1 else ("下", "H2")
            found.append(Tick(self.x(at), Text(f"{at.year} {half[0]}", f"{at.year} {half[1]}")))
            at = _following(at)
        return tuple(found)


def _half_year(day: dt.datetime) -> dt.datetime:
    return dt.datetime(day.year, 1 if day.month < 7 else 7, 1, tzinfo=SHANGHAI)


def _following(start: dt.datetime) -> dt.datetime:
    year, month = (start.year, 7) if start.month == 1 else (start.year + 1, 1)
    return dt.datetime(year, month, 1, tzinfo=SHANGHAI)
