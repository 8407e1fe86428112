"""One question about several licences, and a view page that opens once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class CopyPreview:
    """The very copy that the other side would get; `shown` are its rows."""

    colour: str
    watermark: tuple[str, ...]
    shown: tuple[tuple[str, str], ...] = field(repr=False)
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class TogetherItem:
    """One licence of the question; without `choices` there is nothing to give.

    Attributes:
        name, licence_name: of the tick box, and of the choice where the holder has several.
    """

    name: str
    licence_name: str
    what: Text
    given: tuple[str, ...]
    withheld: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    copy: CopyPreview | None = None


@dataclass(frozen=True, slots=True)
class TogetherView:
    """`/consents/together/{id}`: the question. `holder` is set where an agent decides for somebody."""

    action: str
    who: Text
    holder: Text | None
    item: Text
    asked_at: dt.datetime
    minutes_left: int
    basis: str
    case_number: str
    until: dt.date
    max_uses: int | None
    rows: tuple[TogetherItem, ...]

    @property
    def givable(self) -> int:
        return sum(bool(one.choices) for one in self.rows)


@dataclass(frozen=True, slots=True)
class TogetherDoneView:
    """What became of it."""

    title: Text
    text: Text
    rows: tuple[tuple[Text, Mark], ...]
    withdraw_action: str | None


@dataclass(frozen=True, slots=True)
class UseViewPage:
    """`/use-view/{token}`: before it is opened `title` is None."""

    action: str
    title: Text | None = None
    colour: str = "pine"
    rows: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    withheld: tuple[str, ...] = ()
    watermark: tuple[str, ...] = ()
    issuer: Text | None = None
    identifier: str = ""
    case_number: str = ""
    seen_at: dt.datetime | None = None
