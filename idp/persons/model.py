"""What the life of an account consists of: wishes to leave, changes that two people decide, reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

COOLING_OFF: Final = dt.timedelta(days=7)
"""How long somebody who wants to leave may take it back."""


class FreezeReason(StrEnum):
    """Why an account is out of use for a time; what may lift it differs."""

    OWN_WISH = "own-wish"
    MISUSE = "misuse"
    ORDER = "order"  # of a court or an authority
    DEATH_REPORTED = "death-reported"


class CloseReason(StrEnum):
    """Why an account was closed."""

    OWN_WISH = "own-wish"
    DEATH = "death"
    MERGED = "merged"
    BY_OFFICE = "by-office"


@dataclass(frozen=True, slots=True)
class Departure:
    """A person wants their account closed (注销); until `due_at` they may take it back."""

    account_id: str
    asked_at: dt.datetime
    due_at: dt.datetime


class ChangeKind(StrEnum):
    """What needs two people."""

    MERGE = "merge"
    NUMBER = "number"


class ProposalState(StrEnum):
    """Life of a proposal; only an open one can be decided."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PersonProposal:
    """A change of who somebody is, proposed by one person and to be decided by another.

    Attributes:
        account_id: the account that stays.
        content: sealed: the account that goes, or the new ID number and name.
    """

    id: str
    account_id: str
    kind: ChangeKind
    content: bytes = field(repr=False)
    reason: str
    state: ProposalState
    proposed_by: str
    proposed_at: dt.datetime
    expires_at: dt.datetime
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
