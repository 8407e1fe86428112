"""What is kept of a device's request while the person decides (RFC 8628 §3.1, §3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class DeviceState(StrEnum):
    """Each is left once, for one of the two below it."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One request, bound to its client.

    Attributes:
        expires_at: seconds since 1970; afterwards nobody can decide, and no tokens are issued.
        family_id: the token family that the approval began.
    """

    client_id: str
    scopes: tuple[str, ...]
    asked_at: float
    expires_at: float
    state: DeviceState = DeviceState.PENDING
    family_id: str | None = None
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
