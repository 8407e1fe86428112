"""The administrators' pages: what runs out when, and the renewals that two people decide."""

from __future__ import annotations

from dataclasses import dataclass

from api.web.time_axis import Tick
from api.web.views.common import Tone
from core.text import Text


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch on the time line; `x` and `width` in percent of the chart."""

    kind: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One thing that runs out.

    Attributes:
        spoken: what the bars draw, in words.
        propose: its id, where the visitor may propose its renewal.
    """

    name: Text
    detail: Text
    bars: tuple[Bar, ...]
    goes_on: bool
    goes_on_dark: bool
    left: Text
    tone: Tone
    icon: str
    below: Text
    spoken: Text
    propose: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands for the whole, with its unit."""

    label: Text
    number: str
    unit: Text


@dataclass(frozen=True, slots=True)
class Proposal:
    """A renewal that waits for a second person.

    Attributes:
        may_confirm: the visitor is that second person.
    """

    id: str
    name: Text
    asked: Text
    may_confirm: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class AdminKeysView:
    """`/admin/keys`.

    Attributes:
        title: the alarm itself, or that there is none.
        renew: id of the life line that the one button renews; None where the visitor cannot or need not.
    """

    title: Text
    below: Text
    figures: tuple[Figure, ...]
    ticks: tuple[Tick, ...]
    now_x: str
    rows: tuple[LineRow, ...]
    proposals: tuple[Proposal, ...]
    renew: str | None
    renew_label: Text
    first_href: str | None
    next_href: str | None
    note: Text | None = None
    error: Text | None = None
