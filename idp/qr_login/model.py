"""A log-in that a screen shows as a QR code and that a phone confirms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

SCAN_SECONDS = 120
"""For which a code can be scanned."""

DECIDE_SECONDS = 120
"""For which a person can decide after that."""

KEPT_SECONDS = 60
"""For which a screen can still learn what became of it."""

FRESH_SECONDS = 900
"""How long ago the phone may have logged in: whoever confirms has shown lately that it is they."""


class QrState(StrEnum):
    """
    ::

        waiting ──▶ scanned ──▶ approved ──▶ (taken by the screen)
                        └─────▶ refused
    """

    WAITING = "waiting"
    SCANNED = "scanned"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class QrRequest:
    """What is stored.

    Attributes:
        number: two digits that the screen shows once the code was scanned, and the phone asks for.
        source: network address of the screen.
        user_agent: what its browser says that it is.
        client_id: the portal that it is for; None for our own pages.
        interaction_id: the portal's request.
        goal: the page of ours that it is for.
        account_id, session_id: of the person who scanned it, and of their session on the phone.
    """

    state: QrState
    number: str = field(repr=False)
    source: str = field(repr=False)
    user_agent: str
    begun_at: dt.datetime
    expires_at: dt.datetime
    client_id: str | None = None
    interaction_id: str | None = field(default=None, repr=False)
    goal: str | None = None
    account_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class QrFound:
    """A stored request, and where it lies."""

    key: str = field(repr=False)
    stored: bytes = field(repr=False)
    request: QrRequest
