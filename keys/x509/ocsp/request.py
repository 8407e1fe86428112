"""Reading an OCSPRequest (RFC 6960 §4.1), strictly and within limits."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from keys.der import (
    BOOLEAN,
    CONTEXT_0,
    CONTEXT_1,
    CONTEXT_2,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    Element,
    NotDer,
    boolean_of,
    dotted,
    integer_of,
    oid,
    only,
)


class Digest(Protocol):
    """As `hashlib` makes them."""

    def digest(self) -> bytes: ...


LARGEST = 8 * 1024
MOST_CERTIFICATES = 32
DIGESTS: Mapping[bytes, Callable[[bytes], Digest]] = {
    oid("1.3.14.3.2.26")[2:]: hashlib.sha1,  # names a key, protects nothing
    oid("2.16.840.1.101.3.4.2.1")[2:]: hashlib.sha256,
    oid("2.16.840.1.101.3.4.2.2")[2:]: hashlib.sha384,
    oid("2.16.840.1.101.3.4.2.3")[2:]: hashlib.sha512,
    oid("1.2.156.10197.1.401")[2:]: functools.partial(hashlib.new, "sm3"),  # national software asks so
}
"""Digests that a CertID may be made with, by the content of their identifiers."""

_LONGEST_NONCE = 32  # RFC 8954 §2.1
_LONGEST_SERIAL = 20  # RFC 5280 §4.1.2.2
_NONCE = oid("1.3.6.1.5.5.7.48.1.2")[2:]


@dataclass(frozen=True, slots=True)
class CertificateId:
    """Which certificate is asked about (CertID).

    Attributes:
        encoded: the CertID as it came; it stands in the answer.
        digest: DER content of the hash algorithm's identifier.
        serial: lower-case hexadecimal; empty for a number that no authority gives.
    """

    encoded: bytes
    digest: bytes
    name_hash: bytes
    key_hash: bytes
    serial: str


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """What somebody asks. `nonce` is the encoded extension that the answer repeats, or None."""

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None


def read_request(der: bytes) -> OcspRequest:
    """
    Raises:
        NotDer: too large, too many certificates, not DER, or an extension that we do not know and must.
    """
    if len(der) > LARGEST:
        raise NotDer("too large")
    outer = only(der).of(SEQUENCE).items()
    if not 1 <= len(outer) <= 2 or (len(outer) == 2 and outer[1].tag != CONTEXT_0):
        raise NotDer("not an OCSPRequest")  # a signature may be there; anybody may ask, so it is not looked at
    fields = outer[0].of(SEQUENCE).items()
    if fields and fields[0].tag == CONTEXT_0 and integer_of(only(fields.pop(0).content).of(INTEGER)) != 0:
        raise NotDer("version")
    if fields and fields[0].tag == CONTEXT_1:  # requestorName: nobody we need to know
        fields.pop(0)
    if not fields or len(fields) > 2:
        raise NotDer("not a TBSRequest")
    asked = fields[0].of(SEQUENCE).items()
    if not 1 <= len(asked) <= MOST_CERTIFICATES:
        raise NotDer("no certificate, or too many")
    nonce = _nonce(fields[1].of(CONTEXT_2)) if len(fields) == 2 else None
    return OcspRequest(tuple(_certificate(one) for one in asked), nonce)


def _certificate(request: Element) -> CertificateId:
    fields = request.of(SEQUENCE).items()
    if not fields or len(fields) > 2:
        raise NotDer("not a Request")
    if len(fields) == 2:
        _check_extensions(only(fields[1].of(CONTEXT_0).content), known=())
    algorithm, name_hash, key_hash, serial = _exactly(fields[0].of(SEQUENCE).items(), 4)
    number = integer_of(serial.of(INTEGER))
    fits = number > 0 and len(serial.content) <= _LONGEST_SERIAL
    return CertificateId(
        fields[0].encoded,
        _digest(algorithm),
        name_hash.of(OCTET_STRING).content,
        key_hash.of(OCTET_STRING).content,
        f"{number:x}" if fits else "",
    )


def _digest(algorithm: Element) -> bytes:
    """The object identifier, when its parameters are as every digest has them: NULL or left out (RFC 5754 §2)."""
    fields = algorithm.of(SEQUENCE).items()
    if not fields or len(fields) > 2 or (len(fields) == 2 and fields[1].encoded != bytes((NULL, 0))):
        raise NotDer("not a digest algorithm")
    content = fields[0].of(OID).content
    if content not in DIGESTS:
        dotted(fields[0])  # it stands in the answer, so it must be one
    return content


def _nonce(extensions: Element) -> bytes | None:
    found = _check_extensions(only(extensions.content), known=(_NONCE,))
    if found is None:
        return None
    value = only(found.items()[-1].of(OCTET_STRING).content).of(OCTET_STRING)
    if not 1 <= len(value.content) <= _LONGEST_NONCE:  # RFC 8954 §2.1: otherwise malformedRequest
        raise NotDer("nonce")
    return found.encoded


def _check_extensions(extensions: Element, *, known: tuple[bytes, ...]) -> Element | None:
    """The known extension, if it is there; unknown ones must not be critical (RFC 6960 §4.1.2)."""
    found, seen = None, set()
    for one in extensions.of(SEQUENCE).items():
        fields = one.of(SEQUENCE).items()
        if not 2 <= len(fields) <= 3:
            raise NotDer("not an extension")
        critical = len(fields) == 3 and boolean_of(fields[1].of(BOOLEAN))
        kind = fields[0].of(OID).content
        if kind in seen:  # RFC 5280 §4.2
            raise NotDer("an extension twice")
        seen.add(kind)
        if kind in known:
            found = one
        elif critical:
            raise NotDer("an unknown critical extension")
    return found


def _exactly(fields: list[Element], count: int) -> list[Element]:
    if len(fields) != count:
        raise NotDer("fields too many or too few")
    return fields
