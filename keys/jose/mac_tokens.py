"""Tokens that a client signed with its own secret: client assertions by HMAC (RFC 7518 §3.2; OpenID Connect Core §9).

Symmetric algorithms have a door of their own. What comes through it is verified with a client's secret, which is
never a public key; what comes through the other doors is never verified with a secret (CVE-2024-33663).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyHMACKey
from jose.exceptions import JWKError

from core.clock import Clock
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import ForeignProfile, check_claims
from keys.jose.jws import UnverifiedToken, verify_signature


class MacAlgorithm(StrEnum):
    """Symmetric algorithms, by their JOSE names (RFC 7518 §3.1)."""

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"

    @property
    def shortest(self) -> int:
        """Octets that a secret must have at least (RFC 7518 §3.2; OpenID Connect Core §10.1)."""
        return int(self.value[2:]) // 8


def verify_mac_token(
    token: UnverifiedToken,
    secrets: Sequence[str],
    algorithms: frozenset[MacAlgorithm],
    profile: ForeignProfile,
    *,
    issuer: str,
    audiences: frozenset[str],
    clock: Clock,
) -> None:
    """
    Args:
        token: taken apart, and nothing of it believed.
        secrets: of the one who is said to have signed; several while they are being replaced.
        algorithms: the allow-list, instead of the profile's.
        profile: which type and claims the token must have.
        issuer: what `iss` must be.
        audiences: the names by which we may be called in `aud`.

    Raises:
        TokenRejected: for whatever reason; the reason is for the log only.
    """
    if token.typ not in profile.types:
        raise TokenRejected("typ")
    algorithm = next((one for one in algorithms if one == token.algorithm), None)
    if algorithm is None:
        raise TokenRejected("alg")
    signed = [_signed(token, secret, algorithm) for secret in secrets]  # all of them, whichever it is
    if not any(signed):
        raise TokenRejected("signature")
    check_claims(token.claims, profile, issuer=issuer, audiences=audiences, clock=clock)


def _signed(token: UnverifiedToken, secret: str, algorithm: MacAlgorithm) -> bool:
    octets = secret.encode("utf-8")
    if len(octets) < algorithm.shortest:
        return False
    try:
        verify_signature(token, _key(octets, algorithm), algorithm)
    except TokenRejected:
        return False
    return True


def _key(octets: bytes, algorithm: MacAlgorithm) -> Key:
    try:
        return CryptographyHMACKey(octets, str(algorithm))
    except JWKError:  # the secret looks like a key that everybody may know
        raise TokenRejected("secret") from None
