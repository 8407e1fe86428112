"""Parts of CMS containers that documents and time-stamps share (RFC 5652, RFC 5035)."""

from __future__ import annotations

import hashlib

from keys.der import CONTEXT_0, INTEGER, OCTET_STRING, SEQUENCE, first, oid, tlv
from keys.digests import digest_identifier

DATA = oid("1.2.840.113549.1.7.1")  # RFC 5652 §4
SIGNED_DATA = oid("1.2.840.113549.1.7.2")  # RFC 5652 §5.1
CONTENT_TYPE = oid("1.2.840.113549.1.9.3")  # RFC 5652 §11.1
MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")  # RFC 5652 §11.2
SIGNING_TIME = oid("1.2.840.113549.1.9.5")  # RFC 5652 §11.3
SIGNING_CERTIFICATE = oid("1.2.840.113549.1.9.16.2.12")  # RFC 2634 §5.4
SIGNATURE_TIMESTAMP = oid("1.2.840.113549.1.9.16.2.14")  # RFC 3161 appendix A
SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")  # RFC 5035 §3


def issuer_and_serial(issuer: bytes, certificate: bytes) -> bytes:
    """IssuerAndSerialNumber (RFC 5652 §10.2.4): the issuer's name in DER, the number as the certificate encodes it."""
    fields = first(first(certificate).content).items()  # RFC 5280 §4.1
    serial = (fields[1] if fields[0].tag == CONTEXT_0 else fields[0]).of(INTEGER)
    return tlv(SEQUENCE, issuer, serial.encoded)


def signing_certificate_v2(certificate: bytes, digest: str) -> bytes:
    """SigningCertificateV2 over one certificate; SHA-256 is the default, which DER leaves out (RFC 5035 §3)."""
    named = b"" if digest == "sha256" else digest_identifier(digest)
    identifier = tlv(SEQUENCE, named, tlv(OCTET_STRING, hashlib.new(digest, certificate).digest()))
    return tlv(SEQUENCE, tlv(SEQUENCE, identifier))
