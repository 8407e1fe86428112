"""Reads and checks a CMS signature container, strictly (RFC 5652 §5, EN 319 122-1, EN 319 142-1 §6.3).

The signature does not cover all of the container, so what it leaves out (versions, algorithm sets, certificates)
must be exactly what its signed part calls for: no byte may be free to change.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from core.files.reading import hashed, slices_of
from core.files.scratch import FileBytes
from keys.cms import CONTENT_TYPE, DATA, MESSAGE_DIGEST, SIGNATURE_TIMESTAMP, SIGNED_DATA, SIGNING_CERTIFICATE_V2
from keys.cms import SIGNING_TIME as _SIGNING_TIME
from keys.der import (
    BIT_STRING,
    CONTEXT_0,
    CONTEXT_1,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    Element,
    NotDer,
    only,
    tlv,
)
from keys.digests import UnknownDigest, digest_name
from keys.errors import KeyRefused
from keys.primitives.ports import PublicKey
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm, Use
from keys.verification import counts, load_verification_key
from signing.pades import algorithms

_MOST_CERTIFICATES = 20
_MOST_TIMESTAMPS = 8
# what the library throws at certificates that only look like ones, some of it as late as a part is asked for
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class UnsupportedSignature(Exception):
    """The algorithm is unknown here or too weak to mean anything."""


@dataclass(frozen=True, slots=True)
class SignedContainer:
    """A well-formed container. `digest` is what its signer says the document hashes to with `digest_name`.

    Attributes:
        timestamps: tokens over the signature that stand beside it, DER; nothing of them has been looked at.
    """

    certificates: tuple[x509.Certificate, ...]
    signer: x509.Certificate
    digest_name: str
    digest: bytes
    attributes: bytes
    signature_algorithm: Element
    signature: bytes
    signing_time: dt.datetime | None
    pades: bool
    timestamps: tuple[bytes, ...]

    def signature_is_good(self) -> bool:
        """True if the signer's key made the signature.

        Raises:
            UnsupportedSignature
        """
        return self._key().verify(self.signature, tlv(SET, self.attributes))

    def counts_at(self, moment: dt.datetime) -> bool:
        """Whether algorithm and key size count for a document that was certainly signed by `moment`.

        Raises:
            UnsupportedSignature
        """
        return counts(self._algorithm(), self._key().bits, use=Use.DOCUMENT, at=moment)

    @property
    def algorithm_name(self) -> str | None:
        """As `keys.spec` names it; None when it is not supported here, or too weak."""
        try:
            self._key()
            return self._algorithm().value
        except UnsupportedSignature:
            return None

    def _algorithm(self) -> SignatureAlgorithm:
        """Algorithm, digest and kind of container must fit one another."""
        try:
            return algorithms.algorithm_of(self.signature_algorithm.encoded, self.digest_name, pades=self.pades)
        except KeyRefused as refused:
            raise UnsupportedSignature from refused

    def _key(self) -> PublicKey:
        try:
            return load_verification_key(public_key_of(self.signer), self._algorithm())
        except (KeyRefused, NotDer) as refused:
            raise UnsupportedSignature from refused


def read_container(der: bytes) -> SignedContainer:
    """
    Raises:
        NotDer: it is not a well-formed container with one signer and no content.
        UnsupportedSignature: it uses a digest or a certificate that is not supported.
    """
    content_type, wrapped = _exactly(only(der).of(SEQUENCE), 2)
    if content_type.encoded != SIGNED_DATA:
        raise NotDer("not SignedData")
    (signed_data,) = _exactly(wrapped.of(CONTEXT_0), 1)
    version, digests, content, certificates, *rest = _at_least(signed_data.of(SEQUENCE), 5)
    if rest and rest[0].tag == CONTEXT_1:  # revocation lists: carried, not trusted
        rest = rest[1:]
    if len(rest) != 1 or [part.encoded for part in _exactly(content.of(SEQUENCE), 1)] != [DATA]:
        raise NotDer("not detached, or not one set of signers")
    (info,) = _exactly(rest[0].of(SET), 1)
    return _signer(version, digests.of(SET), _certificates(certificates.of(CONTEXT_0)), info.of(SEQUENCE))


def _signer(
    version: Element, digests: Element, certificates: tuple[x509.Certificate, ...], info: Element
) -> SignedContainer:
    own_version, identifier, digest, attributes, algorithm, signature, *unsigned = _at_least(info, 6)
    signer = _named(identifier, certificates)
    # RFC 5652 §5.1, §5.3: the versions follow from how the signer is named
    expected = b"\x01" if identifier.tag == SEQUENCE else b"\x03"
    if own_version.of(INTEGER).content != expected or version.of(INTEGER).content != expected:
        raise NotDer("a version that does not follow from the content")
    digest_name = _digest_name(digest.of(SEQUENCE))
    if {_digest_name(one.of(SEQUENCE)) for one in _exactly(digests, 1)} != {digest_name}:
        raise NotDer("the set of digests is not the signer's")
    if len(unsigned) > 1 or any(part.tag != CONTEXT_1 for part in unsigned):
        raise NotDer("something follows the signature")
    values = _attributes(attributes.of(CONTEXT_0))
    if values.get(CONTENT_TYPE) != DATA:  # RFC 5652 §11.1
        raise NotDer("content-type attribute missing or wrong")
    if MESSAGE_DIGEST not in values:
        raise NotDer("message-digest attribute missing")
    binding = values.get(SIGNING_CERTIFICATE_V2)
    if binding is not None:
        _check_binding(binding, signer)
    return SignedContainer(
        certificates=certificates,
        signer=signer,
        digest_name=digest_name,
        digest=only(values[MESSAGE_DIGEST]).of(OCTET_STRING).content,
        attributes=attributes.content,
        signature_algorithm=algorithm.of(SEQUENCE),
        signature=signature.of(OCTET_STRING).content,
        signing_time=_time(values.get(_SIGNING_TIME)),
        pades=binding is not None,
        timestamps=_timestamps(unsigned[0]) if unsigned else (),
    )


def _certificates(bag: Element) -> tuple[x509.Certificate, ...]:
    found = bag.items()
    if not 1 <= len(found) <= _MOST_CERTIFICATES:
        raise NotDer("no certificates, or too many")
    for one in found:
        _, _, signature = _exactly(one.of(SEQUENCE), 3)
        # a signature is whole octets; a count of unused bits could be raised where the last bits happen to be zero
        if not signature.of(BIT_STRING).content.startswith(b"\x00"):
            raise NotDer("a certificate's signature is not whole octets")
    try:
        certificates = tuple(x509.load_der_x509_certificate(one.encoded) for one in found)
        _ = [(one.issuer, one.subject) for one in certificates]  # names are read only when somebody asks for them
        return certificates
    except _UNREADABLE as e:
        raise NotDer("a certificate that cannot be read") from e


def _named(identifier: Element, certificates: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """The one certificate that the signer names (RFC 5652 §5.3)."""
    found = list({one for one in certificates if _identifies(identifier, one)})  # some programs carry it twice
    if len(found) != 1:
        raise NotDer("the signer's certificate is missing, or two go by its name")
    try:
        _ = found[0].extensions
    except _UNREADABLE as e:
        raise UnsupportedSignature from e
    return found[0]


def _identifies(identifier: Element, certificate: x509.Certificate) -> bool:
    if identifier.tag == SEQUENCE:
        issuer, serial = _exactly(identifier, 2)
        return (
            issuer.encoded == certificate.issuer.public_bytes()
            and int.from_bytes(serial.of(INTEGER).content, "big", signed=True) == certificate.serial_number
        )
    if identifier.tag != 0x80:  # [0] IMPLICIT OCTET STRING
        raise NotDer("no way to name a signer")
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False
    return own.digest == identifier.content


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


def _timestamps(attributes: Element) -> tuple[bytes, ...]:
    """Time-stamps over the signature (EN 319 122-1 §5.3); others of the unsigned attributes say nothing here."""
    found: list[bytes] = []
    for attribute in attributes.items():
        kind, values = _exactly(attribute.of(SEQUENCE), 2)
        tokens = values.of(SET).items()
        if kind.of(OID).encoded == SIGNATURE_TIMESTAMP:
            found += [one.of(SEQUENCE).encoded for one in tokens]
    if len(found) > _MOST_TIMESTAMPS:
        raise NotDer("too many time-stamps")
    return tuple(found)


def _check_binding(value: bytes, signer: x509.Certificate) -> None:
    """RFC 5035 §5.4: the first certificate identifier shall be the signer's own."""
    identifiers = _at_least(only(value).of(SEQUENCE), 1)[0].of(SEQUENCE)
    parts = _at_least(identifiers, 1)[0].of(SEQUENCE).items()
    name = "sha256"
    if parts and parts[0].tag == SEQUENCE:
        name = _digest_name(parts.pop(0))
    if not parts or parts[0].of(OCTET_STRING).content != hashlib.new(name, signer.public_bytes(Encoding.DER)).digest():
        raise NotDer("signed for another certificate")


def _digest_name(identifier: Element) -> str:
    try:
        return digest_name(identifier)
    except UnknownDigest:
        raise UnsupportedSignature from None


def _time(value: bytes | None) -> dt.datetime | None:
    if value is None:
        return None
    element = only(value)
    text = element.content.decode("ascii", "replace")
    pattern = {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(element.tag)
    if pattern is None:
        raise NotDer("signing-time of an unknown kind")
    try:
        return dt.datetime.strptime(text, pattern).replace(tzinfo=dt.UTC)
    except ValueError as e:
        raise NotDer("signing-time is not a time") from e


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


def document_digest(content: FileBytes, start: int, end: int, until: int, name: str) -> bytes:
    """Digest over `content` up to `until`, without the hole from `start` to `end`."""
    running = hashed(content, name, start)
    for part in slices_of(content, end, until):
        running.update(part)
    return running.digest()
