"""What the consoles show: staff and their roles, departments, one person, rules for log-ins, security events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text

Choice = tuple[str, str]
"""Of a list to choose from: the value, and the words in the page's language."""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role that somebody has.

    Attributes:
        name: the person's.
        limits: what it is limited to, in words.
        end_href: where it is ended; None for those who may not.
    """

    name: str = field(repr=False)
    account_id: str
    department: Text
    role: Text
    limits: Text | None
    until: str | None
    over: bool
    end_href: str | None


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A role that waits for a second person."""

    id: str
    what: Text
    asked: Text
    reason: str
    limits: Text | None
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class StaffView:
    """`/admin/staff`."""

    title: Text
    below: Text
    rows: tuple[RoleRow, ...]
    waiting: tuple[ProposalRow, ...]
    departments: tuple[Choice, ...]
    department: str
    may_propose: bool
    first_href: str | None
    next_href: str | None
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class RoleFormView:
    """`/admin/staff/new`.

    Attributes:
        sent: what was typed, to be shown again.
    """

    departments: tuple[Choice, ...]
    roles: tuple[Choice, ...]
    types: tuple[Choice, ...]
    functions: tuple[Choice, ...]
    sent: Mapping[str, str] = field(repr=False)
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class EndRoleView:
    """`/admin/staff/end`."""

    row: RoleRow
    organisation: str
    role: str
    two_people: bool
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department in its tree; `depth` counts from 0."""

    uscc: str
    name: Text
    depth: int
    dissolved: bool


@dataclass(frozen=True, slots=True)
class DepartmentsView:
    """`/admin/organisations`."""

    rows: tuple[DepartmentRow, ...]
    parents: tuple[Choice, ...]
    may_change: bool
    sent: Mapping[str, str]
    note: Text | None = None
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class DepartmentView:
    """`/admin/organisations/{uscc}`."""

    row: DepartmentRow
    code: str
    above: Text | None
    below: tuple[DepartmentRow, ...]
    parents: tuple[Choice, ...]
    parent: str
    may_change: bool
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person on `/admin/people`."""

    account_id: str
    name: str = field(repr=False)
    level: Text
    mark: Mark
    since: str
    sessions: int
    roles: tuple[Text, ...]
    may_leave: bool
    may_freeze: bool
    may_thaw: bool
    freeze_reasons: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PeopleView:
    """`/admin/people`."""

    typed: str = field(repr=False)
    person: PersonView | None = None
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule for log-ins."""

    subject: str
    whom: Text
    demand: Text | None
    refused: Text | None
    changed: Text
    revision: int


@dataclass(frozen=True, slots=True)
class PoliciesView:
    """`/admin/policies`."""

    rows: tuple[RuleRow, ...]
    kinds: tuple[Choice, ...]
    strengths: tuple[Choice, ...]
    methods: tuple[Choice, ...]
    may_change: bool
    sent: Mapping[str, str]
    note: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """A security event."""

    at: str
    what: Text
    mark: Mark
    about: str
    source: str
    times: int


@dataclass(frozen=True, slots=True)
class SecurityView:
    """`/admin/security`.

    Attributes:
        newest: id of the newest event that is shown; a script asks what came after it.
    """

    title: Text
    below: Text
    rows: tuple[EventRow, ...]
    severity: str
    newest: str
    first_href: str | None
    next_href: str | None
