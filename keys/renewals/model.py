"""A proposed renewal and what can become of it.

::

    open ──▶ working ──▶ done
     │  ◀──────┘ (it failed: somebody confirms again)
     ├────▶ refused
     └────▶ withdrawn
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core.text import Text


class ProposalState(StrEnum):
    OPEN = "open"
    WORKING = "working"  # confirmed; the renewal itself is under way
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody asks that something is renewed.

    Attributes:
        line: id of the life line (`keys.horizon`), e.g. `certificate/7f3a…`.
        name: what it is, as it was called when it was proposed.
        proposed_by: account id; `decided_by` must be another one.
        state_since: when it came into its state.
    """

    id: str
    line: str
    name: Text
    state: ProposalState
    proposed_by: str
    proposed_at: dt.datetime
    decided_by: str | None
    state_since: dt.datetime
