"""Writes time-stamp tokens: SignedData over TSTInfo with one signer (RFC 3161 §2.4.2, RFC 5652 §5, RFC 5816 §2.2).

Everything but the imprint, the number, the time and the nonce is the same for all tokens of one key, so it is
encoded once; a token is a handful of concatenations around one use of the key.

There is no signing-time attribute: genTime is the time that the token proves, and a second one could only differ.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from cryptography import x509

from keys.cms import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    issuer_and_serial,
    signing_certificate_v2,
)
from keys.der import CONTEXT_0, OCTET_STRING, SEQUENCE, SET, integer, oid, tlv
from keys.digests import digest_identifier
from keys.errors import KeyRefused
from keys.ports import Signer
from keys.public_key import public_key_of
from keys.spec import ALGORITHMS
from keys.tsa.identifiers import TST_INFO
from keys.tsa.moments import digits_for, write_accuracy, write_time
from keys.tsa.request import TimestampRequest

_CONTEXT_0 = bytes((CONTEXT_0,))
_DIRECTORY_NAME = 0xA4  # GeneralName [4], explicit because Name is a CHOICE (RFC 5280 §4.2.1.6)


@dataclass(frozen=True, slots=True)
class TokenWriter:
    """Writes tokens of one key under one certificate; made by `token_writer`, kept as long as the key."""

    signer: Signer
    chain: tuple[bytes, ...]
    certificate: x509.Certificate
    _digest: str
    _digits: int
    _info_head: bytes  # version and policy
    _accuracy: bytes
    _authority: bytes
    _head: bytes  # of SignedData: version and digest algorithms
    _certificates: bytes
    _signer_head: bytes  # of SignerInfo: version, issuer and serial number, digest algorithm
    _attributes_head: bytes  # up to the digest
    _attributes_tail: bytes
    _signature_identifier: bytes

    def token(self, request: TimestampRequest, *, serial: int, moment: dt.datetime) -> bytes:
        """A TimeStampToken; uses the key once.

        Raises:
            core.errors.Unavailable: when the key does not answer.
        """
        info = tlv(
            SEQUENCE,
            self._info_head,
            request.imprint_encoded,  # RFC 3161 §2.4.2: the same value as in the request
            integer(serial),
            write_time(moment, digits=self._digits),
            self._accuracy,  # ordering is false, and DER leaves a default out
            request.nonce or b"",  # RFC 3161 §2.4.2: present if and only if it was in the request, the same value
            self._authority,
        )
        digest = hashlib.new(self._digest, info).digest()
        attributes = tlv(SET, self._attributes_head, digest, self._attributes_tail)
        # RFC 5652 §5.4: the signature covers the attributes under the SET OF tag; they stand under [0]
        signature = self.signer.sign(attributes)
        return self._container(info, _CONTEXT_0 + attributes[1:], signature, certificates=request.certificates)

    def _container(self, info: bytes, attributes: bytes, signature: bytes, *, certificates: bool) -> bytes:
        signer_info = tlv(
            SEQUENCE,
            self._signer_head,
            attributes,
            self._signature_identifier,
            tlv(OCTET_STRING, signature),
        )
        signed_data = tlv(
            SEQUENCE,
            self._head,
            tlv(SEQUENCE, TST_INFO, tlv(CONTEXT_0, tlv(OCTET_STRING, info))),
            self._certificates if certificates else b"",  # RFC 3161 §2.4.1 certReq: if and only if asked for
            tlv(SET, signer_info),
        )
        return tlv(SEQUENCE, SIGNED_DATA, tlv(CONTEXT_0, signed_data))


def token_writer(
    signer: Signer, certificates: tuple[bytes, ...], *, policy: str, accuracy: dt.timedelta
) -> TokenWriter:
    """A writer for `signer` under `certificates` (DER; the signer's own first, then its issuers).

    Args:
        policy: dotted object identifier, stated in every token.
        accuracy: stated in every token; decides how many digits of the second are told.

    Raises:
        KeyRefused: the certificate is for another key, or the key's algorithm may not sign time-stamps.
    """
    certificate = x509.load_der_x509_certificate(certificates[0])
    if public_key_of(certificate) != signer.public_key:
        raise KeyRefused("the time-stamp certificate is for another key")
    row = ALGORITHMS[signer.algorithm]
    digest = digest_identifier(row.digest)
    before, after = _attributes(row.digest, certificates[0])
    return TokenWriter(
        signer=signer,
        chain=certificates,
        certificate=certificate,
        _digest=row.digest,
        _digits=digits_for(accuracy),
        _info_head=integer(1) + oid(policy),
        _accuracy=write_accuracy(accuracy),
        # RFC 3161 §2.4.2: one of the certificate's subject names
        _authority=tlv(CONTEXT_0, tlv(_DIRECTORY_NAME, certificate.subject.public_bytes())),
        _head=integer(3) + tlv(SET, digest),  # RFC 5652 §5.1: version 3, for the content is not id-data
        _certificates=tlv(CONTEXT_0, *sorted(certificates)),  # X.690 §11.6
        _signer_head=integer(1)  # RFC 5652 §5.3: version 1, for the signer is named by issuer and serial number
        + issuer_and_serial(certificate.issuer.public_bytes(), certificates[0])
        + digest,
        _attributes_head=before,
        _attributes_tail=after,
        _signature_identifier=row.identifier,
    )


def _attributes(digest: str, certificate: bytes) -> tuple[bytes, bytes]:
    """The signed attributes in the order of a SET OF, before and after the value of the digest.

    Their lengths do not vary, so neither does their order.
    """
    empty = bytes(hashlib.new(digest).digest_size)
    of_digest = tlv(SEQUENCE, MESSAGE_DIGEST, tlv(SET, tlv(OCTET_STRING, empty)))
    attributes = sorted(
        (
            tlv(SEQUENCE, CONTENT_TYPE, tlv(SET, TST_INFO)),
            of_digest,
            tlv(SEQUENCE, SIGNING_CERTIFICATE_V2, tlv(SET, signing_certificate_v2(certificate, digest))),
        )
    )
    place = attributes.index(of_digest)
    head = b"".join(attributes[:place]) + of_digest[: -len(empty)]
    return head, b"".join(attributes[place + 1 :])
