"""The pages of entrusting (委托): whom one entrusted, who entrusted one, what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.views.common import Mark, TimelineEntry
from core.text import Text


@dataclass(frozen=True, slots=True)
class EntrustmentRow:
    """One entrustment, as one of the two sides sees it.

    Attributes:
        name, masked_number: of the other side.
        used: how many cases, of how many.
    """

    href: str
    name: str = field(repr=False)
    masked_number: str = field(repr=False)
    purpose: str = field(repr=False)
    types: tuple[Text, ...]
    items: tuple[Text, ...]
    starts_on: dt.date
    ends_on: dt.date
    used: Text
    mark: Mark


@dataclass(frozen=True, slots=True)
class OfferRow:
    """What waits for an answer."""

    action: str
    until: dt.datetime
    row: EntrustmentRow


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A question that somebody may answer for another."""

    href: str
    principal: Text = field(repr=False)
    office: Text
    what: Text
    item: Text


@dataclass(frozen=True, slots=True)
class EntrustmentsView:
    """`/me/entrustments`."""

    offers: tuple[OfferRow, ...]
    waiting: tuple[WaitingRow, ...]
    given: tuple[EntrustmentRow, ...]
    held: tuple[EntrustmentRow, ...]
    former: tuple[EntrustmentRow, ...]
    new_href: str
    done: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class EntrustFormView:
    """`/me/entrustments/new`.

    Attributes:
        types: code and name of the licences that the person has.
        items: code and words of the service items that use them.
    """

    action: str
    types: tuple[tuple[str, Text], ...]
    items: tuple[tuple[str, str], ...]
    chosen: frozenset[str]
    sent: Mapping[str, str] = field(repr=False)
    most_uses: int
    latest: dt.date
    error: Text | None = None
    error_field: str = ""

    def error_at(self, *names: str) -> Text | None:
        return self.error if self.error_field in names else None


@dataclass(frozen=True, slots=True)
class EntrustmentView:
    """One of them.

    Attributes:
        principal: the person looking gave it.
        why: how it ended.
        end_href: where it is taken back, or laid down; None once it is over.
    """

    row: EntrustmentRow
    principal: bool
    story: tuple[TimelineEntry, ...]
    why: Text | None
    end_href: str | None
    back: str
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class EndEntrustmentView:
    """Asked before it is done."""

    action: str
    back: str
    name: str = field(repr=False)
    principal: bool
