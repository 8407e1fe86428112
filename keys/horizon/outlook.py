"""All life lines in the order of their ends, and what is to be said about them first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keys.horizon.model import Level, Lifeline, Renewal

_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What runs out when, as of one moment."""

    now: dt.datetime
    lines: tuple[Lifeline, ...]

    @property
    def alarm(self) -> Lifeline | None:
        """The first thing that somebody must look at; None when there is none."""
        return next((line for line in self.lines if line.level(self.now) is not Level.FINE), None)

    def at(self, level: Level) -> Sequence[Lifeline]:
        return [line for line in self.lines if line.level(self.now) is level]

    def ending_within(self, span: dt.timedelta) -> Sequence[Lifeline]:
        """What ends within `span` and does not renew itself."""
        limit = self.now + span
        return [
            line
            for line in self.lines
            if line.ends is not None and line.ends <= limit and line.renewal is not Renewal.AUTOMATIC
        ]

    def renewing_themselves(self) -> tuple[int, int]:
        """How many renew by themselves, and how many of those are behind."""
        own = [line for line in self.lines if line.renewal is Renewal.AUTOMATIC]
        return len(own), sum(line.level(self.now) is not Level.FINE for line in own)

    def after(self, cursor: str | None, size: int) -> tuple[Sequence[Lifeline], str | None]:
        """A page of lines from the one after `cursor`, and the cursor of the next page."""
        start = next((n + 1 for n, line in enumerate(self.lines) if line.id == cursor), 0)
        part = self.lines[start : start + size]
        return part, part[-1].id if start + size < len(self.lines) else None


def outlook(lines: Iterable[Lifeline], now: dt.datetime) -> Outlook:
    """The outlook at `now`: what needs somebody first, then by end."""
    urgency = {Level.ENDED: 0, Level.SOON: 0, Level.FINE: 1}
    ordered = sorted(lines, key=lambda line: (urgency[line.level(now)], line.ends or _FAR, line.id))
    return Outlook(now, tuple(ordered))
