"""What the repository declares and everybody may take away: signed faces, lists of states, answers to other systems.

Signed with keys of their own, published apart from those of log-in tokens, under the rules of RFC 8725: one type for
each kind, one algorithm, keys that the verifier has and the token only names.
"""

from __future__ import annotations

from typing import Any

from core.clock import Clock
from keys.errors import TokenRejected
from keys.jose.jwk_set import JwkSet
from keys.jose.jws import VerifyingKey, parse_compact, verify_signature
from keys.jose.tokens import TokenProfile
from keys.spec import SignatureAlgorithm, Use
from keys.verification import counts

DECLARATION_PURPOSE = "licence.es256"
"""Which key signs: never one that signs tokens of log-ins (RFC 8725 §3.12)."""

DECLARATION_PURPOSES = {SignatureAlgorithm.ES256: DECLARATION_PURPOSE}

LICENCE_FACE = TokenProfile("licence-face+jwt", frozenset({"iss", "iat", "exp", "name", "type", "status"}))
STATUS_LIST = TokenProfile(
    "statuslist+jwt", frozenset({"sub", "iat", "status_list"})
)  # draft-ietf-oauth-status-list §5.1
EXCHANGE_ANSWER = TokenProfile("exchange-answer+jwt", frozenset({"iss", "iat", "jti", "sha256"}))
"""Vouches for an answer of the repository to another system: whoever keeps it can show later what was answered."""

CATALOGUE_BUNDLE = TokenProfile("catalogue-bundle+jwt", frozenset({"iss", "iat", "sha256"}))
"""Says who made a file with a catalogue of licence types, and over which content."""


def is_declaration(token: str, profile: TokenProfile) -> bool:
    """Whether it has the form and the type of one; nothing is verified."""
    try:
        return parse_compact(token).typ == profile.typ
    except TokenRejected:
        return False


def verify_declaration(token: str, keys: JwkSet, profile: TokenProfile, *, clock: Clock) -> dict[str, Any]:
    """The claims of a declaration that one of `keys` signed. Times and issuer are for the caller to judge.

    Raises:
        TokenRejected: for whatever reason.
    """
    parsed = parse_compact(token)  # 1. form; no `jwk`, `jku`, `x5u`, `x5c`, `crit` (RFC 8725 §3.10)
    if parsed.typ != profile.typ:  # 2. type, §3.11
        raise TokenRejected("typ")
    if parsed.algorithm != str(SignatureAlgorithm.ES256):  # 3. algorithm, §3.1
        raise TokenRejected("alg")
    found = keys.verifying(SignatureAlgorithm.ES256, parsed.key_id)  # 4. key, from our own list
    if parsed.key_id is None or len(found) != 1:
        raise TokenRejected("kid")
    if not counts(SignatureAlgorithm.ES256, found[0].bits, use=Use.TOKEN, at=clock.now()):
        raise TokenRejected("algorithm does not count")
    verify_signature(parsed, VerifyingKey(found[0], SignatureAlgorithm.ES256), SignatureAlgorithm.ES256)  # 5. signature
    if not profile.required <= parsed.claims.keys():  # 6. claims
        raise TokenRejected("claim missing")
    return parsed.claims
