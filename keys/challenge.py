"""Whether a key signed a challenge: how software beside the browser proves a key that no TLS handshake can show.

U-key software answers in one of two forms: DER, and r and s side by side (GM/T 0016 hands them out so). Whichever it
is, the numbers are the same, and each is read strictly.
"""

from __future__ import annotations

import datetime as dt

from keys.errors import KeyRefused, SignatureRefused
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.verification import check_signature, load_verification_key

_LONGEST = 1024


def signed_by_key(public_key: bytes, message: bytes, signature: bytes, *, at: dt.datetime) -> bool:
    """
    Args:
        public_key: SubjectPublicKeyInfo in DER, of any key that may log in.
        signature: from a stranger; SM2 with the customary user ID.
        at: now: by it algorithm and size are judged.
    """
    if len(signature) > _LONGEST:
        return False
    for algorithm in ALGORITHMS:
        try:
            load_verification_key(public_key, algorithm)
        except KeyRefused:
            continue
        for form in _forms(algorithm, signature):
            try:
                check_signature(public_key, algorithm, form, message, use=Use.LOGIN, at=at)
            except SignatureRefused:
                continue
            return True
    return False


def _forms(algorithm: SignatureAlgorithm, signature: bytes) -> list[bytes]:
    """As it stands, and as DER if it is r and s."""
    if ALGORITHMS[algorithm].key_type != "EC":
        return [signature]
    try:
        return [signature, primitive(algorithm).from_jose(signature)]
    except ValueError:  # another length
        return [signature]
