"""Algorithms of documents as CMS names them (RFC 5652 §10.1, RFC 5754); which there are says `keys.spec`."""

from __future__ import annotations

from keys.der import NULL, SEQUENCE, oid, only, tlv
from keys.errors import KeyRefused
from keys.ports import Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.verification import algorithm_of_identifier, load_verification_key

_NULL = tlv(NULL)
_RSA_ENCRYPTION = tlv(SEQUENCE, oid("1.2.840.113549.1.1.1"), _NULL)
_PKCS1 = {row.digest: algorithm for algorithm, row in ALGORITHMS.items() if row.family == "rsa-pkcs1"}
# RFC 4055 §5: writers MUST add NULL parameters, readers MUST do without them; some programs leave them out
_WITHOUT_NULL = {
    tlv(SEQUENCE, only(row.identifier).content.removesuffix(_NULL)): row.identifier
    for row in ALGORITHMS.values()
    if row.family == "rsa-pkcs1"
}


def signature_octets(signer: Signer) -> int:
    """Most octets that a signature of this key takes."""
    row = ALGORITHMS[signer.algorithm]
    return row.octets or (load_verification_key(signer.public_key, signer.algorithm).bits + 7) // 8


def algorithm_of(identifier: bytes, digest: str, *, pades: bool) -> SignatureAlgorithm:
    """The algorithm that a container names, which must sign documents and go with the container's digest.

    RFC 3370 §3.2 also lets rsaEncryption stand for any digest. The name is not covered by the signature, so where
    we accept both, one could be changed into the other: only older profiles may use it.

    Raises:
        KeyRefused: there is none.
    """
    if identifier == _RSA_ENCRYPTION and not pades and digest in _PKCS1:
        return _PKCS1[digest]
    algorithm = algorithm_of_identifier(_WITHOUT_NULL.get(identifier, identifier))
    row = ALGORITHMS[algorithm]
    if Use.DOCUMENT not in row.uses or row.digest != digest:
        raise KeyRefused(f"{algorithm} with {digest} on a document")
    return algorithm
