"""Message digests as CMS and time-stamps name them (RFC 5754 §2); a new one is a row here and in `keys.spec`."""

from __future__ import annotations

import hashlib

from keys.der import NULL, OID, SEQUENCE, Element, NotDer, oid, tlv

_OIDS = {
    "sha256": oid("2.16.840.1.101.3.4.2.1"),
    "sha384": oid("2.16.840.1.101.3.4.2.2"),
    "sha512": oid("2.16.840.1.101.3.4.2.3"),
    "sm3": oid("1.2.156.10197.1.401"),  # GM/T 0006; without parameters like the others
}
# RFC 5754 §2: parameters are absent, or NULL
_NAMES = {
    tlv(SEQUENCE, encoded, parameters): name for name, encoded in _OIDS.items() for parameters in (b"", tlv(NULL))
}
SIZES = {name: hashlib.new(name).digest_size for name in _OIDS}
"""Octets of each digest, by its `hashlib` name."""


class UnknownDigest(ValueError):
    """A digest that is not accepted: SHA-1 and MD5 among others."""


def digest_identifier(name: str) -> bytes:
    """The AlgorithmIdentifier of a digest; parameters are left out (RFC 5754 §2).

    Raises:
        UnknownDigest
    """
    if name not in _OIDS:
        raise UnknownDigest(name)
    return tlv(SEQUENCE, _OIDS[name])


def digest_name(identifier: Element) -> str:
    """The `hashlib` name that an AlgorithmIdentifier stands for.

    Raises:
        NotDer, UnknownDigest.
    """
    name = _NAMES.get(identifier.encoded)
    if name is None:
        raise _why_not(identifier)
    return name


def _why_not(identifier: Element) -> NotDer | UnknownDigest:
    parts = identifier.of(SEQUENCE).items()
    if not parts or parts[0].tag != OID:
        return NotDer("not an algorithm")
    known = parts[0].encoded in _OIDS.values()
    return NotDer("a digest with parameters") if known else UnknownDigest(parts[0].encoded.hex())
