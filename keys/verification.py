"""Checking signatures that others made, under the algorithm table: what is accepted, for what, and until when."""

from __future__ import annotations

import datetime as dt
import functools

from keys.errors import KeyRefused, SignatureRefused
from keys.primitives.ports import PublicKey
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use

_OF_IDENTIFIERS = {row.identifier: algorithm for algorithm, row in ALGORITHMS.items()}


@functools.lru_cache(maxsize=512)
def load_verification_key(spki: bytes, algorithm: SignatureAlgorithm) -> PublicKey:
    """The public key of a SubjectPublicKeyInfo in DER, for one algorithm; parsed once while it is in use.

    Raises:
        KeyRefused: it is no key, does not fit the algorithm (RFC 8725 §3.1, §3.5), has a size that the table does
            not have, is weak, or is not in its one encoding.
    """
    return primitive(algorithm).load_public(spki)


def check_signature(
    spki: bytes, algorithm: SignatureAlgorithm, signature: bytes, message: bytes, *, use: Use, at: dt.datetime
) -> None:
    """
    Args:
        spki: SubjectPublicKeyInfo of the signer, DER.
        signature: ECDSA in DER (RFC 3279 §2.2.3), RSA and Ed25519 in octets.
        use: what the signature is for.
        at: when it was certainly made, with its time zone: a proven time, or now.

    Raises:
        SignatureRefused: the key did not sign the message, or algorithm and size do not count for this use then.
    """
    try:
        key = load_verification_key(spki, algorithm)
    except KeyRefused as refused:
        raise SignatureRefused(refused.private or "key") from None
    if not counts(algorithm, key.bits, use=use, at=at):
        raise SignatureRefused(f"{algorithm} with {key.bits} bits does not count for {use} at that time")
    if not key.verify(signature, message):
        raise SignatureRefused(f"not a signature of the message by this key ({algorithm})")


def counts(algorithm: SignatureAlgorithm, bits: int, *, use: Use, at: dt.datetime) -> bool:
    """Whether a signature that was made at `at` counts for `use`: the table's last word.

    Raises:
        ValueError: `at` has no time zone; a mistake of the calling code.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return ALGORITHMS[algorithm].allows(bits, use, at.astimezone(dt.UTC).date())


def algorithm_of_identifier(der: bytes) -> SignatureAlgorithm:
    """The algorithm of an AlgorithmIdentifier in a certificate or in CMS, in DER (RFC 5280 §4.1.1.2).

    Raises:
        KeyRefused: the table does not have it, or not with these parameters.
    """
    found = _OF_IDENTIFIERS.get(der)
    if found is None:
        raise KeyRefused("a signature algorithm that is not in the table")
    return found
