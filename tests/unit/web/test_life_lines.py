"""The administrators' time line: where bars lie, and what is said."""

from __future__ import annotations

import datetime as dt

import pytest

from api.web.life_lines import headline, line_row, time_left
from api.web.time_axis import TimeAxis
from core.clock import SHANGHAI
from keys.horizon.model import Kind, Lifeline, Renewal, SpanState
from keys.horizon.outlook import outlook
from tests.unit.web.page_samples import NOW
from tests.unit.web.page_samples_administration import LINES, line

AXIS = TimeAxis.around(NOW)


def widths(row_of: Lifeline) -> dict[str, float]:
    row = line_row(row_of, AXIS)
    return {bar.kind: float(bar.width.rstrip("%")) for bar in row.bars}


def test_the_axis_begins_with_a_half_year_and_holds_today() -> None:
    assert [tick.label.zh for tick in AXIS.ticks()] == [
        "2025 下",
        "2026 上",
        "2026 下",
        "2027 上",
        "2027 下",
        "2028 上",
    ]
    assert AXIS.start == dt.datetime(2025, 7, 1, tzinfo=SHANGHAI)
    assert 40 < AXIS.share(NOW) < 50
    assert AXIS.ticks()[0].x == "0.00%"


@pytest.mark.parametrize("day", ["2026-01-01", "2026-06-30", "2026-07-01", "2026-12-31", "2028-02-29"])
def test_today_is_never_at_an_edge(day: str) -> None:
    axis = TimeAxis.around(dt.datetime.fromisoformat(day).replace(tzinfo=SHANGHAI))
    assert 40 < axis.share(axis.now) < 65


def test_bars_are_cut_at_today_and_at_the_edges() -> None:
    seal, stamp = LINES[0], LINES[1]
    assert set(widths(seal)) == {"warnp", "warn"}
    assert set(widths(stamp)) == {"past", "ok", "next"}
    assert sum(widths(LINES[6]).values()) == pytest.approx(100, abs=0.1)  # the root reaches over both edges
    assert line_row(LINES[6], AXIS).goes_on
    assert not line_row(seal, AXIS).goes_on


def test_the_row_says_in_words_what_the_bars_draw() -> None:
    row = line_row(LINES[0], AXIS)
    assert "在用 2025-12-16 至 2026-12-16" in row.spoken.zh
    assert "ends soon" in row.spoken.en
    assert row.tone == "warn"
    assert row.left.zh == "还有 22 天"


@pytest.mark.parametrize(
    ("hours", "zh"),
    [
        (-1, "已过期"),
        (0, "已过期"),
        (0.5, "还有 1 小时"),
        (47, "还有 47 小时"),
        (49, "还有 2 天"),
        (24 * 729, "还有 729 天"),
    ],
)
def test_time_left_in_the_unit_that_tells(hours: float, zh: str) -> None:
    assert time_left(NOW + dt.timedelta(hours=hours), NOW).zh == zh


def test_far_ends_are_told_in_years() -> None:
    assert time_left(NOW + dt.timedelta(days=365 * 4 + 2), NOW).zh == "还有 4 年"
    assert time_left(None, NOW).en == "no end"


def test_the_title_is_the_alarm_itself() -> None:
    title, below = headline(outlook(LINES, NOW))
    assert title.zh == "一张证书 22 天后到期"
    assert below.zh == "住房保障局印章证书不续，12 月 16 日起该局盖不了章，批量签发会停。"
    calm, _ = headline(outlook(LINES[1:], NOW))
    assert calm.zh == "眼下没有要处理的"


def test_a_renewal_that_failed_by_itself_is_an_alarm() -> None:
    late = line(
        "ocsp/seals",
        "OCSP 应答证书",
        "OCSP responder",
        Kind.RESPONDER,
        [(SpanState.ACTIVE, "2026-11-01", "2026-11-30")],
        Renewal.AUTOMATIC,
    )
    title, _ = headline(outlook([late], NOW))
    assert title.zh == "OCSP 应答证书没有自动续上"


def test_several_alarms_are_counted_and_the_first_is_named() -> None:
    second = line(
        "x", "甲局印章证书", "Seal A", Kind.SEAL, [(SpanState.ACTIVE, "2026-01-01", "2026-12-20")], Renewal.TWO_PEOPLE
    )
    title, below = headline(outlook([*LINES, second], NOW))
    assert title.zh == "2 项要处理"
    assert "最先到期的是住房保障局印章证书" in below.zh
    ended = line(
        "y", "乙局印章证书", "Seal B", Kind.SEAL, [(SpanState.ACTIVE, "2025-01-01", "2026-11-20")], Renewal.TWO_PEOPLE
    )
    assert headline(outlook([*LINES, ended], NOW))[0].zh == "乙局印章证书已过期"
