"""Dates, numbers and names as people read them (ui.md §7)."""

from __future__ import annotations

import datetime as dt

from core.clock import SHANGHAI
from core.text import Language

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def day_in_words(day: dt.date, language: Language) -> str:
    """`2026 年 12 月 19 日` or `19 December 2026`, for sentences."""
    if language == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def local(moment: dt.datetime) -> dt.datetime:
    """The moment on the clocks of Asia/Shanghai."""
    return moment.astimezone(SHANGHAI)


def minute(moment: dt.datetime) -> str:
    """`2026-11-23 09:51`, for tables and time lines."""
    return f"{local(moment):%Y-%m-%d %H:%M}"


def second(moment: dt.datetime) -> str:
    """`2026-11-23 09:51:07`, for evidence."""
    return f"{local(moment):%Y-%m-%d %H:%M:%S}"


def near(moment: dt.datetime, now: dt.datetime, language: Language) -> str:
    """`今天 09:51`, `11 月 18 日` or, from another year, the whole date."""
    then, today = local(moment), local(now).date()
    if then.date() == today:
        return f"Today {then:%H:%M}" if language == "en" else f"今天 {then:%H:%M}"
    if then.year == today.year:
        return f"{then.day} {_MONTHS[then.month - 1]}" if language == "en" else f"{then.month} 月 {then.day} 日"
    return day_in_words(then.date(), language)


def thousands(number: int) -> str:
    """`84 217`: groups of three, as the standards for quantities write them."""
    return f"{number:,}".replace(",", " ")
