"""One record of evidence that an account is a certain person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class EvidenceKind(StrEnum):
    """What was looked at."""

    NUMBER_AND_NAME = "number-and-name"  # a register of people agreed
    PHONE = "phone"  # a code that was sent to the phone came back
    BANK = "bank"  # a bank agreed that the account is theirs
    IN_PERSON = "in-person"  # two clerks at a window
    REMOTE = "remote"  # video or comparison of faces
    BOUND_KEY = "bound-key"  # a certificate or passkey that cannot be given away
    VOUCHED = "vouched"  # another provider or an operator says so, up to a level
    CARRIED = "carried"  # from the time before evidence was recorded


class Result(StrEnum):
    """How it went."""

    AGREED = "agreed"
    DIFFERED = "differed"  # counts for nothing, and is kept for a while


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record; no personal data.

    Attributes:
        level: up to which level somebody vouches; 0 for the other kinds, whose weight is in `idp.evidence.rules`.
        source: who knew it: `population-register`, `window:` and an organisation's code, `upstream:` and a provider.
        by: who recorded it: ids of accounts, clients or `system`, two of them joined by `+`.
        reference: the source's receipt, or the id of a key.
        expires_at: when it counts no more; None where it does not run out.
        ended_at, ended_for: when and why it stopped counting before.
    """

    id: str
    account_id: str
    kind: EvidenceKind
    source: str
    result: Result
    at: dt.datetime
    expires_at: dt.datetime | None
    by: str
    level: int = 0
    reference: str = ""
    ended_at: dt.datetime | None = None
    ended_for: str = ""

    def counts(self, now: dt.datetime) -> bool:
        """Whether a level may rest on it now."""
        running = self.expires_at is None or self.expires_at > now
        return self.result is Result.AGREED and self.ended_at is None and running


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """What is to be recorded; the book adds whose it is, when, and until when.

    Attributes:
        until: the end that the thing itself has, such as a certificate's; the earlier end counts.
    """

    kind: EvidenceKind
    source: str
    by: str
    level: int = 0
    reference: str = ""
    until: dt.datetime | None = None
    result: Result = Result.AGREED
