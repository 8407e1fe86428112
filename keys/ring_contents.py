"""What the key ring holds in memory at one moment: keys opened once, found by purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from keys.errors import KeyRefused
from keys.jose.jwk import thumbprint
from keys.ports import KeyRecord, SecretKey, Signer, VerificationKey
from keys.spec import ACCEPTED_STATES, ALGORITHMS, KeyState, SignatureAlgorithm, uses_of
from keys.verification import load_verification_key


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """One key of the ring, opened."""

    record: KeyRecord
    signer: Signer | None = None
    secret: SecretKey | None = None


@dataclass(frozen=True, slots=True)
class RingContents:
    """What the ring held at one generation of the store; replaced as a whole, never changed.

    Attributes:
        ends: from when on the signer of a purpose may not sign, where its algorithm and size have an end.
    """

    generation: int = 0
    by_key: dict[str, OpenedKey] = field(default_factory=dict)
    signers: dict[str, Signer] = field(default_factory=dict)
    ends: dict[str, dt.datetime] = field(default_factory=dict)
    verification: dict[str, tuple[VerificationKey, ...]] = field(default_factory=dict)
    secrets: dict[str, tuple[SecretKey, ...]] = field(default_factory=dict)

    def in_state(self, purpose: str, state: KeyState) -> KeyRecord | None:
        """The first key of a purpose in that state."""
        records = (opened.record for opened in self.by_key.values())
        return next((one for one in records if one.purpose == purpose and one.state is state), None)


def arranged(generation: int, opened: Sequence[OpenedKey]) -> RingContents:
    """The keys by purpose, active first."""
    ordered = sorted(opened, key=lambda one: ACCEPTED_STATES.index(one.record.state))
    contents = RingContents(generation, {one.record.key_id: one for one in ordered})
    for one in ordered:
        record = one.record
        if one.secret is not None:
            secret = SecretKey(record.key_id, record.state, one.secret.value, one.secret.kind)
            contents.secrets[record.purpose] = (*contents.secrets.get(record.purpose, ()), secret)
        elif one.signer is not None:
            public = VerificationKey(record.key_id, one.signer.algorithm, record.state, one.signer.public_key)
            contents.verification[record.purpose] = (*contents.verification.get(record.purpose, ()), public)
            if record.state is KeyState.ACTIVE:
                contents.signers[record.purpose] = one.signer
                _note_end(contents.ends, record.purpose, one.signer)
    return contents


def _note_end(ends: dict[str, dt.datetime], purpose: str, signer: Signer) -> None:
    bits = load_verification_key(signer.public_key, signer.algorithm).bits
    last_day = ALGORITHMS[signer.algorithm].until(bits, uses_of(purpose))
    if last_day is not None:
        ends[purpose] = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time.min, tzinfo=dt.UTC)


def same_key(before: KeyRecord, now: KeyRecord) -> bool:
    """Whether only the state has changed; anything else has to pass through the seal again."""
    return dataclasses.replace(now, state=before.state, state_since=before.state_since) == before


def names(key_id: str, public_key: bytes, algorithm: SignatureAlgorithm) -> bool:
    """Whether the id is this public key's (RFC 7638)."""
    try:
        return thumbprint(public_key, algorithm) == key_id
    except KeyRefused:
        return False
