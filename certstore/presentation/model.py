"""A licence that its holder shows to somebody face to face, and what became of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.status import Status
from core.principal import Purpose
from core.text import Text

ROTATE_SECONDS = 45
"""For which the holder's screen shows one code."""

GRACE_SECONDS = 10
"""For which a code still counts after the screen has changed: somebody may be typing it."""

DECIDE_SECONDS = 120
"""For which the holder can let an office see the whole face, or refuse."""

KEPT_SECONDS = 600
"""For which both sides can look at what was shown."""


class Extent(StrEnum):
    """How much the holder shows."""

    MINIMAL = "minimal"  # name, state and validity: given at once
    FULL = "full"  # the whole face: given once the holder has seen who asks


class PresentationState(StrEnum):
    """
    ::

        waiting ──▶ given      the whole face, when the holder agrees
           └─────▶ refused ◀── given   the holder did not mean this office
    """

    WAITING = "waiting"
    GIVEN = "given"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What is stored under a code.

    Attributes:
        presentation: the id that reading it will have: the holder's screen asks for it.
        holder_kind, holder_number: the number under which the holder holds the licence.
        expires_at: from then on the code is worth nothing.
    """

    presentation: str
    licence_id: str
    account_id: str
    holder_kind: str
    holder_number: str = field(repr=False)
    extent: Extent
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code as its holder's screen knows it."""

    code: str = field(repr=False)
    presentation: str
    shown_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Showing:
    """One holder's screen that shows one licence: the code it shows, and the one before."""

    licence_id: str
    extent: Extent
    current: OpenCode
    previous: OpenCode | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """A code that was read: bound to who read it.

    Attributes:
        sign: two digits that both screens show, so that the clerk knows that this phone showed the code.
        verifier, organisation: who read it, and the office behind them.
        decide_by: an unanswered wish for the whole face ends then.
    """

    id: str
    licence_id: str
    account_id: str
    holder_kind: str
    holder_number: str = field(repr=False)
    extent: Extent
    state: PresentationState
    sign: str
    verifier: str
    organisation: str
    purpose: Purpose
    read_at: dt.datetime
    decide_by: dt.datetime

    def state_at(self, now: dt.datetime) -> PresentationState:
        """The stored state, or `refused` where the holder let the time pass."""
        if self.state is PresentationState.WAITING and now >= self.decide_by:
            return PresentationState.REFUSED
        return self.state


@dataclass(frozen=True, slots=True)
class ShownFace:
    """What the reader gets: a state, and as much of the face as the holder shows.

    Attributes:
        name: the holder's; None where the licence is not valid.
        rows: the whole face, where it is shown.
    """

    type_code: str
    type_name: Text
    issuer: str
    issuer_name: Text
    status: Status
    valid_from: dt.date
    valid_until: dt.date | None
    name: str | None = field(default=None, repr=False)
    identifier: str | None = None
    rows: tuple[tuple[Text, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Presented:
    """A presentation for whoever read it; `face` is None while the holder has not agreed, and after a refusal."""

    id: str
    state: PresentationState
    extent: Extent
    sign: str
    read_at: dt.datetime
    face: ShownFace | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The holder's screen.

    Attributes:
        code: what it shows now; None once it was read.
        seconds: for which it will go on showing it.
        read: what became of it, once it was read.
        reader: the name of the office that read it.
    """

    licence_id: str
    extent: Extent
    code: str | None = field(repr=False)
    seconds: int
    read: Presentation | None = None
    reader: Text | None = None
