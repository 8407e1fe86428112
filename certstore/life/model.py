"""What the life of licences keeps beside the licences themselves: drafts, and proposals of endings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.lifecycle import Event
from certstore.making import HolderInput
from core.principal import PrincipalKind


@dataclass(frozen=True, slots=True)
class DraftContent:
    """What was written so far; it is checked against the type when the draft is kept, and again when it is issued."""

    holders: Sequence[HolderInput] = field(repr=False)
    data: Mapping[str, object] = field(repr=False)
    licence_number: str | None = field(default=None, repr=False)
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    seal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A licence that is being written; nobody but its authority knows of it, and it has no file.

    Attributes:
        id: the licence will have the same.
        revision: rises with each change; the ETag.
        made_by: account or client that began it.
    """

    id: str
    type_code: str
    issuer: str
    revision: int
    made_by: str
    maker_kind: PrincipalKind
    made_at: dt.datetime
    changed_at: dt.datetime
    content: DraftContent = field(repr=False)


class ProposalState(StrEnum):
    """Where a proposal stands; decided once."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody decided in time


@dataclass(frozen=True, slots=True)
class EndingProposal:
    """One member of staff asks that a licence be ended; a colleague decides.

    Attributes:
        event: WITHDRAW, REVOKE, CANCEL or ANNUL.
        revision: of the licence as the proposer saw it: if it has moved since, they decided about something else.
        proposed_by: account of the proposer.
        decided_by: account of whoever closed it.
    """

    id: str
    licence_id: str
    issuer: str
    type_code: str
    event: Event
    revision: int
    reason: str = field(repr=False)
    proposed_by: str
    proposer_name: str = field(repr=False)
    proposed_at: dt.datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
