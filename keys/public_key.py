"""The public key of a certificate as its bytes, whatever family it is of (RFC 5280 §4.1)."""

from __future__ import annotations

from cryptography import x509

from keys.der import CONTEXT_0, SEQUENCE, only

_PLACE = 5  # after serial number, signature algorithm, issuer, validity and subject


def public_key_of(certificate: x509.Certificate) -> bytes:
    """SubjectPublicKeyInfo in DER, exactly as the certificate has it.

    pyca/cryptography would answer a key object, which it has only for the families that it knows.

    Raises:
        keys.der.NotDer: the certificate is no DER.
    """
    fields = only(certificate.tbs_certificate_bytes).of(SEQUENCE).items()
    start = 1 if fields[0].tag == CONTEXT_0 else 0  # version, left out where it is 1
    return fields[start + _PLACE].of(SEQUENCE).encoded
