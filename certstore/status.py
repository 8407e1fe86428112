"""Was a licence valid on a day? A pure function over the licence's history and its dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from certstore.lifecycle import STATE_NAMES, Event, State, effective_state
from certstore.model import Licence, LicenceChange, LicenceVersion
from core.clock import calendar_day
from core.text import Text


class Status(StrEnum):
    """The answer for one day: a state of the licence, a time before it, or a version whose time is over."""

    NOT_ISSUED = "not-issued"
    NOT_YET_VALID = "not-yet-valid"
    VALID = "valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    ANNULLED = "annulled"
    TRANSFERRED_OUT = "transferred-out"
    SUPERSEDED = "superseded"  # of a version, never of a licence


STATUS_NAMES: dict[Status, Text] = {
    Status.NOT_ISSUED: Text("当时尚未颁发", "not issued yet"),
    Status.NOT_YET_VALID: Text("尚未生效", "not valid yet"),
    **{Status(state.value): name for state, name in STATE_NAMES.items() if state is not State.DRAFT},
    Status.SUPERSEDED: Text("已被新版本取代", "superseded"),
}


def status_on(history: Sequence[LicenceChange], versions: Sequence[LicenceVersion], day: dt.date) -> Status:
    """What the licence was on `day`, a calendar day in Asia/Shanghai.

    A change counts from the beginning of the day it was made on: who asks about that day hears of the ending. The
    dates are those of the version that was current then.

    Args:
        history: the licence's changes, oldest first.
        versions: its versions, oldest first.
    """
    past = [change for change in history if _counts_from(change, versions) <= day and change.state is not State.DRAFT]
    if not past:
        return Status.NOT_ISSUED
    version = next(version for version in versions if version.number == past[-1].version)
    return _status(past[-1].state, version, day)


def version_status_on(
    history: Sequence[LicenceChange], versions: Sequence[LicenceVersion], number: int, day: dt.date
) -> Status:
    """What one version of a licence was on `day`: before it was made not issued, after the next one superseded."""
    past = [
        change.version
        for change in history
        if _counts_from(change, versions) <= day and change.state is not State.DRAFT
    ]
    if not past or past[-1] < number:
        return Status.NOT_ISSUED
    return Status.SUPERSEDED if past[-1] > number else status_on(history, versions, day)


def _counts_from(change: LicenceChange, versions: Sequence[LicenceVersion]) -> dt.date:
    """What was taken over from a register has been so since its first day, not since it was taken over."""
    day = calendar_day(change.at)
    return min(day, versions[0].valid_from) if change.event is Event.RECORD else day


def status_today(licence: Licence, today: dt.date) -> Status:
    """The same for today, from the licence's current state alone."""
    return _status(licence.state, licence.current, today)


def status_of(state: State, valid_from: dt.date, valid_until: dt.date | None, day: dt.date) -> Status:
    """The same from the bare facts of a licence's current version."""
    if state is State.DRAFT:
        return Status.NOT_ISSUED
    if state is State.VALID and day < valid_from:
        return Status.NOT_YET_VALID
    return Status(effective_state(state, valid_until, day).value)


def _status(state: State, version: LicenceVersion, day: dt.date) -> Status:
    return status_of(state, version.valid_from, version.valid_until, day)
