"""Tokens that somebody else signed: client assertions (RFC 7523 §3), request objects (RFC 9101 §6), under RFC 8725.

The caller says whose keys count, which algorithms, which type and which claims; the token only says which of those
keys it was signed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from keys.errors import TokenRejected
from keys.jose.jwk_set import JwkSet
from keys.jose.jws import UnverifiedToken, VerifyingKey, parse_compact, verify_signature
from keys.spec import SignatureAlgorithm, Use
from keys.verification import counts

LEEWAY_SECONDS = 60
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_TIMES = ("exp", "nbf", "iat")
_ALWAYS = frozenset({"iss", "aud", "exp"})


@dataclass(frozen=True, slots=True)
class ForeignProfile:
    """What a token of somebody else must be.

    Attributes:
        algorithms: the allow-list (RFC 8725 §3.1).
        types: accepted values of `typ`; None among them where it may be missing (RFC 8725 §3.11).
        use: what the signature counts as in the algorithm table.
        required: claims that must be there; `iss`, `aud` and `exp` too, unless they are in `optional`.
        optional: which of these three may be missing (OpenID Connect Core §6.1); one that is there must be right.
        longest_life: seconds from now until `exp` at most; None without a limit.
        one_audience: `aud` must be one string; a list is refused, whatever is in it.
    """

    algorithms: frozenset[SignatureAlgorithm]
    types: frozenset[str | None]
    use: Use
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    longest_life: int | None = None
    one_audience: bool = False


@dataclass(frozen=True, slots=True)
class ForeignToken:
    """A verified token: its claims, and the key and algorithm that it was signed with."""

    claims: dict[str, Any]
    algorithm: SignatureAlgorithm
    key_id: str | None


def verify_foreign(
    token: str | UnverifiedToken,
    keys: JwkSet,
    profile: ForeignProfile,
    *,
    issuer: str,
    audiences: frozenset[str],
    clock: Clock,
) -> ForeignToken:
    """
    Args:
        token: as it came, or taken apart already by whoever had to see who is said to have signed it.
        keys: of the one who is said to have signed, from registration or from their address; never from the token.
        issuer: what `iss` must be.
        audiences: the names by which we may be called in `aud`.

    Raises:
        TokenRejected: for whatever reason; the reason is for the log only.
    """
    parsed = parse_compact(token) if isinstance(token, str) else token
    # 1. form, above; no `jwk`, `jku`, `x5u`, `x5c`, `crit` (RFC 8725 §3.10)
    if parsed.typ not in profile.types:  # 2. type
        raise TokenRejected("typ")
    algorithm = _algorithm(parsed, profile)  # 3. algorithm
    _check_signature(parsed, keys, algorithm, profile, clock)  # 4. signature
    check_claims(parsed.claims, profile, issuer=issuer, audiences=audiences, clock=clock)  # 5. to 8.
    return ForeignToken(parsed.claims, algorithm, parsed.key_id)


def check_claims(
    claims: Mapping[str, Any], profile: ForeignProfile, *, issuer: str, audiences: frozenset[str], clock: Clock
) -> None:
    """Steps 5 to 8 of `verify_foreign`, for a token whose signature holds.

    Raises:
        TokenRejected: a claim that is missing, malformed, not for us or not of now.
    """
    _check_form(claims, profile)  # 5. claims are there and have their types
    if claims.get("iss", issuer) != issuer:  # 6. issuer, RFC 8725 §3.8
        raise TokenRejected("iss")
    audience = claims.get("aud", next(iter(audiences)))
    if profile.one_audience and not isinstance(audience, str):
        raise TokenRejected("aud is a list")
    if audiences.isdisjoint([audience] if isinstance(audience, str) else audience):  # 7. audience, RFC 8725 §3.9
        raise TokenRejected("aud")
    _check_times(claims, profile, clock.now().timestamp())  # 8. times


def _algorithm(token: UnverifiedToken, profile: ForeignProfile) -> SignatureAlgorithm:
    for algorithm in profile.algorithms:
        if token.algorithm == str(algorithm):
            return algorithm
    raise TokenRejected("alg")


def _check_signature(
    token: UnverifiedToken, keys: JwkSet, algorithm: SignatureAlgorithm, profile: ForeignProfile, clock: Clock
) -> None:
    found = keys.verifying(algorithm, token.key_id)
    # OpenID Connect Core §10.1: a key id is needed where there is more than one key
    if len(found) != 1:
        raise TokenRejected("kid")
    if not counts(algorithm, found[0].bits, use=profile.use, at=clock.now()):
        raise TokenRejected("algorithm does not count")
    verify_signature(token, VerifyingKey(found[0], algorithm), algorithm)


def _check_form(claims: Mapping[str, Any], profile: ForeignProfile) -> None:
    if not profile.required | (_ALWAYS - profile.optional) <= claims.keys():
        raise TokenRejected("claim missing")
    if not all(_is_moment(claims[name]) for name in _TIMES if name in claims):
        raise TokenRejected("not a time")
    if not all(isinstance(claims[name], str) for name in ("iss", "sub", "jti", "client_id") if name in claims):
        raise TokenRejected("claim not a string")
    audience = claims.get("aud", "")
    if not isinstance(audience, str) and not (
        isinstance(audience, list) and audience and all(isinstance(one, str) for one in audience)
    ):
        raise TokenRejected("aud not a string or a list of strings")


def _check_times(claims: Mapping[str, Any], profile: ForeignProfile, now: float) -> None:
    if "exp" in claims and now >= claims["exp"] + LEEWAY_SECONDS:  # RFC 7519 §4.1.4
        raise TokenRejected("exp")
    if profile.longest_life is not None and claims.get("exp", 0) > now + profile.longest_life + LEEWAY_SECONDS:
        raise TokenRejected("exp too far away")  # RFC 7523 §3: the server may refuse an unreasonable lifetime
    if any(now < claims.get(name, 0) - LEEWAY_SECONDS for name in ("nbf", "iat")):  # RFC 7519 §4.1.5
        raise TokenRejected("not yet valid")


def _is_moment(value: object) -> bool:
    """NumericDate (RFC 7519 §2), which may have a fraction."""
    return type(value) in (int, float) and 0 <= value <= _LATEST  # type: ignore[operator]  # not bool, which is an int too
