"""Life lines as rows of the time line, and the outlook as the words at the top of the page."""

from __future__ import annotations

import datetime as dt

from api.web.time_axis import TimeAxis
from api.web.views.administration import Bar, Figure, LineRow
from api.web.views.common import Tone
from api.web.words import day_in_words, local
from core.clock import SHANGHAI
from core.text import Text
from keys.horizon.model import Kind, Level, Lifeline, Renewal, Span, SpanState
from keys.horizon.outlook import Outlook

WARNED_DAYS = 30
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_RENEWED: dict[Renewal, Text] = {
    Renewal.AUTOMATIC: Text("自动续", "renews itself"),
    Renewal.TWO_PEOPLE: Text("要两人续发", "two people renew it"),
    Renewal.CEREMONY: Text("要开根密钥仪式续发", "renewed in a root ceremony"),
    Renewal.OUTSIDE: Text("由签发方续发", "its issuer renews it"),
}


def line_row(line: Lifeline, axis: TimeAxis, *, may_propose: bool = False) -> LineRow:
    """How a life line is drawn and told."""
    now, level = axis.now, line.level(axis.now)
    bars = tuple(bar for span in line.spans for bar in _bars(span, axis, level))
    last = line.spans[-1] if line.spans else None
    goes_on = last is not None and last.state is not SpanState.FORMER and (last.end is None or last.end > axis.end)
    tone: Tone = "bad" if level is Level.ENDED else "warn" if level is Level.SOON else ""
    return LineRow(
        name=line.name,
        detail=line.detail,
        bars=bars,
        goes_on=goes_on,
        goes_on_dark=goes_on and level is Level.SOON,
        left=time_left(line.ends, now),
        tone=tone,
        icon="warn" if level is Level.ENDED else "clock",
        below=_below(line, level),
        spoken=_spoken(line, level),
        propose=line.id if may_propose and line.renewal is Renewal.TWO_PEOPLE else None,
    )


def time_left(ends: dt.datetime | None, now: dt.datetime) -> Text:
    """`还有 23 天`: years from two years on, hours under two days."""
    if ends is None:
        return Text("不过期", "no end")
    left = ends - now
    if left <= dt.timedelta(0):
        return Text("已过期", "ended")
    if left < 2 * _DAY:
        hours = max(int(left / _HOUR), 1)
        return Text(f"还有 {hours} 小时", f"{hours} hour{'s' if hours > 1 else ''} left")
    days = left.days
    if days >= 2 * 365:
        return Text(f"还有 {days // 365} 年", f"{days // 365} years left")
    return Text(f"还有 {days} 天", f"{days} days left")


def headline(found: Outlook, *, to_confirm: int = 0) -> tuple[Text, Text]:
    """The title, which is the alarm itself, and the sentence below it.

    Args:
        to_confirm: how many renewals wait for the one who looks.
    """
    alarm = found.alarm
    if to_confirm:
        return Text(
            f"{to_confirm} 项续发等您确认", f"{to_confirm} renewal{'s wait' if to_confirm > 1 else ' waits'} for you"
        ), Text(
            "您确认后立即续发，旧证书签过的文件不受影响。",
            "It is renewed as soon as you confirm; documents sealed under the former certificate stay as they are.",
        )
    if alarm is None:
        soonest = next((line for line in found.lines if line.ends and line.renewal is not Renewal.AUTOMATIC), None)
        if soonest is None or soonest.ends is None:
            return Text("没有要处理的", "Nothing to do"), Text("需要续的都会自动续。", "Everything renews itself.")
        day = local(soonest.ends).date()
        return Text("眼下没有要处理的", "Nothing to do for now"), Text(
            f"下一个要人来续的是{soonest.name.zh}，{day_in_words(day, 'zh')}到期。",
            f"The next one for people to renew is {soonest.name.en}; it ends on {day_in_words(day, 'en')}.",
        )
    ended = len(found.at(Level.ENDED))
    if ended > 1:
        return Text(f"{ended} 项已过期", f"{ended} have ended"), alarm.stake
    waiting = len(found.at(Level.SOON))
    if not ended and waiting > 1:
        first = time_left(alarm.ends, found.now)
        return Text(f"{waiting} 项要处理", f"{waiting} need attention"), Text(
            f"最先到期的是{alarm.name.zh}，{first.zh}。{alarm.stake.zh}",
            f"The first to end is {alarm.name.en}: {first.en}. {alarm.stake.en}",
        )
    if ended:
        return Text(f"{alarm.name.zh}已过期", f"{alarm.name.en} has ended"), alarm.stake
    return _one_alarm(alarm, found.now), _until(alarm)


