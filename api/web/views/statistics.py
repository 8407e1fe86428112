"""`/office/statistics`: figures, drawn, with the table that they are drawn from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.text import Text


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: geometry in percent of the drawing, so that it stays sharp at every size."""

    label: Text
    x: str
    y: str
    width: str
    height: str
    kind: str


@dataclass(frozen=True, slots=True)
class BarValue:
    """What stands above a bar; a part's value stands above the whole's.

    Attributes:
        line: 0 beside the bar, 1 above that.
    """

    words: Text
    x: str
    y: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of months.

    Attributes:
        values: a number for each bar, short enough to stand above it.
        close: so many months that the numbers have no room on a phone.
        said: what it shows, in a sentence, for those who do not see it.
        most: the number that the full height stands for.
    """

    title: Text
    said: Text
    bars: tuple[Bar, ...]
    first: str
    last: str
    most: int
    legend: tuple[tuple[str, Text], ...]
    values: tuple[BarValue, ...] = ()
    close: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A row with its bar."""

    name: Text
    width: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in the table."""

    month: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FreshRow:
    """How lively a type is kept."""

    name: Text
    last: str
    changes: int
    stale: bool


@dataclass(frozen=True, slots=True)
class StatisticsView:
    """The page."""

    saved: int
    asked: int
    checks: int
    uses: int
    refused: int
    charts: tuple[Chart, ...]
    months: tuple[MonthRow, ...]
    items: tuple[Share, ...]
    types: tuple[Share, ...]
    refusals: tuple[tuple[str, int], ...]
    fresh: tuple[FreshRow, ...]
    counted_until: dt.datetime | None
    span: int
