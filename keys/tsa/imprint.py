"""The message imprint: what a time-stamp says existed (RFC 3161 §2.4.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from keys.der import NULL, OCTET_STRING, SEQUENCE, Element, NotDer, oid, tlv
from keys.spec import ALGORITHMS, Use

_IDENTIFIERS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
DIGESTS = frozenset(row.digest for row in ALGORITHMS.values() if Use.TIMESTAMP in row.uses)
"""`hashlib` names of the digests that a time-stamp may speak of: those of the algorithm table."""

_BY_NAME = {name: oid(_IDENTIFIERS[name]) for name in sorted(DIGESTS)}
_BY_IDENTIFIER = {encoded: name for name, encoded in _BY_NAME.items()}
SIZES = {name: hashlib.new(name).digest_size for name in DIGESTS}
_NULL = tlv(NULL)


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

    def covers(self, message: bytes) -> bool:
        """Whether it is the imprint of `message`."""
        return hashlib.new(self.digest, message).digest() == self.value


def imprint_of(message: bytes, digest: str = "sha256") -> Imprint:
    """The imprint of data that is at hand as a whole."""
    return Imprint(digest, hashlib.new(digest, message).digest())


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
    kind, *parameters = identifier.of(SEQUENCE).items()
    if kind.encoded not in _BY_IDENTIFIER:
        raise UnknownDigest(kind.encoded.hex())
    if [one.encoded for one in parameters] not in ([], [_NULL]):  # RFC 5754 §2: absent, or NULL
        raise NotDer("a digest with parameters")
    return _BY_IDENTIFIER[kind.encoded]


def read_imprint(element: Element) -> Imprint:
    """
    Raises:
        UnknownDigest: SHA-1, MD5 or whatever else is not accepted.
        NotDer: malformed, or the digest has not the length of its algorithm.
    """
    parts = element.of(SEQUENCE).items()
    if len(parts) != 2 or not parts[0].of(SEQUENCE).items():
        raise NotDer("not an imprint")
    name = digest_name(parts[0])
    value = parts[1].of(OCTET_STRING).content
    if len(value) != SIZES[name]:  # RFC 3161 §2.4.1: the length must fit the algorithm
        raise NotDer("an imprint of the wrong length")
    return Imprint(name, value)
