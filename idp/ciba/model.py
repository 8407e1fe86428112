"""What is kept of a backchannel authentication request (CIBA Core §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idp.client_metadata import DeliveryMode
from idp.model import DeliveryState


class RequestState(StrEnum):
    """Pending is left once, for one of the others."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """One request. What is secret or personal in it lies sealed in short-lived state (`idp.ciba.sealed`).

    Attributes:
        family_id: the token family that the approval began.
        notice: how far the message to the client's notification endpoint is; None where there is none to send yet.
        notice_result: a short word for what became of the latest attempt.
    """

    id: str
    client_id: str
    account_id: str
    mode: DeliveryMode
    scopes: tuple[str, ...]
    created_at: dt.datetime
    expires_at: dt.datetime
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    state: RequestState = RequestState.PENDING
    decided_at: dt.datetime | None = None
    family_id: str | None = None
    notice: DeliveryState | None = None
    notice_attempts: int = 0
    notice_due_at: dt.datetime | None = None
    notice_result: str | None = None
