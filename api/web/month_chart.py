"""Charts of months as bars, drawn by the server in percent of their size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from api.web.views.statistics import Bar, BarValue, Chart
from core.text import Text

_GAP = 0.3  # of the room that a month has
_ROOMY = 12  # months whose values have room on a phone
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
        tuple(_values(series, len(months), most)),
        close=len(months) > _ROOMY,
    )


def short(count: int) -> Text:
    """A number in few signs: 9400, 1.2万 and 120万 in Chinese; 940, 9.4k and 1.2M in English."""
    zh = str(count) if count < 10_000 else f"{_rounded(count, 10_000)}万"
    en = (
        str(count) if count < 1000 else f"{_rounded(count, 1000)}k" if count < 999_500 else f"{_rounded(count, 10**6)}M"
    )
    return Text(zh, en)


def _rounded(count: int, unit: int) -> str:
    return f"{count / unit:.1f}".removesuffix(".0") if count < 9.95 * unit else f"{count / unit:.0f}"


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


def _values(series: Sequence[Series], places: int, most: int) -> Iterator[BarValue]:
    """Above the largest bar of each month: its own value, and above that the value of the part of it."""
    for place in range(places):
        top = series[0][2][place]
        for line, (kind, _, counts) in enumerate(series):
            if top:
                height = 100 - top / most * 100
                yield BarValue(
                    short(counts[place]), f"{(place + 0.5) * 100 / places:.2f}%", f"{height:.2f}%", line, kind
                )


def _label(month: dt.date, name: Text, count: int) -> Text:
    return Text(f"{month:%Y-%m} {name.zh} {count}", f"{month:%Y-%m} {name.en} {count}")


def _said(title: Text, months: Sequence[dt.date], series: Sequence[Series]) -> Text:
    parts_zh = "；".join(f"{name.zh}共 {sum(counts)}" for _, name, counts in series)
    parts_en = "; ".join(f"{name.en}: {sum(counts)}" for _, name, counts in series)
    span = f"{months[0]:%Y-%m}–{months[-1]:%Y-%m}"
    return Text(f"{title.zh}，{span}：{parts_zh}", f"{title.en}, {span}: {parts_en}")
