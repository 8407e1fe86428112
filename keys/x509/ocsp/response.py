"""Writing an OCSPResponse (RFC 6960 §4.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from keys.der import BIT_STRING, CONTEXT_0, CONTEXT_1, ENUMERATED, OCTET_STRING, SEQUENCE, oid, tlv
from keys.x509.crl import extension, generalized
from keys.x509.model import RevocationReason

_BASIC = oid("1.3.6.1.5.5.7.48.1.1")
_ARCHIVE_CUTOFF = oid("1.3.6.1.5.5.7.48.1.6")
_BY_KEY = 0xA2
GOOD, UNKNOWN = bytes((0x80, 0)), bytes((0x82, 0))


class Failure(IntEnum):
    """Why there is no answer (OCSPResponseStatus)."""

    MALFORMED = 1
    INTERNAL = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


def failure(why: Failure) -> bytes:
    """An answer that says nothing about any certificate; it is not signed."""
    return tlv(SEQUENCE, tlv(ENUMERATED, bytes((why,))))


def revoked(at: dt.datetime, reason: RevocationReason | None) -> bytes:
    """CertStatus for a certificate that is held or revoked."""
    said = b""
    if reason is not None and reason is not RevocationReason.UNSPECIFIED:
        said = tlv(CONTEXT_0, tlv(ENUMERATED, bytes((reason.code,))))
    return tlv(0xA1, generalized(at), said)


def single(
    certificate_id: bytes,
    status: bytes,
    *,
    this_update: dt.datetime,
    next_update: dt.datetime | None = None,
    archive_cutoff: dt.datetime | None = None,
) -> bytes:
    """A SingleResponse.

    Args:
        next_update: None says that newer news may come at any moment (RFC 6960 §4.2.2.1).
        archive_cutoff: about certificates that ended after this moment we know for ever (RFC 6960 §4.4.4).
    """
    extensions = b""
    if archive_cutoff is not None:
        kept = extension(_ARCHIVE_CUTOFF, generalized(archive_cutoff))
        extensions = tlv(CONTEXT_1, tlv(SEQUENCE, kept))
    return tlv(
        SEQUENCE,
        certificate_id,
        status,
        generalized(this_update),
        b"" if next_update is None else tlv(CONTEXT_0, generalized(next_update)),
        extensions,
    )


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all answers of one responder share.

    Attributes:
        responder: ResponderID by key, encoded.
        algorithm: AlgorithmIdentifier of its signatures.
        certificates: its certificate, ready to stand behind the signature.
    """

    responder: bytes
    algorithm: bytes
    certificates: bytes

    @classmethod
    def of(cls, key_hash: bytes, algorithm: bytes, certificate: bytes) -> Envelope:
        """
        Args:
            key_hash: SHA-1 of the responder's public key bits (RFC 6960 §4.2.1).
        """
        responder = tlv(_BY_KEY, tlv(OCTET_STRING, key_hash))
        return cls(responder, algorithm, tlv(CONTEXT_0, tlv(SEQUENCE, certificate)))

    def to_sign(self, answers: Sequence[bytes], produced_at: dt.datetime, nonce: bytes | None) -> bytes:
        """ResponseData; `nonce` is the whole extension of the request."""
        extensions = b"" if nonce is None else tlv(CONTEXT_1, tlv(SEQUENCE, nonce))
        return tlv(SEQUENCE, self.responder, generalized(produced_at), tlv(SEQUENCE, *answers), extensions)

    def seal(self, content: bytes, signature: bytes) -> bytes:
        """The OCSPResponse."""
        basic = tlv(SEQUENCE, content, self.algorithm, tlv(BIT_STRING, b"\0", signature), self.certificates)
        body = tlv(SEQUENCE, _BASIC, tlv(OCTET_STRING, basic))
        return tlv(SEQUENCE, tlv(ENUMERATED, b"\0"), tlv(CONTEXT_0, body))
