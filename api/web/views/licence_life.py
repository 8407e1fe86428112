"""A department's pages about the life of its licences: one licence, a step, rounds of inspections, proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.web.life_diagram import Diagram
from api.web.views.common import Fact, Mark, TimelineEntry, Tone
from api.web.views.office import FormField, HolderBlock
from core.text import Text


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step that may be taken now."""

    href: str
    name: Text


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version; `href` of its sealed original, which a record from a register gets when it is first wanted."""

    number: str
    made_by: Text
    issued: str
    validity: Text
    trust: str
    identifier: str
    current: bool
    chained: bool
    href: str
    ofd: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A proposal that waits for a colleague of whoever made it."""

    id: str
    what: Text
    href: str
    asked: Text
    reason: str = field(repr=False)
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class OfficeLicenceView:
    """`/office/licences/{id}`."""

    title: Text
    number: str = field(repr=False)
    mark: Mark
    base: str
    note: Text | None
    error: Text | None
    fields: tuple[tuple[Text, Text], ...] = field(repr=False)
    facts: tuple[Fact, ...]
    steps: tuple[StepLink, ...]
    endings: tuple[StepLink, ...]
    waiting: tuple[WaitingRow, ...]
    story: tuple[TimelineEntry, ...]
    versions: tuple[VersionRow, ...]
    diagram: Diagram


@dataclass(frozen=True, slots=True)
class StepView:
    """`/office/licences/{id}/{step}`: what the step changes, and why.

    Attributes:
        shown: which parts of the form are there: holder, face, number, validity, until.
        two_people: a colleague decides.
    """

    title: Text
    effect: Text
    action: str
    back: str
    type_name: Text
    number: str = field(repr=False)
    mark: Mark
    until: Text
    shown: frozenset[str]
    holders: Sequence[HolderBlock] = field(repr=False)
    may_add: bool
    fields: tuple[FormField, ...]
    values: Mapping[str, str] = field(repr=False)
    reason: Text | None
    button: Text
    legal: bool
    two_people: bool
    seal: str | None
    idempotency: str
    revision: int
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a round's bar, in percent of all."""

    kind: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class RoundBar:
    """How far the inspections of a type have come, drawn and told."""

    type_name: Text
    href: str
    parts: tuple[Part, ...]
    covered: int
    due: int
    overdue: int


@dataclass(frozen=True, slots=True)
class RoundsView:
    """`/office/inspections`."""

    rounds: tuple[RoundBar, ...]


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One licence of a round."""

    id: str
    identifier: str
    href: str
    fail_href: str | None
    revision: int
    until: str
    word: Text
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class RoundView:
    """`/office/inspections/{type}`."""

    bar: RoundBar
    opens_for: str
    rows: tuple[RoundRow, ...]
    first_href: str | None
    next_href: str | None
    idempotency: str
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft; free of personal data."""

    href: str
    type_name: Text
    begun: str
    changed: str


@dataclass(frozen=True, slots=True)
class DraftsView:
    """`/office/drafts`."""

    rows: tuple[DraftRow, ...]
    first_href: str | None
    next_href: str | None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class EndingsView:
    """`/office/endings`."""

    rows: tuple[WaitingRow, ...]
    note: Text | None = None
    error: Text | None = None
