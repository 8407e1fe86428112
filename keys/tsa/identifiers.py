"""Object identifiers of the time-stamp protocol (RFC 3161, RFC 5816)."""

from __future__ import annotations

from keys.der import oid

TST_INFO = oid("1.2.840.113549.1.9.16.1.4")  # id-ct-TSTInfo, RFC 3161 §2.4.2
RSA_ENCRYPTION = oid("1.2.840.113549.1.1.1")  # RFC 3370 §3.2: may stand for any PKCS #1 signature
