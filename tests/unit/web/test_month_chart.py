"""A chart of months tells each number, not only heights."""

from __future__ import annotations

import datetime as dt

import pytest

from api.web.month_chart import month_chart, short
from core.text import Text

MONTHS = [dt.date(2026, month, 1) for month in (1, 2, 3)]
ALL, DONE = Text("要的", "asked"), Text("免的", "saved")


def test_every_bar_has_its_value_and_an_empty_month_none() -> None:
    chart = month_chart(Text("材料", "Papers"), MONTHS, (("all", ALL, (8, 0, 4)), ("done", DONE, (6, 0, 0))))
    told = [(one.kind, one.words.en, one.x, one.y, one.line) for one in chart.values]
    assert told == [
        ("all", "8", "16.67%", "0.00%", 0),
        ("done", "6", "16.67%", "0.00%", 1),
        ("all", "4", "83.33%", "50.00%", 0),
        ("done", "0", "83.33%", "50.00%", 1),
    ]
    assert not chart.close


@pytest.mark.parametrize(
    ("count", "zh", "en"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1000, "1000", "1k"),
        (9400, "9400", "9.4k"),
        (9990, "9990", "10k"),
        (12_345, "1.2万", "12k"),
        (999_600, "100万", "1M"),
        (1_240_000, "124万", "1.2M"),
    ],
)
def test_a_value_is_short_enough_for_its_bar(count: int, zh: str, en: str) -> None:
    assert short(count) == Text(zh, en)
