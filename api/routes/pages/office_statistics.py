"""A department's figures: papers saved, uses, refusals and freshness, drawn by the month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.web.month_chart import month_chart, part_of
from api.web.render import page
from api.web.views.statistics import Chart, FreshRow, MonthRow, Share, StatisticsView
from api.web.visitor import CLERK, ISSUER, permitted
from certstore.statistics.model import Freshness, Measure, Statistics
from core.clock import calendar_day
from core.text import Text

router = APIRouter(include_in_schema=False)
SPANS = (6, 12, 24)
_STALE = dt.timedelta(days=90)
_USES = (Measure.SEARCH, Measure.COPY, Measure.CODE, Measure.PRESENTED)
_ISSUES = (Measure.ISSUED, Measure.RENEWED, Measure.CHANGED)


@router.get("/office/statistics")
async def statistics(request: Request, months: int = 12) -> Response:
    """The last months, one of three spans."""
    who = await permitted(request, CLERK, ISSUER)
    span = months if months in SPANS else 12
    found = await container(request).own.statistics(who.principal, months=span)
    today = calendar_day(container(request).ground.clock.now())
    totals = found.totals
    view = StatisticsView(
        saved=totals[Measure.SAVED],
        asked=totals[Measure.MATERIAL],
        checks=totals[Measure.CHECK],
        uses=sum(totals[one] for one in _USES),
        refused=totals[Measure.REFUSAL],
        charts=_charts(found),
        months=tuple(_month_row(found, place) for place in reversed(range(len(found.months)))),
        items=_shares(found.by_item, (Measure.SAVED, Measure.MATERIAL, Measure.CHECK)),
        types=_shares(found.by_type, (Measure.LOOK, Measure.COPY, Measure.PRESENTED)),
        refusals=tuple(found.refusals),
        fresh=tuple(_fresh_row(one, today) for one in found.freshness),
        counted_until=found.counted_until,
        span=span,
    )
    return page(request, "office_statistics.html", view=view)


def _charts(found: Statistics) -> tuple[Chart, ...]:
    by_month = found.by_month
    papers = month_chart(
        Text("免交的材料", "Papers saved"),
        found.months,
        (
            ("all", Text("要的材料", "materials asked for"), by_month[Measure.MATERIAL]),
            ("done", Text("没让交的", "not asked for"), by_month[Measure.SAVED]),
        ),
    )
    used = month_chart(Text("用证", "Uses"), found.months, (("done", Text("次", "uses"), _together(by_month, _USES)),))
    refused = month_chart(
        Text("被拒绝的", "Refusals"), found.months, (("no", Text("次", "refusals"), by_month[Measure.REFUSAL]),)
    )
    issued = month_chart(
        Text("发证、延续、变更", "Issued, renewed, changed"),
        found.months,
        (("done", Text("件", "licences"), _together(by_month, _ISSUES)),),
    )
    ending = month_chart(
        Text("快到期的（已提醒持证人）", "Running out (holders were reminded)"),
        found.ahead,
        (("soon", Text("件", "licences"), found.ending),),
    )
    every = (papers, used, refused, issued, ending)
    return tuple(one for one in every if one.most)


def _together(by_month: Mapping[Measure, Sequence[int]], measures: Sequence[Measure]) -> Sequence[int]:
    return [sum(counts) for counts in zip(*(by_month[one] for one in measures), strict=True)]


def _month_row(found: Statistics, place: int) -> MonthRow:
    by_month = found.by_month
    numbers = (
        by_month[Measure.CHECK][place],
        by_month[Measure.MATERIAL][place],
        by_month[Measure.SAVED][place],
        _together(by_month, _USES)[place],
        by_month[Measure.REFUSAL][place],
        _together(by_month, _ISSUES)[place],
        by_month[Measure.ENDED][place],
    )
    return MonthRow(f"{found.months[place]:%Y-%m}", numbers)


def _shares(rows: Sequence[tuple[Text, Mapping[Measure, int]]], measures: tuple[Measure, ...]) -> tuple[Share, ...]:
    found = [(name, tuple(counts.get(one, 0) for one in measures)) for name, counts in rows]
    found = sorted(((name, numbers) for name, numbers in found if any(numbers)), key=lambda row: -row[1][0])
    most = max((numbers[0] for _, numbers in found), default=0)
    return tuple(Share(name, part_of(numbers[0], most), numbers) for name, numbers in found)


def _fresh_row(one: Freshness, today: dt.date) -> FreshRow:
    last = one.last_change
    return FreshRow(
        one.type_name, last.isoformat() if last else "—", one.changes, last is None or today - last > _STALE
    )
