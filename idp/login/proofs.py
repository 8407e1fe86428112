"""What somebody has proved in a log-in, and what that is worth as acr and amr.

RFC 8176 §2 (amr); NIST SP 800-63B-4 §2.1–2.3 (two factors are two of different kinds).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from idp.levels import BOUND_KEY, TWO_FACTORS
from idp.model import ONE_FACTOR


class Method(StrEnum):
    """How a person can show that it is they."""

    PASSWORD = "password"  # noqa: S105 - the method's name
    SMS = "sms"
    EMAIL = "email"
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    CERTIFICATE = "certificate"
    QR = "qr"
    UPSTREAM = "upstream"


class Kind(StrEnum):
    """What a factor rests on."""

    KNOWLEDGE = "knowledge"
    POSSESSION = "possession"
    INHERENCE = "inherence"


_HAD, _KNOWN = frozenset({Kind.POSSESSION}), frozenset({Kind.KNOWLEDGE})
KINDS: Final[Mapping[Method, frozenset[Kind]]] = {
    Method.PASSWORD: _KNOWN,
    Method.SMS: _HAD,
    Method.EMAIL: _HAD,
    Method.TOTP: _HAD,
    Method.RECOVERY: _HAD,
    Method.PASSKEY: _HAD | _KNOWN,
    Method.CERTIFICATE: _HAD,
    Method.QR: _HAD,
}
"""What a method proves at least: whether adding it could help."""

_MAY_BE_BOUND = frozenset({Method.PASSKEY, Method.CERTIFICATE})
_NOTHING: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Vouched:
    """That an upstream provider vouched for somebody.

    Attributes:
        provider_id: the provider's.
        subject, sid: keyed names of the provider's `sub` and `sid`.
        id_token_sealed: the ID token, for the hint of a log-out there (RP-Initiated Logout §2).
    """

    provider_id: str
    subject: str = field(repr=False)
    sid: str | None = field(repr=False)
    id_token_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was proved.

    Attributes:
        amr: its values as registered by RFC 8176.
        kinds: a passkey with user verification proves possession, and knowledge or inherence as well.
        bound: rests on a private key that its holder cannot give away.
        at: when.
        vouched: by whom, where it was proved to an upstream provider.
        rests_on: digest of what must still be so when the session opens; empty where nothing can change meanwhile.
    """

    method: Method
    amr: tuple[str, ...]
    kinds: frozenset[Kind]
    at: dt.datetime
    bound: bool = False
    vouched: Vouched | None = None
    rests_on: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """What the audit log calls it."""
        return self.method.value if self.vouched is None else f"{self.method.value}:{self.vouched.provider_id}"


def resting_on(password_hash: str) -> str:
    """What a password's proof rests on: the hash that it was judged by, without giving that away."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


MULTI_FACTOR: Final = "mfa"


def acr_of(proofs: Sequence[Proof]) -> str:
    """The authentication context class that the proofs reach together."""
    kinds = frozenset(kind for proof in proofs for kind in proof.kinds)
    if len(kinds) < 2:
        return ONE_FACTOR
    return BOUND_KEY if any(proof.bound for proof in proofs) else TWO_FACTORS


def amr_of(proofs: Sequence[Proof]) -> tuple[str, ...]:
    """All methods in the order in which they were used, and `mfa` where they are of several kinds (RFC 8176 §2)."""
    used = [value for proof in proofs for value in proof.amr]
    kinds = {kind for proof in proofs for kind in proof.kinds}
    return tuple(dict.fromkeys([*used, MULTI_FACTOR] if len(kinds) > 1 else used))


def adds(method: Method, proofs: Sequence[Proof]) -> bool:
    """Whether a method could prove a further kind of factor, or a bound key; a code to a second address would not."""
    if method in {proof.method for proof in proofs}:
        return False
    kinds = frozenset(kind for proof in proofs for kind in proof.kinds)
    bound = any(proof.bound for proof in proofs)
    return not KINDS.get(method, _NOTHING) <= kinds or (method in _MAY_BE_BOUND and not bound)
