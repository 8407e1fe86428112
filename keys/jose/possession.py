"""Proofs that somebody holds a key, which they bring along themselves: DPoP proofs (RFC 9449 §4.2, §4.3).

A proof says nothing about whose key it is. It is worth something only because a token is bound to the key's
thumbprint (RFC 7638), so what comes out of here is that thumbprint and the claims.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from keys.errors import KeyRefused, TokenRejected
from keys.jose.jwk import thumbprint_of_members
from keys.jose.jwk_set import KeyUse, read_jwk
from keys.jose.jws import UnverifiedToken, VerifyingKey, read_part, split_compact, verify_signature
from keys.primitives.ports import PublicKey
from keys.spec import SignatureAlgorithm, Use
from keys.verification import counts

TYPE = "dpop+jwt"
LONGEST = 6_000
"""Most characters that a proof is looked at with: an RSA key of 4096 bits and its signature take 1,500."""

ALGORITHMS = (
    SignatureAlgorithm.ES256,
    SignatureAlgorithm.EDDSA,
    SignatureAlgorithm.ES384,
    SignatureAlgorithm.PS256,
)
"""What proofs may be signed with: nothing that is only kept for older clients (RSASSA-PKCS1-v1_5)."""

_MEMBERS = frozenset({"alg", "typ", "jwk", "kid"})


@dataclass(frozen=True, slots=True)
class Possession:
    """A proof whose signature holds: what it says, and by which key."""

    claims: Mapping[str, Any]
    thumbprint: str
    algorithm: SignatureAlgorithm


@dataclass(frozen=True, slots=True)
class _Head:
    """What the header of a proof says, checked."""

    algorithm: SignatureAlgorithm
    public: PublicKey
    key: VerifyingKey
    thumbprint: str


def read_proof(proof: str, clock: Clock, *, algorithms: frozenset[SignatureAlgorithm] | None = None) -> Possession:
    """
    Args:
        algorithms: a narrower allow-list than `ALGORITHMS`.

    Raises:
        TokenRejected: for whatever reason; the reason is for the log only.
    """
    if len(proof) > LONGEST:
        raise TokenRejected("too long")
    header, claims = split_compact(proof)  # RFC 9449 §4.3: 2. a single well-formed JWT
    head = _read_head(header)  # 4. type, 5. algorithm, 7. no private key
    if algorithms is not None and head.algorithm not in algorithms:
        raise TokenRejected("alg")
    if not counts(head.algorithm, head.public.bits, use=Use.LOGIN, at=clock.now()):
        raise TokenRejected("algorithm does not count")
    said = read_part(claims)
    token = UnverifiedToken(proof, str(head.algorithm), None, TYPE, said)
    verify_signature(token, head.key, head.algorithm)  # 6. signature, by the key in the header
    return Possession(said, head.thumbprint, head.algorithm)


@functools.lru_cache(maxsize=1024)
def _read_head(part: str) -> _Head:
    """The same for all proofs of one key, so it is read once while the key is in use.

    Raises:
        TokenRejected.
    """
    header = read_part(part)
    if header.keys() - _MEMBERS or header.get("typ") != TYPE:
        raise TokenRejected("header")
    algorithm = next((one for one in ALGORITHMS if one == header.get("alg")), None)
    if algorithm is None:  # `none` and everything symmetric among them
        raise TokenRejected("alg")
    try:
        key = read_jwk(header.get("jwk"))  # private members are refused there
    except KeyRefused as refused:
        raise TokenRejected(refused.private) from None
    if algorithm not in key.fits or not key.is_for(KeyUse.SIGNATURE, algorithm):
        raise TokenRejected("the key is not for this algorithm")
    public = key.fits[algorithm]
    return _Head(algorithm, public, VerifyingKey(public, algorithm), thumbprint_of_members(dict(key.members)))
