"""JSON Web Keys: public members only (RFC 7517, RFC 7518 §6), named by their thumbprint (RFC 7638)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from keys.ports import KeyProvider, VerificationKey
from keys.primitives import base64url
from keys.spec import SignatureAlgorithm
from keys.verification import load_verification_key

TOKEN_PURPOSES: dict[SignatureAlgorithm, str] = {
    SignatureAlgorithm.ES256: "oidc.es256",
    SignatureAlgorithm.RS256: "oidc.rs256",
}
"""Which keys sign our tokens: one purpose per algorithm, so that a key is never used with another algorithm."""

NATIONAL_TOKEN_PURPOSES: dict[SignatureAlgorithm, str] = {SignatureAlgorithm.SM2_SM3: "oidc.sm2"}
"""The same for those that ask for the national algorithms; the key is there only where the profile has them."""

ALL_TOKEN_PURPOSES = TOKEN_PURPOSES | NATIONAL_TOKEN_PURPOSES


def public_jwk(key: VerificationKey) -> dict[str, Any]:
    """The JWK of one public key, with `use`, `alg` and `kid`."""
    members = load_verification_key(key.public_key, key.algorithm).members()
    return members | {"alg": str(key.algorithm), "use": "sig", "kid": key.key_id}


def public_jwks(provider: KeyProvider, purposes: Iterable[str] = tuple(ALL_TOKEN_PURPOSES.values())) -> dict[str, Any]:
    """The JWK Set (RFC 7517 §5) with which others verify our tokens: active, next and verify-only keys."""
    return {"keys": [public_jwk(key) for purpose in purposes for key in provider.verification_keys(purpose)]}


def thumbprint(public_key: bytes, algorithm: SignatureAlgorithm) -> str:
    """RFC 7638 thumbprint with SHA-256, base64url: the id of a signature key everywhere.

    Raises:
        KeyRefused: the key does not fit the algorithm.
    """
    return thumbprint_of_members(load_verification_key(public_key, algorithm).members())


def thumbprint_of_members(members: dict[str, str]) -> str:
    """RFC 7638 §3.3 over exactly the required members of §3.2."""
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode("ascii")
    return base64url.encode(hashlib.sha256(canonical).digest())
