"""Message digests of the algorithm table as pyca/cryptography names them."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sm3": hashes.SM3(),
}


def hash_of(name: str) -> hashes.HashAlgorithm:
    return _HASHES[name]
