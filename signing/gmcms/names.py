"""What the container of GM/T 0010 (GB/T 35275) calls things; its shape is that of PKCS #7 v1.5 (RFC 2315 §9)."""

from __future__ import annotations

from enum import StrEnum

from keys.der import NULL, SEQUENCE, oid, tlv

DATA = oid("1.2.156.10197.6.1.4.2.1")  # GM/T 0010 §6
SIGNED_DATA = oid("1.2.156.10197.6.1.4.2.2")

SM3 = tlv(SEQUENCE, oid("1.2.156.10197.1.401"))
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_SIGNING = "1.2.156.10197.1.301.1"

DIGESTS = frozenset(
    tlv(SEQUENCE, oid(name), parameters)
    for name in ("1.2.156.10197.1.401", "1.2.156.10197.1.401.1")  # GM/T 0006: SM3, and SM3 without a key
    for parameters in (b"", tlv(NULL))
)
"""Every way to name SM3."""

ALGORITHMS = frozenset(
    tlv(SEQUENCE, oid(name), parameters) for name in (SM2_WITH_SM3, SM2_SIGNING) for parameters in (b"", tlv(NULL))
)
"""Every way to name SM2 with SM3 as digestEncryptionAlgorithm: makers write 1.501, and 1.301.1 of GM/T 0006."""


class Form(StrEnum):
    """What the signature is over; all of them occur."""

    ATTRIBUTES = "attributes"  # signed attributes, which have the content's digest
    PLAIN = "plain"  # the content itself
    DIGEST = "digest"  # a content of its own: 32 octets, the digest of what is signed