def figures(found: Outlook, *, drill: Figure) -> tuple[Figure, ...]:
    """Four numbers that tell how things stand."""
    held = [line for line in found.lines if line.kind not in (Kind.TOKEN_KEY, Kind.SECRET, Kind.CRL, Kind.TRUST_LIST)]
    keys = sum(line.kind in (Kind.TOKEN_KEY, Kind.SECRET) for line in found.lines)
    soon = len(found.ending_within(dt.timedelta(days=WARNED_DAYS)))
    own, behind = found.renewing_themselves()
    return (
        Figure(Text("在用", "In use"), str(len(held)), Text(f"张证书、{keys} 把密钥", f"certificates, {keys} keys")),
        Figure(
            Text(f"{WARNED_DAYS} 天内到期", f"Ending within {WARNED_DAYS} days"),
            str(soon),
            Text("要人工续发", "for people to renew") if soon else Text("没有要续的", "none to renew"),
        ),
        Figure(
            Text("自动轮换", "Renewing themselves"),
            str(own),
            Text(f"{behind} 项没有跟上", f"{behind} behind") if behind else Text("都正常", "all on time"),
        ),
        drill,
    )


def _one_alarm(line: Lifeline, now: dt.datetime) -> Text:
    assert line.ends is not None
    left = time_left(line.ends, now)
    if line.renewal is Renewal.AUTOMATIC:
        return Text(f"{line.name.zh}没有自动续上", f"{line.name.en} did not renew itself")
    what = Text("一张证书", "One certificate") if line.kind not in (Kind.CRL, Kind.TRUST_LIST) else line.name
    return Text(
        f"{what.zh} {left.zh.removeprefix('还有 ')}后到期", f"{what.en} ends in {left.en.removesuffix(' left')}"
    )


def _until(line: Lifeline) -> Text:
    assert line.ends is not None
    day = local(line.ends)
    month = f"{day:%B}"
    return Text(
        f"{line.name.zh}不续，{day.month} 月 {day.day} 日起{line.stake.zh}",
        f"Unless {line.name.en} is renewed, from {day.day} {month} on: {line.stake.en}",
    )


def _below(line: Lifeline, level: Level) -> Text:
    if line.ends is None:
        return _RENEWED[line.renewal]
    day = f"{local(line.ends):%Y-%m-%d}"
    if level is Level.FINE and line.has_next:
        following = next(span for span in line.spans if span.state is SpanState.NEXT)
        start = f"{local(following.start):%m-%d}"
        return Text(f"下一张 {start} 接上", f"the next one takes over {start}")
    if level is Level.FINE:
        return _RENEWED[line.renewal] if line.renewal is Renewal.AUTOMATIC else Text(day, day)
    return Text(f"{day} 到期", f"ends {day}")


def _spoken(line: Lifeline, level: Level) -> Text:
    """The bars in words, for those who do not see them."""
    words = {
        SpanState.FORMER: Text("停用", "former"),
        SpanState.ACTIVE: Text("在用", "in use"),
        SpanState.NEXT: Text("下一张", "next"),
    }
    parts = []
    for span in line.spans:
        start = f"{span.start.astimezone(SHANGHAI):%Y-%m-%d}"
        end = f"{span.end.astimezone(SHANGHAI):%Y-%m-%d}" if span.end else None
        word = words[span.state]
        parts.append(
            Text(f"{word.zh} {start} 至 {end or '无期限'}", f"{word.en} from {start} to {end or 'no end in sight'}")
        )
    state = {Level.ENDED: Text("已过期", "ended"), Level.SOON: Text("快到期", "ends soon"), Level.FINE: Text("", "")}
    parts.append(_RENEWED[line.renewal])
    said = [state[level]] if level is not Level.FINE else []
    return Text("；".join(one.zh for one in [*parts, *said]), "; ".join(one.en for one in [*parts, *said]))


def _bars(span: Span, axis: TimeAxis, level: Level) -> list[Bar]:
    start, end = max(span.start, axis.start), min(span.end or axis.end, axis.end)
    if end <= start:
        return []
    if span.state is not SpanState.ACTIVE:
        return [_bar("dead" if span.state is SpanState.FORMER else "next", start, end, axis)]
    gone, to_come = ("warnp", "warn") if level is not Level.FINE else ("past", "ok")
    parts = []
    if start < axis.now:
        parts.append(_bar(gone, start, min(end, axis.now), axis))
    if end > axis.now:
        parts.append(_bar(to_come, max(start, axis.now), end, axis))
    return parts


def _bar(kind: str, start: dt.datetime, end: dt.datetime, axis: TimeAxis) -> Bar:
    # never thinner than can be seen
    return Bar(kind, axis.x(start), f"{max(axis.share(end) - axis.share(start), 0.3):.2f}%")
