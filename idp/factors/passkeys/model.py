"""What is kept of a passkey."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class PasskeyState(StrEnum):
    """Life of a passkey: one that looks copied stays out for good; its owner removes it and makes another."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of one person.

    Attributes:
        credential_id: by which the authenticator knows it.
        public_key: COSE_Key (RFC 9052 §7).
        user_handle: the name under which the authenticator keeps its holder; not the account's id.
        aaguid: model of the authenticator, as it says.
        model: the model's name, where an attestation proved it.
        sign_count: the authenticator's counter at the last use; 0 where it has none.
        backup_eligible: it can be copied to other devices of its holder; this never changes (WebAuthn L3 §6.1.3).
        bound: it counts as a key that its holder cannot give away.
        name: what its owner calls it, sealed.
        used_at: None before the first use.
    """

    id: str
    account_id: str
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    aaguid: str
    model: str | None
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    bound: bool
    transports: tuple[str, ...]
    name: bytes = field(repr=False)
    state: PasskeyState
    created_at: dt.datetime
    used_at: dt.datetime | None = None


def name_context(passkey_id: str) -> str:
    """The place that a passkey's name is bound to."""
    return f"passkey.name:{passkey_id}"
