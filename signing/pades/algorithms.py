"""Signature algorithms of documents: their identifiers in CMS (RFC 3370, RFC 5754, RFC 8017)."""

from __future__ import annotations

from keys.der import NULL, SEQUENCE, oid, tlv
from keys.spec import SignatureAlgorithm

SHA256 = oid("2.16.840.1.101.3.4.2.1")
SHA384 = oid("2.16.840.1.101.3.4.2.2")
SHA512 = oid("2.16.840.1.101.3.4.2.3")
DIGESTS = {SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}

RSA_ENCRYPTION = oid("1.2.840.113549.1.1.1")
RSA_WITH = {
    oid("1.2.840.113549.1.1.11"): "sha256",
    oid("1.2.840.113549.1.1.12"): "sha384",
    oid("1.2.840.113549.1.1.13"): "sha512",
}
ECDSA_WITH = {
    oid("1.2.840.10045.4.3.2"): "sha256",
    oid("1.2.840.10045.4.3.3"): "sha384",
    oid("1.2.840.10045.4.3.4"): "sha512",
}

DIGEST_IDENTIFIER = tlv(SEQUENCE, SHA256)  # RFC 5754 §2: parameters are left out
SIGNATURE_IDENTIFIER = {
    SignatureAlgorithm.ES256: tlv(SEQUENCE, oid("1.2.840.10045.4.3.2")),  # RFC 5754 §3.3: no parameters
    SignatureAlgorithm.RS256: tlv(SEQUENCE, oid("1.2.840.113549.1.1.11"), tlv(NULL)),  # RFC 8017 A.2.4
}
# most octets that a signature can take: Ecdsa-Sig-Value of P-256; RSA up to 4096 bits is measured by its key
ECDSA_P256_OCTETS = 72
