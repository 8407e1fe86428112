"""What is odd about somebody's look-ups within an hour (pure): searching by trial, night work, one case for many.

The audit log holds no ID numbers, so a sweep shows by what it leaves: many look-ups that find nobody. Every threshold
is far above a day's work at a window and below what any scraping needs.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum

from core.clock import SHANGHAI

WINDOW = dt.timedelta(hours=1)
SWEEP_MISSES = 20
OFF_HOURS_LOOKS = 5
LOOKS_OF_ONE_CASE = 15
REFUSALS = 15
_NIGHT_ENDS, _NIGHT_BEGINS = 6, 22
_LOOKS = frozenset({"licence.search", "licence.find", "exemption.check", "use-code.issue", "copy.make"})
_ABOUT = ("licence.", "exemption.", "use-code.", "copy.")
_QUOTA = frozenset({"clerk-quota-used-up", "grant-quota-used-up"})


class Oddity(StrEnum):
    """What was seen. A name never changes once it is released."""

    SWEEP = "sweep"  # numbers are tried: many look-ups find nobody
    OFF_HOURS = "off-hours"  # a person looks people up at night
    QUOTA = "quota"  # a ceiling was reached
    ONE_CASE = "one-case"  # one case number stands for many look-ups
    PROBING = "probing"  # what is not granted is asked for again and again


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the audit log, as far as it matters here.

    Attributes:
        staff: a person did it, not a system.
        found: how many licences a look-up found; None where that was not said.
        error: code of a refusal; None for what was done.
    """

    at: dt.datetime
    action: str
    actor_id: str
    staff: bool
    organisation: str | None
    case_number: str | None
    found: int | None
    error: str | None

    @property
    def was_look(self) -> bool:
        """Whether somebody's data were looked up, and not refused."""
        return self.error is None and self.action in _LOOKS

    @property
    def concerns_licences(self) -> bool:
        return self.action.startswith(_ABOUT)


class Watched:
    """One actor's last hour, counted event by event: a busy system has many in an hour."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque()
        self._looks = self._misses = self._at_night = self._refusals = 0
        self._cases: Counter[str] = Counter()

    def add(self, event: Seen) -> frozenset[Oddity]:
        """What is odd now, this event included."""
        self._seen.append(event)
        self._count(event, 1)
        while self._seen[0].at <= event.at - WINDOW:
            self._count(self._seen.popleft(), -1)
        odd = {
            Oddity.SWEEP: self._misses >= SWEEP_MISSES and self._misses * 2 >= self._looks,
            Oddity.OFF_HOURS: self._at_night >= OFF_HOURS_LOOKS,
            Oddity.QUOTA: event.error in _QUOTA,
            Oddity.ONE_CASE: event.was_look and self._cases[event.case_number or ""] >= LOOKS_OF_ONE_CASE,
            Oddity.PROBING: self._refusals >= REFUSALS,
        }
        return frozenset(oddity for oddity, holds in odd.items() if holds)

    def _count(self, event: Seen, by: int) -> None:
        if event.error is not None:
            self._refusals += by * (event.error not in _QUOTA)
        elif event.was_look:
            self._looks += by
            self._misses += by * (event.found == 0)
            self._at_night += by * (event.staff and _at_night(event.at))
            if event.case_number:
                self._cases[event.case_number] += by
                if not self._cases[event.case_number]:
                    del self._cases[event.case_number]

    @property
    def last(self) -> dt.datetime:
        return self._seen[-1].at


def _at_night(moment: dt.datetime) -> bool:
    hour = moment.astimezone(SHANGHAI).hour
    return hour < _NIGHT_ENDS or hour >= _NIGHT_BEGINS
