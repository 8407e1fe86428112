"""What is kept about staff: who works where, and which roles wait for a second person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from idp.model import StaffRole


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works in a department; one for a person, whatever roles they have.

    Attributes:
        user_name: what the personnel system calls them, unique without regard to case.
        external_id: the personnel system's own key.
        active: False for somebody who has left; they may come back.
        revision: goes up with every change.
    """

    id: str
    account_id: str
    department: str
    user_name: str = field(repr=False)
    external_id: str | None = field(repr=False)
    active: bool
    revision: int
    created_at: dt.datetime
    changed_at: dt.datetime


class ProposalKind(StrEnum):
    GIVE = "give"
    END = "end"  # of an administrator's role; any other ends at once


class ProposalState(StrEnum):
    """
    ::

        open ──▶ approved
         ├─────▶ refused
         └─────▶ withdrawn
    """

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RoleProposal:
    """A role that somebody is to have, or an administrator is to lose, once a second person agrees.

    Attributes:
        proposed_by: account id; whoever decides is neither this person nor the one whom it is about.
        reason: why, in the proposer's words.
        note: what the one who decided says to it.
    """

    id: str
    kind: ProposalKind
    role: StaffRole
    reason: str
    proposed_by: str
    proposed_at: dt.datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody has, and since when."""

    role: StaffRole
    since: dt.datetime
