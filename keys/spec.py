"""The algorithm table: what exists and what each may be used for. New algorithms are new rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class KeyState(StrEnum):
    """Life of a key within its purpose."""

    NEXT = "next"  # published, not yet used
    ACTIVE = "active"  # used to sign or encrypt; one per purpose
    VERIFY_ONLY = "verify-only"  # no longer used, still accepted
    RETIRED = "retired"  # no longer accepted; kept for the record


ACCEPTED_STATES = (KeyState.ACTIVE, KeyState.NEXT, KeyState.VERIFY_ONLY)
"""States in which a key is still accepted, in the order in which keys are listed."""


class SignatureAlgorithm(StrEnum):
    """Signature algorithms, by their JOSE names (RFC 7518 §3.1)."""

    ES256 = "ES256"  # ECDSA, P-256, SHA-256
    RS256 = "RS256"  # RSASSA-PKCS1-v1_5, SHA-256, 3072 bits unless said otherwise


SECRET = "secret-256"  # noqa: S105 - the name of a kind of key, not a secret
"""What the store writes as the algorithm of a symmetric key: 256 random bits."""


@dataclass(frozen=True, slots=True)
class AlgorithmRow:
    """What one algorithm is and may be used for."""

    algorithm: SignatureAlgorithm
    key_type: str  # JWK kty (RFC 7518 §6.1)
    bits: int
    sizes: tuple[int, ...]  # key sizes that may be made
    tokens: bool  # may sign JOSE tokens
    documents: bool  # may sign PDF seals
    certificates: bool  # may sign certificates


ALGORITHMS: dict[SignatureAlgorithm, AlgorithmRow] = {
    row.algorithm: row
    for row in (
        AlgorithmRow(SignatureAlgorithm.ES256, "EC", 256, sizes=(256,), tokens=True, documents=True, certificates=True),
        AlgorithmRow(
            SignatureAlgorithm.RS256,
            "RSA",
            3072,
            sizes=(2048, 3072, 4096),
            tokens=True,
            documents=True,
            certificates=True,
        ),
    )
}

FIXED_PURPOSES = frozenset({"field.index", "oidc.pairwise"})
"""Secrets that name things for good: a new one would lose every blind index or every pairwise subject
(OpenID Connect Core §8.1), so the ring refuses to rotate them."""

KEPT_PURPOSES = FIXED_PURPOSES | {"field.data"}
"""Secrets whose old values must stay readable: the ring refuses to retire them."""
