"""Names of the time-stamp protocol: object identifiers, and the policy under which we issue (RFC 3161, RFC 5816)."""

from __future__ import annotations

from keys.der import oid
from keys.x509.certificate import POLICY_ARC

TIMESTAMP_POLICY = f"{POLICY_ARC}.2"
"""Our policy for time-stamps: what `docs/timestamps.md` promises."""

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"  # id-kp-timeStamping, RFC 3161 §2.3

TST_INFO = oid("1.2.840.113549.1.9.16.1.4")  # id-ct-TSTInfo, RFC 3161 §2.4.2
RSA_ENCRYPTION = oid("1.2.840.113549.1.1.1")  # RFC 3370 §3.2: may stand for any PKCS #1 signature
