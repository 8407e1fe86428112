"""`/office/subscriptions`: who is told of changes, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.forms import Form
from api.web.views.common import Fact, Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A receiver in the list."""

    href: str
    name: str
    host: str
    mark: Mark
    behind: Text
    last: Text


@dataclass(frozen=True, slots=True)
class SubscriptionsView:
    """The list, and the form for a further one; `sent` is what was typed."""

    title: Text
    rows: tuple[SubscriptionRow, ...]
    types: tuple[tuple[str, Text], ...]
    sent: Form
    error: Text | None = None
    error_field: str | None = None

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One day of the drawing: what arrived, and above it what did not; places and heights in percent of the chart."""

    x: str
    good_y: str
    good: str
    bad_y: str
    bad: str
    label: Text
    day: str
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A dead letter."""

    what: Text
    identifier: str
    why: Text
    at: str


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """One receiver.

    Attributes:
        most: messages on the busiest day of the drawing.
    """

    id: str
    name: str
    title: Text
    below: Text
    mark: Mark
    columns: tuple[DayColumn, ...]
    most: int
    facts: tuple[Fact, ...]
    letters: tuple[LetterRow, ...]
    dead: int
    may_pause: bool
    may_resume: bool
    two_secrets: bool
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionSecretView:
    """A secret, shown once."""

    id: str
    name: str
    key_id: str
    secret: str = field(repr=False)
    earlier: bool = False
