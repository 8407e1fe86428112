"""Reads SignedData of GM/T 0010, strictly: one signer, DER, exact fields (GM/T 0010 §8, RFC 2315 §9.1, §9.2).

What the signature does not cover (versions, digests, certificates) must be what its signed part calls for, as in
`signing.verification.cms_reader`: no octet may be free to change.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from keys.cms import CONTENT_TYPE, MESSAGE_DIGEST, SIGNATURE_TIMESTAMP, SIGNING_CERTIFICATE_V2, SIGNING_TIME
from keys.der import (
    CONTEXT_0,
    CONTEXT_1,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    Element,
    NotDer,
    integer_of,
    only,
    tlv,
)
from signing.eseal.fields import moment_of
from signing.gmcms.names import ALGORITHMS, DATA, DIGESTS, SIGNED_DATA, Form

_MOST_CERTIFICATES = 20
_MOST_TIMESTAMPS = 8
_DIGEST_OCTETS = 32


@dataclass(frozen=True, slots=True)
class SignedData:
    """A well-formed container. Nothing of it has been verified.

    Attributes:
        certificates: all that it carries, DER; `signer` is the one that is named.
        digest: SM3 of what is signed, as the signer says; None where the signature is over the content itself.
        signed: the octets under the signature; None where they are the content itself.
        timestamps: tokens over the signature that stand beside it, DER.
    """

    form: Form
    certificates: tuple[bytes, ...] = field(repr=False)
    signer: bytes = field(repr=False)
    digest: bytes | None
    signed: bytes | None = field(repr=False)
    signature: bytes = field(repr=False)
    signing_time: dt.datetime | None = None
    timestamps: tuple[bytes, ...] = field(default=(), repr=False)


def read_signed_data(der: bytes) -> SignedData:
    """
    Raises:
        NotDer: it is not a well-formed container of this kind, with one signer and SM2 with SM3.
    """
    content_type, wrapped = _exactly(only(der).of(SEQUENCE), 2)
    if content_type.encoded != SIGNED_DATA:
        raise NotDer("not SignedData of GM/T 0010")
    (signed_data,) = _exactly(wrapped.of(CONTEXT_0), 1)
    version, digests, content, certificates, *rest = _at_least(signed_data.of(SEQUENCE), 5)
    if rest[0].tag == CONTEXT_1:  # revocation lists: carried, not trusted
        rest = rest[1:]
    if len(rest) != 1 or integer_of(version) != 1:
        raise NotDer("not one set of signers, or another version")
    (digest,) = _exactly(digests.of(SET), 1)
    (info,) = _exactly(rest[0].of(SET), 1)
    if digest.encoded not in DIGESTS:
        raise NotDer("another digest than SM3")
    bag = certificates.of(CONTEXT_0).items()
    if not 1 <= len(bag) <= _MOST_CERTIFICATES:
        raise NotDer("no certificates, or too many")
    return _signer(info.of(SEQUENCE), digest, _content(content), tuple(one.of(SEQUENCE).encoded for one in bag))


def _content(info: Element) -> bytes | None:
    """The embedded digest; None where the content stands elsewhere."""
    kind, *wrapped = _at_least(info.of(SEQUENCE), 1)
    if kind.encoded != DATA or len(wrapped) > 1:
        raise NotDer("content of another type")
    if not wrapped:
        return None
    (value,) = _exactly(wrapped[0].of(CONTEXT_0), 1)
    if len(value.of(OCTET_STRING).content) != _DIGEST_OCTETS:
        raise NotDer("content that is no digest")
    return value.content


def _signer(info: Element, digest: Element, content: bytes | None, bag: tuple[bytes, ...]) -> SignedData:
    version, identifier, own_digest, *rest = _at_least(info, 5)
    attributes = rest.pop(0) if rest[0].tag == CONTEXT_0 else None
    if len(rest) not in (2, 3) or integer_of(version) != 1 or own_digest.encoded != digest.encoded:
        raise NotDer("a signer of an unknown shape, or with another digest")
    algorithm, signature, *unsigned = rest
    if algorithm.encoded not in ALGORITHMS:
        raise NotDer("another algorithm than SM2 with SM3")
    signer = _named(identifier, bag)
    values = {} if attributes is None else _attributes(attributes, signer)
    if attributes is None:
        form, signed, claimed = (Form.PLAIN if content is None else Form.DIGEST), content, content
    else:
        form, signed = Form.ATTRIBUTES, tlv(SET, attributes.content)  # RFC 2315 §9.3
        claimed = only(values[MESSAGE_DIGEST]).of(OCTET_STRING).content
        if content is not None:  # a digest with attributes around it: they have the digest of the digest
            if hashlib.new("sm3", content).digest() != claimed:
                raise NotDer("attributes for another content")
            claimed = content
    return SignedData(
        form,
        bag,
        signer,
        claimed,
        signed,
        signature.of(OCTET_STRING).content,
        _time(values.get(SIGNING_TIME)),
        _timestamps(unsigned[0].of(CONTEXT_1)) if unsigned else (),
    )


def _named(identifier: Element, bag: tuple[bytes, ...]) -> bytes:
    """The one certificate that issuer and serial number name (RFC 2315 §6.7)."""
    issuer, serial = _exactly(identifier.of(SEQUENCE), 2)
    found = {one for one in bag if _issuer_and_serial(one) == (issuer.encoded, serial.encoded)}
    if len(found) != 1:
        raise NotDer("the signer's certificate is missing, or two go by its name")
    return found.pop()


def _issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    fields = _at_least(_at_least(only(certificate), 3)[0].of(SEQUENCE), 6)  # RFC 5280 §4.1
    start = 1 if fields[0].tag == CONTEXT_0 else 0
    return fields[start + 2].encoded, fields[start].encoded


def _attributes(container: Element, signer: bytes) -> dict[bytes, bytes]:
    """Signed attributes by type, each with its one value; content type and digest must be there (RFC 2315 §9.2)."""
    values: dict[bytes, bytes] = {}
    for attribute in container.items():
        kind, value = _exactly(attribute.of(SEQUENCE), 2)
        if kind.of(OID).encoded in values:
            raise NotDer("an attribute twice")
        (single,) = _exactly(value.of(SET), 1)
        values[kind.encoded] = single.encoded
    if values.get(CONTENT_TYPE) != DATA or MESSAGE_DIGEST not in values:
        raise NotDer("content type or digest missing, or of something else")
    if SIGNING_CERTIFICATE_V2 in values:
        _check_binding(values[SIGNING_CERTIFICATE_V2], signer)
    return values


def _check_binding(value: bytes, signer: bytes) -> None:
    """RFC 5035 §5.4: the first certificate identifier shall be the signer's own."""
    identifiers = _at_least(only(value).of(SEQUENCE), 1)[0].of(SEQUENCE)
    parts = _at_least(_at_least(identifiers, 1)[0].of(SEQUENCE), 1)
    name = "sha256"
    if parts[0].encoded in DIGESTS:
        name, parts = "sm3", parts[1:]
    if not parts or parts[0].of(OCTET_STRING).content != hashlib.new(name, signer).digest():
        raise NotDer("signed for another certificate")


def _time(value: bytes | None) -> dt.datetime | None:
    if value is None:
        return None
    element = only(value)
    if element.tag == UTC_TIME and not element.content.endswith(b"Z"):
        raise NotDer("a time without its zone")
    return moment_of(element)


def _timestamps(attributes: Element) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for attribute in attributes.items():
        kind, values = _exactly(attribute.of(SEQUENCE), 2)
        tokens = values.of(SET).items()
        if kind.of(OID).encoded == SIGNATURE_TIMESTAMP:
            found += [one.of(SEQUENCE).encoded for one in tokens]
    if len(found) > _MOST_TIMESTAMPS:
        raise NotDer("too many time-stamps")
    return tuple(found)


def _exactly(element: Element, count: int) -> list[Element]:
    items = element.items()
    if len(items) != count:
        raise NotDer(f"{len(items)} parts where {count} were due")
    return items


def _at_least(element: Element, count: int) -> list[Element]:
    items = element.items()
    if len(items) < count:
        raise NotDer(f"{len(items)} parts where {count} were due")
    return items
