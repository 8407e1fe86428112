"""The pages of the console for portals: the list, one portal, the form, a proposal, a secret, instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.portals.difference import Change
from api.web.portals.form import Typed
from api.web.portals.kinds import Kind
from api.web.views.common import Fact, Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class PortalRow:
    """A client in the list."""

    id: str
    name: Text
    host: str
    organisation: Text | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A proposal in the list; `yours` when the visitor may decide over it."""

    id: str
    name: Text
    asked: Text
    what: Text
    yours: bool


@dataclass(frozen=True, slots=True)
class PortalsView:
    """`/admin/portals`.

    Attributes:
        title: what needs work, or that nothing does.
        may_register: the visitor proposes portals.
        may_permit: the visitor says who may register by themselves.
    """

    title: Text
    below: Text
    rows: tuple[PortalRow, ...]
    waiting: tuple[WaitingRow, ...]
    text: str
    may_register: bool
    may_permit: bool
    first_href: str | None
    next_href: str | None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    name: str
    label: Text
    about: Text
    chosen: bool


@dataclass(frozen=True, slots=True)
class PortalFormView:
    """The form, for a new portal or for a change.

    Attributes:
        kinds: empty for a change.
        other_scopes: scopes that the form has no box for, kept as they are.
        organisations: False where the organisation is the visitor's own.
        error_field: under which field the error stands; empty for above the form.
    """

    title: Text
    action: str
    back: str
    kinds: tuple[Kind, ...]
    sent: Typed
    scopes: tuple[ScopeChoice, ...]
    other_scopes: str
    organisations: bool
    revision: str
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One proposal: what it changes, what to look at twice, and who decides."""

    id: str
    title: Text
    client_id: str
    asked: Text
    mark: Mark
    changes: tuple[Change, ...]
    risks: tuple[Text, ...]
    may_decide: bool
    may_withdraw: bool
    decided: Text | None
    note: str | None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class DayBar:
    """Refusals of one day; `height` and `y` in percent of the chart."""

    x: str
    y: str
    height: str
    label: Text


@dataclass(frozen=True, slots=True)
class ErrorRow:
    at: str
    endpoint: str
    error: str
    description: str
    detail: str
    hint: Text
    request_id: str
    times: int


@dataclass(frozen=True, slots=True)
class PortalView:
    """One portal.

    Attributes:
        proposals: the open one first.
        most: the largest number of refusals in a day, for the chart's scale.
        notices: how it heard of log-outs; empty where it registered no address for them.
    """

    id: str
    name: Text
    mark: Mark
    facts: tuple[Fact, ...]
    secrets: Text | None
    may_add_secret: bool
    may_end_earlier: bool
    may_change: bool
    may_disable: bool
    may_enable: bool
    notices: tuple[Fact, ...]
    notices_mark: Mark
    bars: tuple[DayBar, ...]
    most: int
    errors: tuple[ErrorRow, ...]
    next_href: str | None
    proposals: tuple[WaitingRow, ...]
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class SecretView:
    """A secret, shown this once; `waits` when somebody has to approve the portal first."""

    client_id: str
    name: Text
    secret: str | None = field(repr=False)
    earlier: Text | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    id: str
    name: str
    about: Text
    code: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the test log-in."""

    mark: Mark
    name: Text
    text: Text


@dataclass(frozen=True, slots=True)
class ConnectView:
    """How to connect a portal: the test of its registration, and code for its suppliers."""

    id: str
    name: Text
    facts: tuple[Fact, ...]
    snippets: tuple[Snippet, ...]
    steps: tuple[StepRow, ...]
    tested: bool
    address: str | None


@dataclass(frozen=True, slots=True)
class PermitRow:
    """Something that lets clients register by themselves."""

    id: str
    note: str
    kind: Text
    issuer: str
    use: Text
    until: str
    mark: Mark
    may_end: bool


@dataclass(frozen=True, slots=True)
class PermitsView:
    """`/admin/portals/permits`.

    Attributes:
        open_for: the setting: `off`, `guarded` or `open`.
        values: what was typed, when it was refused.
        token: a new one, shown this once.
    """

    open_for: str
    rows: tuple[PermitRow, ...]
    values: Mapping[str, str] = field(repr=False)
    token: str | None = field(default=None, repr=False)
    note: Text | None = None
    error: Text | None = None
