"""Reads time-stamp tokens, strictly (RFC 3161 §2.4.2, RFC 5652 §5, RFC 5816 §2.2). What a token says is not proved
by reading it: that is `keys.tsa.verify`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from keys.cms import CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA
from keys.der import (
    CONTEXT_0,
    CONTEXT_1,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Element,
    NotDer,
    integer_of,
    only,
    tlv,
)
from keys.digests import UnknownDigest, digest_name
from keys.errors import KeyRefused
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.tsa.binding import Binding, read_bindings
from keys.tsa.errors import Fault, TimestampRefused
from keys.tsa.identifiers import RSA_ENCRYPTION, TST_INFO
from keys.tsa.info import TimestampInfo, read_info
from keys.verification import algorithm_of_identifier

MAX_TOKEN = 256 * 1024  # octets; certificates and old revocation lists make tokens of some authorities long
_MOST_CERTIFICATES = 20
_KEY_IDENTIFIER = 0x80  # SignerIdentifier [0] IMPLICIT OCTET STRING
_PKCS1 = {"sha256": SignatureAlgorithm.RS256, "sha384": SignatureAlgorithm.RS384, "sha512": SignatureAlgorithm.RS512}


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """A well-formed token whose content is the one that its signer speaks of.

    Attributes:
        encoded: the whole token, DER.
        certificates: as they came along, DER; none of them is to be believed by itself.
        signer: how the signer is named: IssuerAndSerialNumber or [0] subject key identifier, encoded.
        bindings: which certificate the signer says is its own.
        signed: the bytes that the signature covers.
    """

    encoded: bytes
    info: TimestampInfo
    certificates: tuple[bytes, ...]
    signer: Element
    bindings: tuple[Binding, ...]
    algorithm: SignatureAlgorithm
    signed: bytes
    signature: bytes


def read_token(der: bytes) -> TimestampToken:
    """
    Raises:
        TimestampRefused: `MALFORMED`, `ALGORITHM`, `BINDING` (none at all) or `SIGNATURE` (over other content).
    """
    try:
        if len(der) > MAX_TOKEN:
            raise NotDer("too long")
        content_type, wrapped = _exactly(only(der).of(SEQUENCE), 2)
        if content_type.encoded != SIGNED_DATA:
            raise NotDer("not SignedData")
        (signed_data,) = _exactly(wrapped.of(CONTEXT_0), 1)
        return _read(der, signed_data.of(SEQUENCE).items())
    except (UnknownDigest, KeyRefused) as error:
        raise TimestampRefused(Fault.ALGORITHM, str(error)) from None
    except NotDer as error:
        raise TimestampRefused(Fault.MALFORMED, str(error)) from None


def _read(der: bytes, parts: list[Element]) -> TimestampToken:
    if len(parts) < 4:
        raise NotDer("not SignedData")
    version, digests, content, *rest = parts
    if integer_of(version) != 3:  # RFC 3161 §2.4.2
        raise NotDer("not version 3")
    certificates: tuple[bytes, ...] = ()
    if rest[0].tag == CONTEXT_0:
        certificates = _certificates(rest.pop(0))
    if rest and rest[0].tag == CONTEXT_1:  # revocation lists: carried, not looked at
        rest.pop(0)
    if len(rest) != 1:
        raise NotDer("not one set of signers")
    (signer,) = _exactly(rest[0].of(SET), 1)  # RFC 3161 §2.4.2: no signature but the authority's
    info = _content(content)
    digest, token = _signer(der, info, certificates, signer.of(SEQUENCE))
    if [digest_name(one) for one in digests.of(SET).items()] != [digest]:
        raise NotDer("the set of digests is not the signer's")
    return token


def _content(content: Element) -> bytes:
    kind, wrapped = _exactly(content.of(SEQUENCE), 2)
    if kind.of(OID).encoded != TST_INFO:
        raise NotDer("not a TSTInfo")
    (octets,) = _exactly(wrapped.of(CONTEXT_0), 1)
    return octets.of(OCTET_STRING).content


def _certificates(bag: Element) -> tuple[bytes, ...]:
    found = bag.items()
    if len(found) > _MOST_CERTIFICATES:
        raise NotDer("too many certificates")
    return tuple(one.of(SEQUENCE).encoded for one in found)


def _signer(der: bytes, info: bytes, certificates: tuple[bytes, ...], signer: Element) -> tuple[str, TimestampToken]:
    parts = signer.items()
    if len(parts) not in (6, 7) or (len(parts) == 7 and parts[6].tag != CONTEXT_1):
        raise NotDer("not a SignerInfo with signed attributes")
    version, name, digest_identifier, attributes, identifier, signature = parts[:6]
    # RFC 5652 §5.3: the version follows from how the signer is named
    if name.tag not in (SEQUENCE, _KEY_IDENTIFIER) or integer_of(version) != (1 if name.tag == SEQUENCE else 3):
        raise NotDer("a version that does not follow from the signer's name")
    digest = digest_name(digest_identifier)
    values = _attributes(attributes.of(CONTEXT_0))
    if values.get(CONTENT_TYPE) != TST_INFO:  # RFC 5652 §11.1
        raise NotDer("content-type attribute missing or wrong")
    if MESSAGE_DIGEST not in values:
        raise NotDer("message-digest attribute missing")
    token = TimestampToken(
        encoded=der,
        info=read_info(info),
        certificates=certificates,
        signer=name,
        bindings=read_bindings(values),
        algorithm=_algorithm(identifier, digest),
        signed=tlv(SET, attributes.content),  # RFC 5652 §5.4: under the SET OF tag, not under [0]
        signature=signature.of(OCTET_STRING).content,
    )
    if only(values[MESSAGE_DIGEST]).of(OCTET_STRING).content != hashlib.new(digest, info).digest():
        raise TimestampRefused(Fault.SIGNATURE, "signed over other content")
    return digest, token


def _attributes(container: Element) -> dict[bytes, bytes]:
    """Signed attributes by type, each with its one value."""
    values: dict[bytes, bytes] = {}
    for attribute in container.items():
        kind, value = _exactly(attribute.of(SEQUENCE), 2)
        if kind.of(OID).encoded in values:
            raise NotDer("an attribute twice")  # RFC 5652 §5.3
        (single,) = _exactly(value.of(SET), 1)
        values[kind.encoded] = single.encoded
    return values


def _algorithm(identifier: Element, digest: str) -> SignatureAlgorithm:
    parts = identifier.of(SEQUENCE).items()
    if parts and parts[0].encoded == RSA_ENCRYPTION:  # RFC 3370 §3.2: goes with the digest algorithm
        if [one.encoded for one in parts[1:]] not in ([], [tlv(NULL)]):
            raise NotDer("rsaEncryption with parameters")
        return _PKCS1[digest]
    algorithm = algorithm_of_identifier(identifier.encoded)
    if ALGORITHMS[algorithm].digest != digest:
        raise KeyRefused(f"{algorithm} does not go with {digest}")
    return algorithm


def _exactly(element: Element, count: int) -> list[Element]:
    items = element.items()
    if len(items) != count:
        raise NotDer(f"{len(items)} parts where {count} were due")
    return items
