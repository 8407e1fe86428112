"""A share, and what its holder and its reader see of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from certstore.status import Status
from core.text import Text

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is mistaken when read aloud
CODE_LENGTH = 10  # 49 bits, and no more than `TRIES` guesses
TRIES = 10
MOST_VIEWS = 20
MOST_DAYS = 30
MOST_PURPOSE = 60
KEPT_DAYS = 180


class ShareState(StrEnum):
    """What became of a share; all but the first two are computed."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED_UP = "used-up"  # opened as often as its holder allowed
    LOCKED = "locked"  # too many wrong codes


@dataclass(frozen=True, slots=True)
class Share:
    """What a holder shows.

    Attributes:
        holder: whose it is; other holders of the licence are not shown.
        purpose: in the holder's own words.
        code_digest: of the code, which nobody but the holder has.
        tries: guesses that are left.
    """

    id: str
    licence_id: str
    holder: HolderCode
    fields: tuple[str, ...]
    purpose: str = field(repr=False)
    code_digest: str = field(repr=False)
    views_allowed: int
    created_at: dt.datetime
    expires_at: dt.datetime
    views: int = 0
    tries: int = TRIES
    state: ShareState = ShareState.OPEN

    def state_at(self, now: dt.datetime) -> ShareState:
        """The stored state, or how time, openings and guesses have ended it."""
        if self.state is not ShareState.OPEN:
            return self.state
        if now >= self.expires_at:
            return ShareState.EXPIRED
        if self.views >= self.views_allowed:
            return ShareState.USED_UP
        return ShareState.OPEN if self.tries > 0 else ShareState.LOCKED


@dataclass(frozen=True, slots=True)
class MadeShare:
    """A new share with its code, told this once."""

    share: Share
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MyShare:
    """A line of the holder's list."""

    share: Share
    state: ShareState
    type_name: Text
    titles: Sequence[Text]


@dataclass(frozen=True, slots=True)
class OpenedShare:
    """What whoever has the code is shown.

    Attributes:
        status: of the licence today; its entries are shown while it is valid.
        rows: titles and values.
        views_left: openings that remain after this one.
    """

    type_name: Text
    issuer_name: Text
    identifier: str
    status: Status
    valid_until: dt.date | None
    rows: Sequence[tuple[Text, str]] = field(repr=False)
    purpose: str = field(repr=False)
    views_left: int
    expires_at: dt.datetime
