"""Our own keys for what clients encrypt to us: P-256, each made from a secret of the key ring (FIPS 186-5 §A.2.1).

So they are kept, rotated and retired like every other secret of the ring, and any worker makes the same key from the
same secret. There is no RSA among them: no padding, no oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.jose.jwk import thumbprint_of_members
from keys.ports import SecretProvider
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm

ENCRYPTION_PURPOSE = "oidc.enc.p256"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_OCTETS = 48  # 128 bits more than the order has, so that no number is likelier than another


@dataclass(frozen=True, slots=True)
class _Pair:
    key_id: str
    private: ec.EllipticCurvePrivateKey
    members: dict[str, str]


class DecryptionKeys:
    """The pairs of one purpose, each computed once while its secret counts.

    Args:
        provider: holds the purpose's secrets.
    """

    def __init__(self, provider: SecretProvider, purpose: str = ENCRYPTION_PURPOSE) -> None:
        self._provider = provider
        self._purpose = purpose
        self._pairs: dict[str, _Pair] = {}  # by the id of the secret

    def private(self) -> Mapping[str, ec.EllipticCurvePrivateKey]:
        """Our private keys that still count, by key id.

        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active secret.
        """
        return {pair.key_id: pair.private for pair in self._current()}

    def public_jwk(self) -> dict[str, Any]:
        """The JWK to which clients encrypt: of the active key, so that nobody begins to use one that is leaving.

        Raises:
            core.errors.Unavailable: `key-missing`.
        """
        active = self._current()[0]
        return active.members | {"use": "enc", "kid": active.key_id}

    def _current(self) -> Sequence[_Pair]:
        secrets = self._provider.secrets(self._purpose)
        self._pairs = {one.key_id: self._pairs.get(one.key_id) or _made(one.value) for one in secrets}
        return list(self._pairs.values())


def _made(secret: bytes) -> _Pair:
    long = HKDF(algorithm=SHA256(), length=_OCTETS, salt=None, info=b"yizheng JWE P-256 v1").derive(secret)
    key = ec.derive_private_key(int.from_bytes(long, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    members = primitive(SignatureAlgorithm.ES256).load_public(public).members()
    return _Pair(thumbprint_of_members(members), key, members)
