"""JSON Web Keys: public members only (RFC 7517, RFC 7518 §6), named by their thumbprint (RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jose import jwk as jose_jwk

from keys.errors import KeyRefused
from keys.ports import KeyProvider, VerificationKey
from keys.spec import SignatureAlgorithm

PublicKeyObject = EllipticCurvePublicKey | RSAPublicKey

TOKEN_PURPOSES: dict[SignatureAlgorithm, str] = {
    SignatureAlgorithm.ES256: "oidc.es256",
    SignatureAlgorithm.RS256: "oidc.rs256",
}
"""Which keys sign our tokens: one purpose per algorithm, so that a key is never used with another algorithm."""

_REQUIRED_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}  # RFC 7638 §3.2


def load_public_key(public_key: bytes, algorithm: SignatureAlgorithm) -> PublicKeyObject:
    """The key object of a SubjectPublicKeyInfo.

    Raises:
        KeyRefused: the key does not fit the algorithm (RFC 8725 §3.1, §3.5), or is no key at all.
    """
    try:
        key = load_der_public_key(public_key)
    except Exception:
        raise KeyRefused("not a public key") from None
    if algorithm is SignatureAlgorithm.ES256 and isinstance(key, EllipticCurvePublicKey):
        if isinstance(key.curve, SECP256R1):
            return key
    elif algorithm is SignatureAlgorithm.RS256 and isinstance(key, RSAPublicKey) and key.key_size >= 2048:
        return key  # RFC 7518 §3.3: 2048 bits or larger
    raise KeyRefused(f"the key does not fit {algorithm}")


def public_jwk(key: VerificationKey) -> dict[str, Any]:
    """The JWK of one public key, with `use`, `alg` and `kid`."""
    return _members(key.public_key, key.algorithm) | {"alg": str(key.algorithm), "use": "sig", "kid": key.key_id}


def public_jwks(provider: KeyProvider, purposes: Iterable[str] = tuple(TOKEN_PURPOSES.values())) -> dict[str, Any]:
    """The JWK Set (RFC 7517 §5) with which others verify our tokens: active, next and verify-only keys."""
    return {"keys": [public_jwk(key) for purpose in purposes for key in provider.verification_keys(purpose)]}


def thumbprint(public_key: bytes, algorithm: SignatureAlgorithm) -> str:
    """RFC 7638 thumbprint with SHA-256, base64url: the id of a signature key everywhere."""
    members = _members(public_key, algorithm)
    required = {name: members[name] for name in _REQUIRED_MEMBERS[members["kty"]]}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode("ascii")
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode("ascii")


def _members(public_key: bytes, algorithm: SignatureAlgorithm) -> dict[str, Any]:
    key_object: Any = load_public_key(public_key, algorithm)  # the stubs do not know that key objects are taken
    return dict(jose_jwk.construct(key_object, str(algorithm)).to_dict())
