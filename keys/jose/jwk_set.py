"""Keys of somebody else: JWKs and JWK Sets of clients (RFC 7517), of which only usable public keys are kept.

A set is as good as the keys in it that we can use. A key that is malformed, weak or unknown is left out and named
for the log; it does not take the others with it (RFC 7517 §5). Addresses in a key (`x5u`) are never fetched, and
certificates (`x5c`) lend no trust: they only say which one a client means that logs in with its own (RFC 8705 §2.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keys.errors import KeyRefused
from keys.jose.jwk_certificate import registered_certificate
from keys.jose.strict_json import read_object
from keys.primitives.ports import PublicKey
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm

MAXIMUM_SIZE = 64 * 1024
"""Largest set that is looked at, in octets."""

MAXIMUM_KEYS = 50
_LONGEST_KEY_ID = 256
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 §6.2.2, §6.3.2, §6.4


class KeyUse(StrEnum):
    """What a key is for (RFC 7517 §4.2)."""

    SIGNATURE = "sig"
    ENCRYPTION = "enc"


_OPERATIONS = {  # RFC 7517 §4.3: what others may do with a public key
    KeyUse.SIGNATURE: frozenset({"verify"}),
    KeyUse.ENCRYPTION: frozenset({"encrypt", "wrapKey", "deriveKey", "deriveBits"}),
}


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One public key of somebody else.

    Attributes:
        key_id: its `kid`; None where it has none.
        uses: what it may be used for; both where it does not say.
        algorithm: the one algorithm that it is for; None where it does not say.
        members: the members that make the key, and no others.
        fits: it is a key for each of these signature algorithms, by its type, curve and size.
        certificate: SHA-256 thumbprint, base64url, of the certificate that it is registered with.
    """

    key_id: str | None
    uses: frozenset[KeyUse]
    algorithm: str | None
    members: Mapping[str, str]
    fits: Mapping[SignatureAlgorithm, PublicKey]
    certificate: str | None = None

    def is_for(self, use: KeyUse, algorithm: str) -> bool:
        """Whether its own words allow this."""
        return use in self.uses and self.algorithm in (None, algorithm)


@dataclass(frozen=True, slots=True)
class JwkSet:
    """Public keys of one stranger; `left_out` says why others of them are not here, for the log."""

    keys: tuple[ForeignKey, ...]
    left_out: tuple[str, ...] = ()

    def verifying(self, algorithm: SignatureAlgorithm, key_id: str | None) -> Sequence[PublicKey]:
        """The keys that may verify a token of this algorithm; with a key id only those of that name."""
        found = self._named(KeyUse.SIGNATURE, algorithm, key_id)
        return [key.fits[algorithm] for key in found if algorithm in key.fits]

    def encrypting(self, algorithm: str, key_id: str | None = None) -> Sequence[ForeignKey]:
        """The keys to which one may encrypt with a JWE algorithm, in the order of the set."""
        return self._named(KeyUse.ENCRYPTION, algorithm, key_id)

    def _named(self, use: KeyUse, algorithm: str, key_id: str | None) -> list[ForeignKey]:
        return [key for key in self.keys if key.is_for(use, algorithm) and key_id in (None, key.key_id)]


def read_jwk_set(content: bytes | Mapping[str, object]) -> JwkSet:
    """A JWK Set (RFC 7517 §5), as text or as the JSON object that it is.

    Raises:
        KeyRefused: too large, no JSON object with a list `keys`, or too many keys.
    """
    found = (_parse(content) if isinstance(content, bytes) else content).get("keys")
    if not isinstance(found, list) or len(found) > MAXIMUM_KEYS:
        raise KeyRefused("a JWK Set without a list of keys, or with too many")
    keys: list[ForeignKey] = []
    left_out: list[str] = []
    for position, members in enumerate(found):
        try:
            keys.append(read_jwk(members))
        except KeyRefused as refused:
            left_out.append(f"{position}: {refused.private}")
    return JwkSet(tuple(keys), tuple(left_out))


def read_jwk(members: object) -> ForeignKey:
    """One public JWK (RFC 7517 §4), from the JSON object that it is.

    Raises:
        KeyRefused: not a public key of a kind and size that the algorithm table has, with a private member, or with
            members that contradict each other.
    """
    if not isinstance(members, Mapping):
        raise KeyRefused("a JWK is a JSON object")
    if members.keys() & _PRIVATE_MEMBERS:
        raise KeyRefused("a JWK with a private or secret member: it is no longer a secret, make another key")
    fits = _fits(members)
    if not fits:
        raise KeyRefused("a JWK of no kind, curve or size that is accepted, or a malformed one")
    public = next(iter(fits.values()))
    return ForeignKey(
        _text(members, "kid", _LONGEST_KEY_ID),
        _uses(members),
        _text(members, "alg", 64),
        public.members(),
        fits,
        registered_certificate(members, public.encoded),
    )


def _parse(content: bytes) -> Mapping[str, object]:
    if len(content) > MAXIMUM_SIZE:
        raise KeyRefused("a JWK Set that is too large")
    try:
        return read_object(content)
    except ValueError as error:
        raise KeyRefused(f"a JWK Set: {error}") from None


def _fits(members: Mapping[str, object]) -> dict[SignatureAlgorithm, PublicKey]:
    found = {}
    for algorithm, row in ALGORITHMS.items():
        if (members.get("kty"), members.get("crv", None)) != (row.key_type, row.curve):
            continue
        try:
            found[algorithm] = primitive(algorithm).of_members(members)
        except KeyRefused:
            continue
    return found


def _uses(members: Mapping[str, object]) -> frozenset[KeyUse]:
    """By `use` and `key_ops`; where both are there they must agree (RFC 7517 §4.3)."""
    use, operations = members.get("use"), members.get("key_ops")
    uses = frozenset(KeyUse)
    if use is not None:
        uses = frozenset(one for one in KeyUse if one == use)
    if operations is not None:
        if not isinstance(operations, list) or not all(isinstance(one, str) for one in operations):
            raise KeyRefused("the JWK member key_ops is no list of texts")
        if len(set(operations)) != len(operations):  # RFC 7517 §4.3: MUST NOT be present more than once
            raise KeyRefused("the JWK member key_ops names an operation twice")
        uses &= frozenset(one for one in KeyUse if _OPERATIONS[one] & set(operations))
    if not uses:
        raise KeyRefused("a JWK that is neither for signatures nor for encryption")
    return uses


def _text(members: Mapping[str, object], name: str, longest: int) -> str | None:
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise KeyRefused(f"the JWK member {name} is no text of a sensible length")
    return value
