"""The message imprint: what a time-stamp says existed (RFC 3161 §2.4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from keys.der import OCTET_STRING, SEQUENCE, Element, NotDer, tlv
from keys.digests import SIZES, UnknownDigest, digest_identifier, digest_name
from keys.spec import ALGORITHMS, Use

DIGESTS = frozenset(row.digest for row in ALGORITHMS.values() if Use.TIMESTAMP in row.uses)
"""`hashlib` names of the digests that a time-stamp may speak of: those of the algorithm table."""

Content = bytes | Callable[[str], bytes]
"""What is time-stamped: the data itself, or a function that answers its digest by the `hashlib` name of the algorithm,
for data that is read in pieces."""


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
    if name not in DIGESTS:
        raise UnknownDigest(name)
    value = parts[1].of(OCTET_STRING).content
    if len(value) != SIZES[name]:  # RFC 3161 §2.4.1: the length must fit the algorithm
        raise NotDer("an imprint of the wrong length")
    return Imprint(name, value)
