"""Certificates that come along with tokens: loaded only when they are what RFC 5280 calls one."""

from __future__ import annotations

from cryptography import x509

from keys.der import BIT_STRING, CONTEXT_0, SEQUENCE, NotDer, integer_of, only


def load_certificate(der: bytes) -> x509.Certificate:
    """
    Raises:
        keys.der.NotDer: not a certificate that can be read to the end.
    """
    fields = only(der).of(SEQUENCE).items()
    # a signature is whole octets; a count of unused bits could be raised where the last bits happen to be zero
    if len(fields) != 3 or not fields[2].of(BIT_STRING).content.startswith(b"\x00"):
        raise NotDer("not a certificate")
    inner = fields[0].of(SEQUENCE).items()
    serial = inner[1:2] if inner and inner[0].tag == CONTEXT_0 else inner[:1]
    if not serial or integer_of(serial[0]) <= 0:  # RFC 5280 §4.1.2.2
        raise NotDer("a certificate without a positive serial number")
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.public_key()
        _ = certificate.subject, certificate.issuer, certificate.extensions  # read now, so that nothing fails later
    except Exception as error:  # whatever a malformed certificate makes the library raise
        raise NotDer(f"a certificate that cannot be read ({type(error).__name__})") from None
    return certificate
