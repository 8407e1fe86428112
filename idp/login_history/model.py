"""One log-in, or one sort of refused tries, as the person whose account it is may see it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class LogInOutcome(StrEnum):
    """How a try ended."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LogInRecord:
    """One log-in; or refused tries of one sort from one place in one moment.

    Attributes:
        at: of the last of them.
        method: how, as a short word of `idp.login.proofs.Method`, several joined by `+`; `upstream:` and a provider.
        reason: why it was refused, as an error code; empty for a log-in.
        user_agent: what the browser says that it is, shortened.
        source: network address, as `idp.source.source_of` gives it.
        session_id: that began or went on; None for a refusal.
        times: how many tries this stands for.
    """

    id: str
    account_id: str
    at: dt.datetime
    outcome: LogInOutcome
    method: str
    reason: str = ""
    user_agent: str = ""
    source: str = field(default="", repr=False)
    session_id: str | None = None
    times: int = 1
