"""Whether a key may have a certificate: the algorithm table decides, and keys that are known to be weak never do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.text import Text
from keys.errors import CertificateRefused, KeyRefused
from keys.jose.jwk import thumbprint_of_members
from keys.primitives.ports import PublicKey
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.verification import load_verification_key
from keys.x509.weak_rsa import has_small_exponent, has_weak_primes


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A public key that may be certified.

    Attributes:
        key_id: RFC 7638 thumbprint.
        until: the last day on which it may sign what it is for; None without an end in sight.
    """

    key_id: str
    until: dt.date | None


def key_id_of(public_key: bytes) -> str:
    """The thumbprint of a SubjectPublicKeyInfo in DER.

    Raises:
        KeyRefused: no algorithm of the table has such keys.
    """
    return thumbprint_of_members(_candidates(public_key)[0][1].members())


def is_sm2(public_key: bytes) -> bool:
    """Whether a SubjectPublicKeyInfo in DER is an SM2 key."""
    try:
        load_verification_key(public_key, SignatureAlgorithm.SM2_SM3)
    except KeyRefused:
        return False
    return True


def subject_key(
    public_key: bytes, signs: frozenset[Use], day: dt.date, *, only: SignatureAlgorithm | None = None
) -> SubjectKey:
    """
    Args:
        public_key: SubjectPublicKeyInfo, DER.
        signs: what the certificate shall be for: one algorithm of the table must allow all of it on that day.
        only: the one algorithm whose keys will do; None for any.

    Raises:
        CertificateRefused: it must not be certified for this.
    """
    try:
        candidates = _candidates(public_key)
    except KeyRefused as refused:
        raise _refused(refused.private) from None
    if only is not None and all(algorithm is not only for algorithm, _ in candidates):
        raise _refused(f"it must be a key of {only}")
    ends = [
        ALGORITHMS[algorithm].until(key.bits, signs)
        for algorithm, key in candidates
        if all(ALGORITHMS[algorithm].allows(key.bits, use, day) for use in signs)
    ]
    if not ends:
        raise _refused("the algorithm table does not allow it")
    members = candidates[0][1].members()
    if "n" in members and has_small_exponent(members["e"]):
        raise _refused("its exponent is too small")
    if "n" in members and has_weak_primes(members["n"]):
        raise _refused("its primes are predictable")
    known = [end for end in ends if end is not None]
    return SubjectKey(thumbprint_of_members(members), max(known) if len(known) == len(ends) else None)


def _candidates(public_key: bytes) -> list[tuple[SignatureAlgorithm, PublicKey]]:
    found = []
    for algorithm in ALGORITHMS:
        try:
            found.append((algorithm, load_verification_key(public_key, algorithm)))
        except KeyRefused:
            continue
    if not found:
        raise KeyRefused("no algorithm of the table has such keys")
    return found


def _refused(private: str) -> CertificateRefused:
    text = Text(
        f"该公钥不能用于这种证书（{private}）。", f"This public key cannot be used for such a certificate ({private})."
    )
    return CertificateRefused(text, field="public_key")
