"""Object identifiers of certificates, and the policies under which we issue them.

We own no enterprise number, so policies lie under 2.25 (ITU-T X.667 §7), the arc of random UUIDs.
"""

from __future__ import annotations

POLICY_ARC = "2.25.72962855071913607934903862042269658486.1"
SEAL_POLICY = f"{POLICY_ARC}.1"
TIMESTAMP_POLICY = f"{POLICY_ARC}.2"  # what `docs/timestamps.md` promises
PERSON_POLICY = f"{POLICY_ARC}.3"
AGENT_POLICY = f"{POLICY_ARC}.4"
MACHINE_POLICY = f"{POLICY_ARC}.5"

CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"  # id-kp-clientAuth, RFC 5280 §4.2.1.12
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"  # id-kp-timeStamping, RFC 3161 §2.3
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"  # id-kp-OCSPSigning, RFC 6960 §4.2.2.2
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # id-kp-documentSigning, RFC 9336 §3
