"""Object identifiers of certificates, and the policies under which we issue them.

We own no enterprise number. Policies lie under an arc that Microsoft gives away to whoever has a random UUID, which
stands there in pieces: the arc 2.25 of whole UUIDs (ITU-T X.667 §7) has numbers of 128 bits, and RFC 5280 appendix B
only asks software to read numbers below 2^28.
"""

from __future__ import annotations

POLICY_ARC = "1.2.840.113556.1.8000.2554.14052.8830.25731.18370.47960.10693616.11087222.1"
SEAL_POLICY = f"{POLICY_ARC}.1"
TIMESTAMP_POLICY = f"{POLICY_ARC}.2"  # what `docs/timestamps.md` promises
PERSON_POLICY = f"{POLICY_ARC}.3"
AGENT_POLICY = f"{POLICY_ARC}.4"
MACHINE_POLICY = f"{POLICY_ARC}.5"

CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"  # id-kp-clientAuth, RFC 5280 §4.2.1.12
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"  # id-kp-timeStamping, RFC 3161 §2.3
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"  # id-kp-OCSPSigning, RFC 6960 §4.2.2.2
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # id-kp-documentSigning, RFC 9336 §3
