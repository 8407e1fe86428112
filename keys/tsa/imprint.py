"""The message imprint: what a time-stamp says existed (RFC 3161 §2.4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from keys.der import NULL, OCTET_STRING, OID, SEQUENCE, Element, NotDer, oid, tlv
from keys.spec import ALGORITHMS, Use

_IDENTIFIERS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
DIGESTS = frozenset(row.digest for row in ALGORITHMS.values() if Use.TIMESTAMP in row.uses)
"""`hashlib` names of the digests that a time-stamp may speak of: those of the algorithm table."""

_BY_NAME = {name: oid(_IDENTIFIERS[name]) for name in sorted(DIGESTS)}
# RFC 5754 §2: parameters are absent, or NULL
_BY_IDENTIFIER = {
    tlv(SEQUENCE, encoded, parameters): name for name, encoded in _BY_NAME.items() for parameters in (b"", tlv(NULL))
}
SIZES = {name: hashlib.new(name).digest_size for name in DIGESTS}

Content = bytes | Callable[[str], bytes]
"""What is time-stamped: the data itself, or a function that answers its digest by the `hashlib` name of the algorithm,
for data that is read in pieces."""


class UnknownDigest(ValueError):
    """A digest that is not accepted: SHA-1 and MD5 among others."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """A digest of the data, by the `hashlib` name of its algorithm."""

    digest: str
    value: bytes

    def encode(self) -> bytes:
        """MessageImprint, DER."""
        return tlv(SEQUENCE, digest_identifier(self.digest), tlv(OCTET_STRING, self.value))

    def covers(self, content: Content) -> bool:
        """Whether it is the imprint of `content`."""
        return imprint_of(content, self.digest) == self


def imprint_of(content: Content, digest: str = "sha256") -> Imprint:
    """The imprint of `content`."""
    if digest not in DIGESTS:
        raise UnknownDigest(digest)
    return Imprint(digest, content(digest) if callable(content) else hashlib.new(digest, content).digest())


def digest_identifier(name: str) -> bytes:
    """AlgorithmIdentifier of a digest; parameters are left out (RFC 5754 §2)."""
    if name not in _BY_NAME:
        raise UnknownDigest(name)
    return tlv(SEQUENCE, _BY_NAME[name])


def digest_name(identifier: Element) -> str:
    """The `hashlib` name that an AlgorithmIdentifier stands for.

    Raises:
        NotDer, UnknownDigest.
    """
    name = _BY_IDENTIFIER.get(identifier.encoded)
    if name is None:
        raise _why_not(identifier)
    return name


def _why_not(identifier: Element) -> NotDer | UnknownDigest:
    parts = identifier.of(SEQUENCE).items()
    if not parts or parts[0].tag != OID:
        return NotDer("not an algorithm")
    known = parts[0].encoded in _BY_NAME.values()
    return NotDer("a digest with parameters") if known else UnknownDigest(parts[0].encoded.hex())


def read_imprint(element: Element) -> Imprint:
    """
    Raises:
        UnknownDigest: SHA-1, MD5 or whatever else is not accepted.
        NotDer: malformed, or the digest has not the length of its algorithm.
    """
    parts = element.of(SEQUENCE).items()
    if len(parts) != 2:
        raise NotDer("not an imprint")
    name = digest_name(parts[0])
    value = parts[1].of(OCTET_STRING).content
    if len(value) != SIZES[name]:  # RFC 3161 §2.4.1: the length must fit the algorithm
        raise NotDer("an imprint of the wrong length")
    return Imprint(name, value)
