"""What is known of passkeys and of the authenticators that hold them (W3C WebAuthn L3 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PasskeyRefused(ValueError):
    """What came proves nothing; the reason is for the log, and is no personal data."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Us, as authenticators know us.

    Attributes:
        id: the host that passkeys are bound to.
        origin: scheme, host and port that a browser must have been at.
    """

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey as it was made.

    Attributes:
        public_key: COSE_Key (RFC 9052 §7).
        aaguid: model of the authenticator, as it says; all zeros where it does not say.
        backup_eligible: it can be copied to other devices of its holder.
        model: name of the model where an attestation proved it; None otherwise.
        transports: how the authenticator is reached, for the browser.
    """

    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    aaguid: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    model: str | None
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Presented:
    """What names itself in an answer; nothing of it is proved yet."""

    credential_id: bytes = field(repr=False)
    challenge: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asserted:
    """What an answer proved."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


class AttestationMode(StrEnum):
    """What is asked of the authenticator about its own making."""

    NONE = "none"  # nothing: any authenticator will do
    BOUND = "bound"  # only an attested model counts as one that holds its key for good
    REQUIRED = "required"  # only attested models are let in


@dataclass(frozen=True, slots=True)
class AuthenticatorModel:
    """A model that is trusted; `roots` are certificates (DER) that its attestations lead to."""

    name: str
    roots: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttestationPolicy:
    """Which models are trusted; `models` by AAGUID in lower case."""

    mode: AttestationMode = AttestationMode.NONE
    models: Mapping[str, AuthenticatorModel] = field(default_factory=dict)
