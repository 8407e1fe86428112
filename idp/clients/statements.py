"""Software statements: what somebody whom we trust says about a client (RFC 7591 §2.3, §3.1.1).

The keys of a trusted issuer stand in our register; nothing that a statement says decides where keys are looked for. A
statement may be used again, by every instance of the software; how many clients come of it is the permit's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from idp.errors import InvalidSoftwareStatement
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import LEEWAY_SECONDS
from keys.jose.jwk_set import read_jwk_set
from keys.jose.jws import UnverifiedToken, VerifyingKey, parse_compact, verify_signature
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.verification import counts

_ALGORITHMS = {str(row.algorithm): row.algorithm for row in ALGORITHMS.values() if row.tokens}
_TYPES = frozenset({None, "JWT", "jwt", "software-statement+jwt"})
_ABOUT_ITSELF = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "software_statement"})


def issuer_of(statement: str) -> tuple[str, UnverifiedToken]:
    """Who is said to have issued it; nothing of it is believed yet.

    Raises:
        InvalidSoftwareStatement: not a compact JWS, or without an issuer (RFC 7591 §2.3: MUST contain iss).
    """
    try:
        token = parse_compact(statement)
    except TokenRejected as error:
        raise _invalid("cannot be read", error.reason) from None
    issuer = token.claims.get("iss")
    if not isinstance(issuer, str) or token.typ not in _TYPES:
        raise _invalid("must name its issuer", "iss or typ")
    return issuer, token


def verified(token: UnverifiedToken, jwks: Mapping[str, Any], *, audience: str, clock: Clock) -> dict[str, Any]:
    """The client metadata that the statement asserts.

    Args:
        jwks: the issuer's keys, from our register.
        audience: our issuer; counts where the statement is for somebody (RFC 8725 §3.9).

    Raises:
        InvalidSoftwareStatement
    """
    algorithm = _ALGORITHMS.get(token.algorithm)  # RFC 7591 §2.3: MUST be signed
    if algorithm is None:
        raise _invalid("is signed with an algorithm that is not accepted", "alg")
    _check_signature(token, jwks, algorithm, clock)
    _check_claims(token.claims, audience, clock.now().timestamp())
    return asserted(token.claims)


def asserted(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims that are client metadata; they win over what the client says itself (RFC 7591 §2.3)."""
    return {name: value for name, value in claims.items() if name not in _ABOUT_ITSELF}


def _check_signature(
    token: UnverifiedToken, jwks: Mapping[str, Any], algorithm: SignatureAlgorithm, clock: Clock
) -> None:
    found = read_jwk_set(jwks).verifying(algorithm, token.key_id)
    if len(found) != 1 or not counts(algorithm, found[0].bits, use=Use.TOKEN, at=clock.now()):
        raise _invalid("is not signed with a key of its issuer", "kid")
    try:
        verify_signature(token, VerifyingKey(found[0], algorithm), algorithm)
    except TokenRejected as error:
        raise _invalid("is not signed with a key of its issuer", error.reason) from None


def _check_claims(claims: Mapping[str, Any], audience: str, now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        if name in claims and type(claims[name]) not in (int, float):
            raise _invalid(f"has a malformed {name}", name)
    if "exp" in claims and now >= claims["exp"] + LEEWAY_SECONDS:
        raise _invalid("has expired", "exp")
    if any(now < claims.get(name, 0) - LEEWAY_SECONDS for name in ("nbf", "iat")):
        raise _invalid("is not valid yet", "nbf")
    named = claims.get("aud", audience)
    if audience not in (named if isinstance(named, list) else [named]):
        raise _invalid("is for somebody else", "aud")


def _invalid(what: str, private: str) -> InvalidSoftwareStatement:
    return InvalidSoftwareStatement(f"the software statement {what}", field="software_statement", private=private)
