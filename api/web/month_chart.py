"""Charts of months as bars, drawn by the server in percent of their size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from api.web.views.statistics import Bar, Chart
from core.text import Text

_GAP = 0.3  # of the room that a month has
Series = tuple[str, Text, Sequence[int]]
"""The kind (a class of the style sheet), what it is called, a number for each month."""


def month_chart(title: Text, months: Sequence[dt.date], series: Sequence[Series]) -> Chart:
    """Bars side by side in front of each other: the first series is the largest, what follows is a part of it."""
    most = max((count for _, _, counts in series for count in counts), default=0)
    bars = [
        _bar(place, len(months), count, most, kind, _label(month, name, count))
        for kind, name, counts in series
        for place, (month, count) in enumerate(zip(months, counts, strict=True))
        if count
    ]
    return Chart(
        title,
        _said(title, months, series),
        tuple(bars),
        f"{months[0]:%Y-%m}",
        f"{months[-1]:%Y-%m}",
        most,
        tuple((kind, name) for kind, name, _ in series),
    )


def part_of(count: int, most: int) -> str:
    """The width of a bar that lies in a table's row."""
    return f"{count / most * 100:.2f}%" if most else "0%"


def _bar(place: int, places: int, count: int, most: int, kind: str, label: Text) -> Bar:
    room, height = 100 / places, count / most * 100
    return Bar(
        label,
        f"{(place + _GAP / 2) * room:.2f}%",
        f"{100 - height:.2f}%",
        f"{room * (1 - _GAP):.2f}%",
        f"{height:.2f}%",
        kind,
    )


def _label(month: dt.date, name: Text, count: int) -> Text:
    return Text(f"{month:%Y-%m} {name.zh} {count}", f"{month:%Y-%m} {name.en} {count}")


def _said(title: Text, months: Sequence[dt.date], series: Sequence[Series]) -> Text:
    parts_zh = "；".join(f"{name.zh}共 {sum(counts)}" for _, name, counts in series)
    parts_en = "; ".join(f"{name.en}: {sum(counts)}" for _, name, counts in series)
    span = f"{months[0]:%Y-%m}–{months[-1]:%Y-%m}"
    return Text(f"{title.zh}，{span}：{parts_zh}", f"{title.en}, {span}: {parts_en}")
