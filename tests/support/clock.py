"""A clock that stands still until a test moves it."""

from __future__ import annotations

import datetime as dt

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


class FakeClock:
    """Implements `core.clock.Clock`; begins at 2026-11-23 09:00 in Shanghai."""

    def __init__(self, start: dt.datetime = START) -> None:
        self._now = start

    def now(self) -> dt.datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; a negative number turns the clock back."""
        self._now += dt.timedelta(seconds=seconds)

    def set(self, moment: dt.datetime) -> None:
        assert moment.tzinfo is not None, "a clock tells aware moments"
        self._now = moment.astimezone(dt.UTC)
