"""Writes SignedData of GM/T 0010 (GB/T 35275) over a document's SM3 digest.

As with PAdES, everything but digest and signature value is the same for all signatures of a key, so it is encoded
once and the size is known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from cryptography import x509

from keys.cms import CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2, issuer_and_serial, signing_certificate_v2
from keys.der import CONTEXT_0, OCTET_STRING, SEQUENCE, SET, integer, oid, tlv
from signing.gmcms.names import DATA, SIGNED_DATA, SM2_WITH_SM3, SM3, Form

_VERSION_1 = integer(1)
_ALGORITHM = tlv(SEQUENCE, oid(SM2_WITH_SM3))
_LONGEST_SIGNATURE = 72
_EMPTY_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class SignedDataWriter:
    """Writes signatures of one key under one certificate; made by `signed_data_writer`.

    Attributes:
        size: octets that the longest container takes.
        digest: `hashlib` name of the document's digest.
    """

    form: Form
    size: int
    _sign: Callable[[bytes], bytes] = field(repr=False)
    _certificates: bytes = field(repr=False)
    _named: bytes = field(repr=False)
    _fixed_attributes: tuple[bytes, ...] = field(repr=False)
    digest: ClassVar[str] = "sm3"

    def sign(self, digest: bytes) -> bytes:
        """A container for a document with this digest; uses the key once.

        Raises:
            core.errors.Unavailable: when the key does not answer.
        """
        if self.form is Form.DIGEST:
            return self._container(digest, b"", self._sign(digest))
        attributes = self._attributes(digest)
        return self._container(None, attributes, self._sign(tlv(SET, attributes)))

    def _attributes(self, digest: bytes) -> bytes:
        message_digest = tlv(SEQUENCE, MESSAGE_DIGEST, tlv(SET, tlv(OCTET_STRING, digest)))
        return b"".join(sorted((*self._fixed_attributes, message_digest)))

    def _container(self, content: bytes | None, attributes: bytes, signature: bytes) -> bytes:
        embedded = b"" if content is None else tlv(CONTEXT_0, tlv(OCTET_STRING, content))
        info = tlv(
            SEQUENCE,
            self._named,
            tlv(CONTEXT_0, attributes) if attributes else b"",
            _ALGORITHM,
            tlv(OCTET_STRING, signature),
        )
        signed_data = tlv(
            SEQUENCE, _VERSION_1, tlv(SET, SM3), tlv(SEQUENCE, DATA, embedded), self._certificates, tlv(SET, info)
        )
        return tlv(SEQUENCE, SIGNED_DATA, tlv(CONTEXT_0, signed_data))

    def _longest(self) -> int:
        if self.form is Form.DIGEST:
            return len(self._container(_EMPTY_DIGEST, b"", bytes(_LONGEST_SIGNATURE)))
        return len(self._container(None, self._attributes(_EMPTY_DIGEST), bytes(_LONGEST_SIGNATURE)))


def signed_data_writer(
    sign: Callable[[bytes], bytes], certificates: tuple[bytes, ...], form: Form = Form.ATTRIBUTES
) -> SignedDataWriter:
    """
    Args:
        sign: SM2 with SM3 under the customary user ID: SEQUENCE { r, s }, DER.
        certificates: DER, the signer's own first, then its issuers.
        form: with signed attributes, or with the digest as content.

    Raises:
        ValueError: a form that is read and never written: it would take all of the document at once.
    """
    if form is Form.PLAIN:
        raise ValueError("signatures over the content itself are not written")
    own = x509.load_der_x509_certificate(certificates[0])
    fixed = (
        tlv(SEQUENCE, CONTENT_TYPE, tlv(SET, DATA)),
        # not asked for by GM/T 0010; it keeps one certificate from taking another's place, and readers pass it over
        tlv(SEQUENCE, SIGNING_CERTIFICATE_V2, tlv(SET, signing_certificate_v2(certificates[0], "sm3"))),
    )
    writer = SignedDataWriter(
        form,
        0,
        sign,
        tlv(CONTEXT_0, *sorted(certificates)),
        _VERSION_1 + issuer_and_serial(own.issuer.public_bytes(), certificates[0]) + SM3,
        fixed,
    )
    return replace(writer, size=writer._longest())
