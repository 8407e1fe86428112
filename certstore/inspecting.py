"""Pure rules of inspections (年检): until when one covers a licence, when the next may be held, how it stands today.

An inspection that was missed takes nothing away by itself: suspending a licence is an act of the authority, with a
reason and a way to appeal, and never a date that went by.
"""

from __future__ import annotations

import calendar
import datetime as dt
from enum import StrEnum

from certstore.model import InspectionRule

NEVER = dt.date(1900, 1, 1)
"""Stands for the covered day of a licence that came from before its type had a rule: it sorts first."""


class Standing(StrEnum):
    """How a licence stands towards its next inspection."""

    COVERED = "covered"
    DUE = "due"  # the window is open
    OVERDUE = "overdue"


def covered_until(rule: InspectionRule | None, since: dt.date) -> dt.date | None:
    """The last day that an inspection covers which counts from `since`; None for a type without inspections.

    A month that is too short ends the cover on its last day: 31 January and one month is 27 or 28 February.
    """
    return None if rule is None else _months_later(since, rule.months) - dt.timedelta(days=1)


def next_cover(rule: InspectionRule, inspected_until: dt.date | None, today: dt.date) -> dt.date:
    """The last day covered once an inspection is passed today.

    Within the window the new cover follows the old one without gap or overlap; after it, it counts from today.
    """
    in_time = inspected_until is not None and today <= inspected_until
    since = inspected_until + dt.timedelta(days=1) if in_time and inspected_until else today
    until = covered_until(rule, since)
    assert until is not None
    return until


def window_opens(rule: InspectionRule, inspected_until: dt.date) -> dt.date:
    """The first day on which the next inspection may be held."""
    return inspected_until - dt.timedelta(days=rule.window_days)


def standing(rule: InspectionRule, inspected_until: dt.date | None, today: dt.date) -> Standing:
    """A licence that came without a covered day (from before its type had a rule) is due."""
    if inspected_until is None:
        return Standing.DUE
    if today > inspected_until:
        return Standing.OVERDUE
    return Standing.DUE if today >= window_opens(rule, inspected_until) else Standing.COVERED


def _months_later(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return dt.date(year, month, min(day.day, last))
