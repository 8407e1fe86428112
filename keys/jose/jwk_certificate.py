"""The certificate of a JWK (`x5c`, `x5t#S256`; RFC 7517 §4.7, §4.9): a name for a self-signed TLS client certificate.

No trust follows from it. A client that registers its own certificate means exactly this one (RFC 8705 §2.2).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

from cryptography import x509

from keys.der import NotDer
from keys.errors import KeyRefused
from keys.primitives import base64url
from keys.public_key import public_key_of

_LONGEST = 16 * 1024
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def registered_certificate(members: Mapping[str, object], public_key: bytes) -> str | None:
    """SHA-256 thumbprint, base64url, of the certificate that a JWK names; None where it names none.

    Args:
        public_key: SubjectPublicKeyInfo of the JWK, DER.

    Raises:
        KeyRefused: malformed, of another key, or the two members contradict each other.
    """
    chain, thumbprint = members.get("x5c"), members.get("x5t#S256")
    if thumbprint is not None and not (isinstance(thumbprint, str) and _THUMBPRINT.fullmatch(thumbprint)):
        raise KeyRefused("the JWK member x5t#S256 is no thumbprint")
    if chain is None:
        return thumbprint
    der = _first(chain)
    try:
        same = public_key_of(x509.load_der_x509_certificate(der)) == public_key
    except (ValueError, NotDer):
        raise KeyRefused("the first certificate of the JWK member x5c cannot be read") from None
    if not same:  # RFC 7517 §4.7: MUST match the public key represented by the other members
        raise KeyRefused("the first certificate of the JWK member x5c is of another key")
    made = base64url.encode(hashlib.sha256(der).digest())
    if thumbprint not in (None, made):
        raise KeyRefused("the JWK members x5c and x5t#S256 name different certificates")
    return made


def _first(chain: object) -> bytes:
    if not isinstance(chain, list) or not chain or not all(isinstance(one, str) for one in chain):
        raise KeyRefused("the JWK member x5c is no list of texts")
    if len(chain[0]) > _LONGEST:
        raise KeyRefused("a certificate in the JWK member x5c that is too large")
    try:
        return base64.b64decode(chain[0], validate=True)
    except ValueError:  # binascii.Error, and its parent for letters outside ASCII
        raise KeyRefused("a certificate in the JWK member x5c that is not base64") from None
