"""The clock port: the only way to learn the time, so that tests can set it."""

from __future__ import annotations

import datetime as dt
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the time. Implementations return aware datetimes in UTC."""

    def now(self) -> dt.datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)  # noqa: TID251 - the one place that may ask the machine


def calendar_day(moment: dt.datetime) -> dt.date:
    """The calendar day in Asia/Shanghai, in which all validity dates are counted."""
    return moment.astimezone(SHANGHAI).date()
