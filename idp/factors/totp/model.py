"""An authenticator app of a person, as it is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One app.

    Attributes:
        name: sealed; what the person calls it.
        secret: sealed.
        last_step: of the last code that was used.
    """

    id: str
    account_id: str
    name: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    last_step: int
    created_at: dt.datetime
    used_at: dt.datetime | None = None


def secret_context(authenticator_id: str) -> str:
    """The place that a secret is sealed for."""
    return f"authenticator.secret:{authenticator_id}"


def name_context(authenticator_id: str) -> str:
    return f"authenticator.name:{authenticator_id}"
