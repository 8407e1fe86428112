"""Writes the CMS container of a PAdES baseline signature (RFC 5652, ETSI EN 319 142-1 §6.3, EN 319 122-1 §5.3).

Everything but the digest and the signature value is the same for all signatures of one key, so it is encoded
once, and a signature is a handful of concatenations around one use of the key. The size is known beforehand:
nothing has to be signed to find it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from cryptography import x509

from core.errors import Unavailable
from core.text import Text
from keys.cms import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNATURE_TIMESTAMP,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    issuer_and_serial,
    signing_certificate_v2,
)
from keys.der import CONTEXT_0, CONTEXT_1, INTEGER, OCTET_STRING, SEQUENCE, SET, tlv
from keys.digests import digest_identifier
from keys.ports import Signer
from keys.public_key import public_key_of
from keys.spec import ALGORITHMS
from signing.pades import algorithms

_CMS_VERSION_1 = tlv(INTEGER, b"\x01")  # RFC 5652 §5.1, §5.3: id-data content, signer named by issuer and serial


TIMESTAMP_FRAME = 64
"""Octets around a token that stands beside a signature: the attribute's, and longer lengths of what holds it."""


@dataclass(frozen=True, slots=True)
class SignatureValue:
    """What the key made: the signed attributes, in order, and the signature over them."""

    attributes: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CmsWriter:
    """Writes signatures of one key under one certificate; made by `cms_writer`, kept as long as the key.

    Attributes:
        digest: `hashlib` name of the document's digest: the one that goes with the key's algorithm.
        size: octets that the longest container takes.
    """

    signer: Signer
    digest: str
    size: int
    _head: bytes
    _signer_head: bytes
    _fixed_attributes: tuple[bytes, ...]
    _signature_identifier: bytes

    def sign(self, digest: bytes) -> bytes:
        """A ContentInfo over a document whose byte range has this digest; uses the key once.

        Raises:
            core.errors.Unavailable: when the key does not answer.
        """
        return self.container(self.value(digest))

    def value(self, digest: bytes) -> SignatureValue:
        """A signature over a document whose byte range has this digest; uses the key once.

        Raises:
            core.errors.Unavailable: when the key does not answer.
        """
        message_digest = tlv(SEQUENCE, MESSAGE_DIGEST, tlv(SET, tlv(OCTET_STRING, digest)))
        attributes = b"".join(sorted((*self._fixed_attributes, message_digest)))
        # RFC 5652 §5.4: the signature covers the attributes under the SET OF tag, not under [0]
        return SignatureValue(attributes, self.signer.sign(tlv(SET, attributes)))

    def container(self, value: SignatureValue, timestamp: bytes | None = None) -> bytes:
        """A ContentInfo around a signature.

        Args:
            timestamp: a token over `value.signature`, DER; an unsigned attribute beside it.
        """
        unsigned = b"" if timestamp is None else tlv(CONTEXT_1, tlv(SEQUENCE, SIGNATURE_TIMESTAMP, tlv(SET, timestamp)))
        signer_info = tlv(
            SEQUENCE,
            self._signer_head,
            tlv(CONTEXT_0, value.attributes),
            self._signature_identifier,
            tlv(OCTET_STRING, value.signature),
            unsigned,
        )
        signed_data = tlv(SEQUENCE, self._head, tlv(SET, signer_info))
        return tlv(SEQUENCE, SIGNED_DATA, tlv(CONTEXT_0, signed_data))


def cms_writer(signer: Signer, certificates: tuple[bytes, ...]) -> CmsWriter:
    """A writer for `signer` under `certificates` (DER; the signer's own first, then its issuers).

    Raises:
        core.errors.Unavailable: `seal-key-mismatch`, when the certificate is for another key.
    """
    certificate = x509.load_der_x509_certificate(certificates[0])
    if public_key_of(certificate) != signer.public_key:
        raise Unavailable(
            "seal-key-mismatch",
            Text("印章的证书与密钥对不上，请联系印章管理员。", "The seal's certificate does not fit its key."),
        )
    row = ALGORITHMS[signer.algorithm]
    identifier = digest_identifier(row.digest)
    head = b"".join(
        (
            _CMS_VERSION_1,
            tlv(SET, identifier),
            tlv(SEQUENCE, DATA),  # detached: no content (EN 319 142-1 §4.1)
            tlv(CONTEXT_0, *sorted(certificates)),
        )
    )
    fixed = (
        tlv(SEQUENCE, CONTENT_TYPE, tlv(SET, DATA)),
        # EN 319 142-1 §6.3: signing-certificate-v2 shall be, signing-time shall not be (the time stands in /M)
        tlv(SEQUENCE, SIGNING_CERTIFICATE_V2, tlv(SET, signing_certificate_v2(certificates[0], row.digest))),
    )
    writer = CmsWriter(
        signer,
        row.digest,
        0,
        head,
        _CMS_VERSION_1 + issuer_and_serial(certificate.issuer.public_bytes(), certificates[0]) + identifier,
        fixed,
        row.identifier,
    )
    return replace(writer, size=_size(writer, algorithms.signature_octets(signer)))


def _size(writer: CmsWriter, signature_octets: int) -> int:
    """Octets that the longest container takes: one with empty values in place of digest and signature."""
    message_digest = tlv(SEQUENCE, MESSAGE_DIGEST, tlv(SET, tlv(OCTET_STRING, hashlib.new(writer.digest).digest())))
    attributes = b"".join((*writer._fixed_attributes, message_digest))
    return len(writer.container(SignatureValue(attributes, bytes(signature_octets))))
