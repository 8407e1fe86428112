"""A life line: what one thing with an end was, is and will be, and who has to act before it ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core.text import Text


class Kind(StrEnum):
    """What runs out."""

    TOKEN_KEY = "token-key"  # noqa: S105 - a kind of key, not a secret
    SECRET = "secret"  # noqa: S105
    AUTHORITY = "authority"
    SEAL = "seal"
    RESPONDER = "responder"  # certificates that answer OCSP questions
    TIMESTAMP = "timestamp"
    HOLDER = "holder"  # persons, agents and machines
    CRL = "crl"
    TRUST_LIST = "trust-list"


class Renewal(StrEnum):
    """Who acts before the end."""

    AUTOMATIC = "automatic"  # this service, by itself
    TWO_PEOPLE = "two-people"  # one proposes, another confirms
    CEREMONY = "ceremony"  # the holders of the offline root
    OUTSIDE = "outside"  # somebody else renews, and we install what they send


class SpanState(StrEnum):
    """What a stretch of a life line is."""

    FORMER = "former"  # no longer used; what it signed still verifies
    ACTIVE = "active"
    NEXT = "next"  # made already, takes over later


class Level(StrEnum):
    """How urgent it is."""

    ENDED = "ended"
    SOON = "soon"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in one state; `end` is None where no end is in sight."""

    state: SpanState
    start: dt.datetime
    end: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One thing that runs out.

    Attributes:
        id: stable name, e.g. `certificate/7f3a…`, `key/oidc.es256`, `crl/seals`.
        name: what it is, for people.
        detail: algorithm and the name that specialists know it by.
        spans: in the order of time.
        ends: when what is in use ends; None where no end is in sight.
        act_by: when the one who renews it ought to have acted; for AUTOMATIC later than its regular moment, so that
            being past it means that renewing failed.
        stake: what stops when it ends.
    """

    id: str
    kind: Kind
    name: Text
    detail: Text
    spans: tuple[Span, ...]
    ends: dt.datetime | None
    act_by: dt.datetime | None
    renewal: Renewal
    stake: Text

    def level(self, now: dt.datetime) -> Level:
        if self.ends is not None and self.ends <= now:
            return Level.ENDED
        if self.act_by is not None and self.act_by <= now:
            return Level.SOON
        return Level.FINE

    @property
    def has_next(self) -> bool:
        return any(span.state is SpanState.NEXT for span in self.spans)
